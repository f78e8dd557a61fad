// What is done row by row: embedding, norms, rotary embedding, readout.
#include "arranged.h"
#include "kernels.h"

// The sum over a block of WARPS warps, in one order: lanes by a tree, then warps ascending.
template <int WARPS, class V>
DEVICE V block_sum(V value, V* parts) {
  UNROLL for (int mask = 16; mask > 0; mask >>= 1) value += shuffle_xor(value, mask);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  block_barrier();
  V total = parts[0];
  for (int w = 1; w < WARPS; w++) total += parts[w];
  return total;
}

KERNEL void embed(const void* table, const int32_t* tokens, float* residual, int32_t n,
                  int32_t ldr, int32_t type) {
  let_next_kernel_start();
  wait_for_kernel_before();
  long long from = static_cast<long long>(tokens[blockIdx.x]) * n;
  float* to = residual + static_cast<long long>(blockIdx.x) * ldr;
  for (int i = threadIdx.x; i < n; i += 256) {
    to[i] = type == 0   ? f16_to_float(static_cast<const uint16_t*>(table)[from + i])
            : type == 1 ? bf16_to_float(static_cast<const uint16_t*>(table)[from + i])
                        : static_cast<const float*>(table)[from + i];
  }
}

template <class T>
DEVICE void rms_norm(const float* residual, const float* weight, const int32_t* rowIndex,
                     uint16_t* x, int n, int ldr, int ldx, int arranged, float epsilon) {
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  int row = rowIndex != nullptr ? rowIndex[blockIdx.x] : blockIdx.x;
  const float* from = residual + static_cast<long long>(row) * ldr;
  uint16_t* to = x + static_cast<long long>(blockIdx.x) * ldx;
  int fours = n / 4;
  float sum = 0.0f;
  for (int i = threadIdx.x; i < fours; i += 512) {
    float4 v = reinterpret_cast<const float4*>(from)[i];
    sum += v.x * v.x + v.y * v.y + (v.z * v.z + v.w * v.w);
  }
  for (int i = fours * 4 + threadIdx.x; i < n; i += 512) sum += from[i] * from[i];
  float total = block_sum<16>(sum, reinterpret_cast<float*>(shared));
  float scale = static_cast<float>(1.0 / sqrt(static_cast<double>(total / n + epsilon)));
  for (int i = threadIdx.x; i < fours; i += 512) {
    float4 v = reinterpret_cast<const float4*>(from)[i];
    float4 w = reinterpret_cast<const float4*>(weight)[i];
    uint2 four = {narrow2<T>(v.x * scale * w.x, v.y * scale * w.y),
                  narrow2<T>(v.z * scale * w.z, v.w * scale * w.w)};
    if (arranged == 0) {
      reinterpret_cast<uint2*>(to)[i] = four;
    } else {
      *reinterpret_cast<uint32_t*>(x + arranged_at(blockIdx.x, i * 4, arranged)) = four.x;
      *reinterpret_cast<uint32_t*>(x + arranged_at(blockIdx.x, i * 4 + 2, arranged)) = four.y;
    }
  }
  for (int i = fours * 4 + threadIdx.x; i < n; i += 512) {
    to[i] = T::narrow(from[i] * scale * weight[i]);
  }
}
KERNEL void LAUNCH_BOUNDS(512, 1)
    rms_norm_f16(const float* residual, const float* weight, const int32_t* rowIndex, uint16_t* x,
                 int32_t n, int32_t ldr, int32_t ldx, int32_t arranged, float epsilon) {
  rms_norm<F16>(residual, weight, rowIndex, x, n, ldr, ldx, arranged, epsilon);
}
KERNEL void LAUNCH_BOUNDS(512, 1)
    rms_norm_bf16(const float* residual, const float* weight, const int32_t* rowIndex, uint16_t* x,
                  int32_t n, int32_t ldr, int32_t ldx, int32_t arranged, float epsilon) {
  rms_norm<Bf16>(residual, weight, rowIndex, x, n, ldr, ldx, arranged, epsilon);
}

KERNEL void gather_columns(const uint16_t* x, const int32_t* order, uint16_t* out, int32_t n,
                           int32_t ldx, int32_t ldo) {
  let_next_kernel_start();
  wait_for_kernel_before();
  const uint16_t* from = x + static_cast<long long>(blockIdx.y) * ldx;
  uint16_t* to = out + static_cast<long long>(blockIdx.y) * ldo;
  UNROLL for (int i = 0; i < 4; i++) {
    int j = blockIdx.x * 1024 + i * 256 + threadIdx.x;
    if (j < n) to[j] = from[order[j]];
  }
}

template <class T>
DEVICE void silu_multiply(const float* gate, const float* up, uint16_t* x, int n, int ldg,
                          int ldx) {
  let_next_kernel_start();
  wait_for_kernel_before();
  long long row = blockIdx.y;
  UNROLL for (int i = 0; i < 4; i++) {
    int j = blockIdx.x * 1024 + i * 256 + threadIdx.x;
    if (j < n) {
      float y = gate[row * ldg + j];
      float silu = y / (1.0f + exponential(-y));
      x[row * ldx + j] = T::narrow(silu * up[row * ldg + j]);
    }
  }
}
KERNEL void silu_multiply_f16(const float* gate, const float* up, uint16_t* x, int32_t n,
                              int32_t ldg, int32_t ldx) {
  silu_multiply<F16>(gate, up, x, n, ldg, ldx);
}
KERNEL void silu_multiply_bf16(const float* gate, const float* up, uint16_t* x, int32_t n,
                               int32_t ldg, int32_t ldx) {
  silu_multiply<Bf16>(gate, up, x, n, ldg, ldx);
}

// A warp for each head. A lane has elements lane, lane + 32 and their partners half a head on.
template <class T>
DEVICE void rotary_cache(const float* qkv, const float* turns, const float* queryNorm,
                         const float* keyNorm, const int32_t* positions, const int32_t* rowTable,
                         const int32_t* tables, uint16_t* q, uint16_t* cache, int64_t pageStride,
                         int ldqkv, int keyAt, int valueAt, int heads, int kvHeads, int headSize,
                         int D, int tableStride, float epsilon) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int lane = threadIdx.x % 32;
  int row = blockIdx.x;
  int h = blockIdx.y * 4 + threadIdx.x / 32;
  if (h >= heads + 2 * kvHeads) {
    return;
  }
  int kind = h < heads ? 0 : h < heads + kvHeads ? 1 : 2;
  int head = kind == 0 ? h : kind == 1 ? h - heads : h - heads - kvHeads;
  const float* from = qkv + static_cast<long long>(row) * ldqkv +
                      (kind == 0 ? 0 : kind == 1 ? keyAt : valueAt) + head * headSize;
  int half = headSize / 2;
  int position = positions[row];
  float low[2], high[2];
  UNROLL for (int i = 0; i < 2; i++) {
    int e = lane + 32 * i;
    low[i] = e < half ? from[e] : 0.0f;
    high[i] = e < half ? from[e + half] : 0.0f;
  }
  const float* norm = kind == 0 ? queryNorm : kind == 1 ? keyNorm : nullptr;
  if (norm != nullptr) {
    float sum = low[0] * low[0] + low[1] * low[1] + (high[0] * high[0] + high[1] * high[1]);
    UNROLL for (int mask = 16; mask > 0; mask >>= 1) sum += shuffle_xor(sum, mask);
    float scale = static_cast<float>(1.0 / sqrt(static_cast<double>(sum / headSize + epsilon)));
    UNROLL for (int i = 0; i < 2; i++) {
      int e = lane + 32 * i;
      if (e < half) {
        low[i] = low[i] * scale * norm[e];
        high[i] = high[i] * scale * norm[e + half];
      }
    }
  }
  if (kind < 2) {
    const float* angles = turns + static_cast<long long>(position) * headSize;
    UNROLL for (int i = 0; i < 2; i++) {
      int e = lane + 32 * i;
      if (e < half) {
        float cosine = angles[2 * e];
        float sine = angles[2 * e + 1];
        float a = low[i];
        float b = high[i];
        low[i] = a * cosine - b * sine;
        high[i] = b * cosine + a * sine;
      }
    }
  }
  uint16_t* to;
  int step = 1;
  if (kind == 0) {
    to = q + (static_cast<long long>(row) * heads + head) * D;
  } else {
    int page = tables[static_cast<long long>(rowTable[row]) * tableStride + position / 64];
    int slot = position % 64;
    to = cache + page * pageStride;
    if (kind == 1) {
      to += (head * 64 + slot) * D;
    } else {
      to += kvHeads * 64 * D + head * D * 64 + slot;
      step = 64;
    }
  }
  UNROLL for (int i = 0; i < 2; i++) {
    int e = lane + 32 * i;
    if (e < half) {
      to[e * step] = T::narrow(low[i]);
      to[(e + half) * step] = T::narrow(high[i]);
    }
  }
  for (int e = headSize + lane; e < D; e += 32) to[e * step] = 0;
}
#define ROTARY(NAME, T)                                                                            \
  KERNEL void NAME(const float* qkv, const float* turns, const float* queryNorm,                   \
                   const float* keyNorm, const int32_t* positions, const int32_t* rowTable,        \
                   const int32_t* tables, uint16_t* q, uint16_t* cache, int64_t pageStride,        \
                   int32_t ldqkv, int32_t keyAt, int32_t valueAt, int32_t heads, int32_t kvHeads,  \
                   int32_t headSize, int32_t D, int32_t tableStride, float epsilon) {              \
    rotary_cache<T>(qkv, turns, queryNorm, keyNorm, positions, rowTable, tables, q, cache,         \
                    pageStride, ldqkv, keyAt, valueAt, heads, kvHeads, headSize, D, tableStride,   \
                    epsilon);                                                                      \
  }
ROTARY(rotary_cache_f16, F16)
ROTARY(rotary_cache_bf16, Bf16)

// The second largest of two lists' numbers, from the two largest of each.
DEVICE float second_of(float first, float second, float otherFirst, float otherSecond) {
  return fmaxf(fminf(first, otherFirst), fmaxf(second, otherSecond));
}

KERNEL void LAUNCH_BOUNDS(1024, 1)
    log_softmax(const float* logits, int32_t* argmax, float* margin, float* largest, double* logSum,
                int32_t n, int32_t ld) {
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  const float* row = logits + static_cast<long long>(blockIdx.x) * ld;
  int lane = threadIdx.x % 32;
  int warp = threadIdx.x / 32;
  float best = bits_to_float(0xff800000u);
  float second = best;
  int32_t at = 0x7fffffff;
  int32_t bad = 0;
  for (int i = threadIdx.x; i < n; i += 1024) {
    float v = row[i];
    if (v - v != 0.0f) bad = 1;
    if (v > best) {
      second = best;
      best = v;
      at = i;
    } else {
      second = fmaxf(second, v);
    }
  }
  float* bests = reinterpret_cast<float*>(shared);
  int32_t* places = reinterpret_cast<int32_t*>(shared) + 32;
  int32_t* bads = reinterpret_cast<int32_t*>(shared) + 64;
  double* sums = reinterpret_cast<double*>(shared) + 48;
  float* seconds = reinterpret_cast<float*>(shared) + 160;
  UNROLL for (int mask = 16; mask > 0; mask >>= 1) {
    float otherBest = shuffle_xor(best, mask);
    int32_t otherAt = shuffle_xor(at, mask);
    bad |= shuffle_xor(bad, mask);
    second = second_of(best, second, otherBest, shuffle_xor(second, mask));
    if (otherBest > best || (otherBest == best && otherAt < at)) {
      best = otherBest;
      at = otherAt;
    }
  }
  if (lane == 0) {
    bests[warp] = best;
    seconds[warp] = second;
    places[warp] = at;
    bads[warp] = bad;
  }
  block_barrier();
  best = bests[0];
  second = seconds[0];
  at = places[0];
  bad = bads[0];
  for (int w = 1; w < 32; w++) {
    bad |= bads[w];
    second = second_of(best, second, bests[w], seconds[w]);
    if (bests[w] > best || (bests[w] == best && places[w] < at)) {
      best = bests[w];
      at = places[w];
    }
  }
  double sum = 0.0;
  if (bad == 0) {
    for (int i = threadIdx.x; i < n; i += 1024) sum += static_cast<double>(exponential(row[i] - best));
  }
  double total = block_sum<32>(sum, sums);
  if (threadIdx.x == 0) {
    argmax[blockIdx.x] = bad != 0 ? -1 : at;
    margin[blockIdx.x] = best - second;
    largest[blockIdx.x] = best;
    logSum[blockIdx.x] = bad != 0 ? 0.0 : log(total);
  }
}

KERNEL void token_log_probability(const float* logits, const int32_t* row, const int32_t* token,
                                  const float* largest, const double* logSum, double* result,
                                  int32_t count, int32_t ld) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int i = blockIdx.x * 256 + threadIdx.x;
  if (i < count) {
    int r = row[i];
    float logit = logits[static_cast<long long>(r) * ld + token[i]];
    result[i] = static_cast<double>(logit) - largest[r] - logSum[r];
  }
}

KERNEL void advance(const int32_t* argmax, int32_t* tokens, int32_t* positions, int32_t rows) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int r = blockIdx.x * 256 + threadIdx.x;
  if (r < rows) {
    // What is not finite has no largest: any token will do.
    tokens[r] = argmax[r] < 0 ? 0 : argmax[r];
    positions[r] += 1;
  }
}

KERNEL void read_stream(const uint8_t* data, uint32_t* sums, int64_t bytes) {
  let_next_kernel_start();
  wait_for_kernel_before();
  const uint4* from = reinterpret_cast<const uint4*>(data);
  int64_t count = bytes / 16;
  int64_t stride = static_cast<int64_t>(gridDim.x) * 256;
  int64_t i = static_cast<int64_t>(blockIdx.x) * 256 + threadIdx.x;
  uint32_t sum = 0;
  for (; i + 7 * stride < count; i += 8 * stride) {
    uint4 v[8];
    UNROLL for (int j = 0; j < 8; j++) v[j] = read_once(from + i + j * stride);
    UNROLL for (int j = 0; j < 8; j++) sum ^= v[j].x ^ v[j].y ^ v[j].z ^ v[j].w;
  }
  for (; i < count; i += stride) {
    uint4 v = read_once(from + i);
    sum ^= v.x ^ v.y ^ v.z ^ v.w;
  }
  // Never true for long: keeps the loads.
  if (sum == 0x9e3779b9u || threadIdx.x == 0) sums[blockIdx.x] = sum;
}
