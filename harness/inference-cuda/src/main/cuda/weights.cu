// Packing of weights into the product kernels' order (kernels.h), and back.
#include "product.h"

// The input, within its tile, of a slot of a step: slots 2t, 2t+1, 2t+8, 2t+9 of steps 2c and 2c+1
// are inputs 32c + 8t + 0..3 and 4..7.
DEVICE int input_of(int step, int slot) {
  int t = slot % 8 / 2;
  return step / 2 * 32 + t * 8 + step % 2 * 4 + slot / 8 * 2 + slot % 2;
}

DEVICE int packed_output(int n, int base, int run, int stride) {
  return base + n / run * stride + n % run;
}

DEVICE float scale_of(uint16_t bits, int scaleType) {
  return scaleType == 0 ? f16_to_float(bits) : bf16_to_float(bits);
}

DEVICE int zero_of(const uint32_t* qzeros, long long group, int n, int outputs, int zeroOffset,
                   int borrow) {
  uint32_t word = qzeros[group * (outputs / 8) + n / 8];
  int shift = n % 8 * 4;
  if (zeroOffset == 0) {
    return static_cast<int>(word >> shift & 15u);
  }
  if (borrow != 0) {
    return static_cast<int>((word + 0x11111111u) >> shift & 15u);
  }
  return static_cast<int>(((word >> shift & 15u) + 1u) & 15u);
}

// A block packs 8 outputs of a tile. An output has two bytes of each of its four lanes' words.
KERNEL void pack_gptq(const uint32_t* qweight, const uint32_t* qzeros, const uint16_t* scales,
                      const int32_t* order, uint8_t* packed, int32_t* flags, int32_t inputs,
                      int32_t outputs, int32_t groupSize, int32_t tileGroups, int32_t scaleType,
                      int32_t zeroOffset, int32_t borrow, int32_t base, int32_t run,
                      int32_t stride) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int tileBytes = 1024 + (tileGroups * 40 + 15) / 16 * 16;
  int inputTiles = gridDim.x;
  // Threads 8j + i: output i of eight, j-th share of the work.
  int i = threadIdx.x % 8;
  int share = threadIdx.x / 8;
  int n = blockIdx.y * 8 + i;
  if (n >= outputs) {
    return;
  }
  int p = packed_output(n, base, run, stride);
  uint8_t* tile =
      packed + (static_cast<long long>(p / 16) * inputTiles + blockIdx.x) * tileBytes;
  int g = p % 8;
  int upper = p / 8 % 2;
  int k0 = blockIdx.x * 128;
  for (int item = share; item < 32; item += 8) {
    int step = item / 4;
    int t = item % 4;
    uint8_t* word = tile + step / 4 * 512 + (g * 4 + t) * 16 + step % 4 * 4;
    UNROLL for (int b = 0; b < 2; b++) {
      uint32_t byte = 0;
      UNROLL for (int high = 0; high < 2; high++) {
        int j = k0 + input_of(step, 2 * t + 8 * high + b);
        if (j < inputs) {
          int k = order != nullptr ? order[j] : j;
          uint32_t code =
              qweight[static_cast<long long>(k / 8) * outputs + n] >> (k % 8 * 4) & 15u;
          byte |= code << (high * 4);
        }
      }
      word[upper + 2 * b] = static_cast<uint8_t>(byte);
    }
  }
  if (share < tileGroups && k0 + share * (128 / tileGroups) < inputs) {
    long long group = (k0 + share * (128 / tileGroups)) / groupSize;
    uint16_t bits = scales[group * outputs + n];
    float scale = scale_of(bits, scaleType);
    uint16_t half = float_to_f16(scale);
    if (scaleType != 0 && f16_to_float(half) != scale) {
      raise_flag(flags, 1);
    }
    uint8_t* at = tile + 1024 + share * 40;
    reinterpret_cast<uint16_t*>(at)[g * 2 + upper] = half;
    uint32_t zero = zero_of(qzeros, group, n, outputs, zeroOffset, borrow);
    // Eight zero points share a word, those of g + 8 written by another block.
    uint32_t* word = reinterpret_cast<uint32_t*>(at + 32) + g / 4;
    or_into(word, zero << (g % 4 * 8 + upper * 4));
  }
}

KERNEL void gptq_to_dense(const uint32_t* qweight, const uint32_t* qzeros, const uint16_t* scales,
                          const int32_t* groupIndex, uint16_t* dense, int32_t inputs,
                          int32_t outputs, int32_t groupSize, int32_t scaleType,
                          int32_t zeroOffset, int32_t borrow) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int k = blockIdx.x * 256 + threadIdx.x;
  int n = blockIdx.y;
  if (k >= inputs) {
    return;
  }
  long long group = groupIndex != nullptr ? groupIndex[k] : k / groupSize;
  int code = static_cast<int>(
      qweight[static_cast<long long>(k / 8) * outputs + n] >> (k % 8 * 4) & 15u);
  int zero = zero_of(qzeros, group, n, outputs, zeroOffset, borrow);
  float weight =
      scale_of(scales[group * outputs + n], scaleType) * static_cast<float>(code - zero);
  dense[static_cast<long long>(n) * inputs + k] = float_to_f16(weight);
}

template <class T>
DEVICE void pack_dense(const void* dense, uint8_t* packed, int32_t* flags, int inputs, int outputs,
                       int sourceType, int base, int run, int stride) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int j = threadIdx.x;
  int k = blockIdx.x * 128 + j;
  // The inverse of input_of.
  int step = j / 32 * 2 + j % 8 / 4;
  int t = j % 32 / 8;
  int high = j % 4 / 2;
  int b = j % 2;
  for (int i = 0; i < 8; i++) {
    int n = blockIdx.y * 8 + i;
    if (n >= outputs || k >= inputs) {
      continue;
    }
    long long at = static_cast<long long>(n) * inputs + k;
    float value = sourceType == 0   ? f16_to_float(static_cast<const uint16_t*>(dense)[at])
                  : sourceType == 1 ? bf16_to_float(static_cast<const uint16_t*>(dense)[at])
                                    : static_cast<const float*>(dense)[at];
    uint16_t narrow = T::narrow(value);
    float back = T::widen(narrow);
    if (back - back != 0.0f && value - value == 0.0f) {
      raise_flag(flags, 2);
    }
    int p = packed_output(n, base, run, stride);
    uint16_t* tile = reinterpret_cast<uint16_t*>(
        packed + (static_cast<long long>(p / 16) * gridDim.x + blockIdx.x) * 4096);
    int reg = p / 8 % 2 + 2 * high;
    tile[(step * 32 + p % 8 * 4 + t) * 8 + reg * 2 + b] = narrow;
  }
}
KERNEL void pack_dense_f16(const void* dense, uint8_t* packed, int32_t* flags, int32_t inputs,
                           int32_t outputs, int32_t sourceType, int32_t base, int32_t run,
                           int32_t stride) {
  pack_dense<F16>(dense, packed, flags, inputs, outputs, sourceType, base, run, stride);
}
KERNEL void pack_dense_bf16(const void* dense, uint8_t* packed, int32_t* flags, int32_t inputs,
                            int32_t outputs, int32_t sourceType, int32_t base, int32_t run,
                            int32_t stride) {
  pack_dense<Bf16>(dense, packed, flags, inputs, outputs, sourceType, base, run, stride);
}

// A warp for each half of a tile.
template <int GROUPS>
DEVICE void dequantise(const uint8_t* packed, uint8_t* dense) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int lane = threadIdx.x % 32;
  int half = threadIdx.x / 32;
  typename Int4<GROUPS>::Quad quad;
  quad.open(packed + static_cast<long long>(blockIdx.x) * Int4<GROUPS>::TILE, half, lane);
  uint4* to = reinterpret_cast<uint4*>(dense + static_cast<long long>(blockIdx.x) * 4096);
  UNROLL for (int step = 0; step < 4; step++) {
    uint32_t a[4];
    quad.fragment(step, a);
    to[(half * 4 + step) * 32 + lane] = uint4{a[0], a[1], a[2], a[3]};
  }
}
KERNEL void dequantise_i4g128(const uint8_t* packed, uint8_t* dense) { dequantise<1>(packed, dense); }
KERNEL void dequantise_i4g64(const uint8_t* packed, uint8_t* dense) { dequantise<2>(packed, dense); }
KERNEL void dequantise_i4g32(const uint8_t* packed, uint8_t* dense) { dequantise<4>(packed, dense); }

DEVICE uint32_t scrambled(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x;
}

KERNEL void generate_int4(uint8_t* packed, int32_t tileGroups, uint32_t seed, float deviation) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int tileBytes = 1024 + (tileGroups * 40 + 15) / 16 * 16;
  uint32_t* words =
      reinterpret_cast<uint32_t*>(packed + static_cast<long long>(blockIdx.x) * tileBytes);
  for (int i = threadIdx.x; i < 256; i += 64) {
    words[i] = scrambled(seed + scrambled(blockIdx.x * 256u + i));
  }
  // Codes 0..15 less 8 are uniform with variance 21.5 around -0.5.
  uint32_t scale = float_to_f16(deviation * 0.2147f);
  for (int i = threadIdx.x; i < (tileBytes - 1024) / 4; i += 64) {
    int at = i % 10;
    words[256 + i] = i >= tileGroups * 10 ? 0u : at < 8 ? scale * 0x10001u : 0x88888888u;
  }
}

// Uniform with the given deviation, on a grid of 65,536 steps.
template <class T>
DEVICE void generate(uint8_t* packed, uint32_t seed, float deviation) {
  let_next_kernel_start();
  wait_for_kernel_before();
  uint32_t* words = reinterpret_cast<uint32_t*>(packed + static_cast<long long>(blockIdx.x) * 4096);
  for (int i = threadIdx.x; i < 1024; i += 64) {
    uint32_t r = scrambled(seed + scrambled(blockIdx.x * 1024u + i));
    float scale = deviation * 1.7320508f / 32768.0f;
    words[i] = narrow2<T>((static_cast<float>(r & 0xffffu) - 32768.0f) * scale,
                          (static_cast<float>(r >> 16) - 32768.0f) * scale);
  }
}
KERNEL void generate_f16(uint8_t* packed, uint32_t seed, float deviation) {
  generate<F16>(packed, seed, deviation);
}
KERNEL void generate_bf16(uint8_t* packed, uint32_t seed, float deviation) {
  generate<Bf16>(packed, seed, deviation);
}
