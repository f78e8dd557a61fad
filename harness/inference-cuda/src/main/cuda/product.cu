#include "product.h"

#undef PRODUCT
#define FEW(NAME, SIZE, BLOCKS)                                                                    \
  KERNEL void LAUNCH_BOUNDS(SIZE::THREADS, BLOCKS)                                                 \
      NAME(const uint8_t* weights, const uint16_t* x, void* out, const float* bias, float*,        \
           int32_t*, int32_t rows, int32_t inputs, int32_t outputs, int32_t ldx, int32_t ldo,      \
           int32_t mode) {                                                                         \
    SIZE::run(weights, x, out, bias, rows, inputs, outputs, ldx, ldo, mode);                       \
  }
#define MANY(NAME, SIZE)                                                                           \
  KERNEL void LAUNCH_BOUNDS(SIZE::THREADS, 1)                                                      \
      NAME(const uint8_t* weights, const uint16_t* x, void* out, const float* bias,                \
           float* partials, int32_t* counters, int32_t rows, int32_t inputs, int32_t outputs,      \
           int32_t ldx, int32_t ldo, int32_t mode) {                                               \
    SIZE::run(weights, x, out, bias, partials, counters, rows, inputs, outputs, ldx, ldo, mode);   \
  }
// Below compute capability 9.0 the same as without bulk copies.
#ifdef HAS_BULK_COPIES
#define BULK(NAME, SIZE, BLOCKS) FEW(NAME, SIZE##_bulk, BLOCKS)
#else
#define BULK(NAME, SIZE, BLOCKS) FEW(NAME, SIZE, 2)
#endif
#define WARPGROUPS(NAME, F)                                                                        \
  KERNEL void LAUNCH_BOUNDS(Warpgroups<F>::THREADS, 1)                                             \
      NAME(const uint8_t* weights, const uint16_t* x, void* out, const float* bias, float*,        \
           int32_t*, int32_t rows, int32_t inputs, int32_t outputs, int32_t, int32_t ldo,          \
           int32_t mode) {                                                                         \
    Warpgroups<F>::run(weights, x, out, bias, rows, inputs, outputs, ldo, mode);                   \
  }
#define WIDE(NAME, SIZE)                                                                           \
  KERNEL void LAUNCH_BOUNDS(SIZE::THREADS, SIZE::BLOCKS)                                           \
      NAME(const uint8_t* weights, const uint16_t* x, void* out, const float* bias,                \
           float* partials, int32_t* counters, int32_t rows, int32_t inputs, int32_t outputs,      \
           int32_t ldx, int32_t ldo, int32_t mode) {                                               \
    SIZE::run(weights, x, out, bias, partials, counters, rows, inputs, outputs, ldx, ldo, mode);   \
  }
#define FORMAT(NAME, F)                                   \
  FEW(product_##NAME##_r8n32, Sizes<F>::r8n32, 2)         \
  FEW(product_##NAME##_r8n64, Sizes<F>::r8n64, 2)         \
  FEW(product_##NAME##_r16n64, Sizes<F>::r16n64, 2)       \
  BULK(product_##NAME##_r8n32_bulk, Sizes<F>::r8n32, 2)      \
  BULK(product_##NAME##_r8n64_bulk, Sizes<F>::r8n64, 2)      \
  BULK(product_##NAME##_r16n64_bulk, Sizes<F>::r16n64, 2)    \
  MANY(product_##NAME##_r32n256, Sizes<F>::r32n256)       \
  MANY(product_##NAME##_r64n256, Sizes<F>::r64n256)       \
  WIDE(product_##NAME##_w128n128, Sizes<F>::w128n128)
#define INT4(NAME, F)                                                    \
  FORMAT(NAME, F)                                                        \
  BULK(product_##NAME##_r8n32_thin_bulk, Sizes<F>::r8n32_thin, 3)        \
  WIDE(product_##NAME##_w64n128, Sizes<F>::w64n128)                      \
  WIDE(product_##NAME##_w64n256, Sizes<F>::w64n256)

INT4(i4g128, Int4<1>)
INT4(i4g64, Int4<2>)
INT4(i4g32, Int4<4>)
WIDE(product_i4g64_w64n128_steps, Sizes<Int4<2>>::w64n128_steps)
WIDE(product_i4g64_w64n256_steps, Sizes<Int4<2>>::w64n256_steps)
FORMAT(f16, Dense<F16>)
FORMAT(bf16, Dense<Bf16>)
MANY(product_f16_r128n128, Sizes<Dense<F16>>::r128n128)
MANY(product_bf16_r128n128, Sizes<Dense<Bf16>>::r128n128)
WARPGROUPS(product_f16_wgmma, Dense<F16>)

// A block arranges 64 inputs of 128 rows: a row's 128 bytes hold its inputs in the order of the steps'
// slots, its 16-byte chunk c at chunk c ^ (row % 8).
KERNEL void arrange_rows(const uint16_t* x, uint16_t* arranged, int32_t rows, int32_t ldx) {
  let_next_kernel_start();
  wait_for_kernel_before();
  uint4* image = reinterpret_cast<uint4*>(arranged) +
                 (static_cast<long long>(blockIdx.x) * gridDim.y + blockIdx.y) * 1024;
  UNROLL for (int i = 0; i < 4; i++) {
    int at = i * 256 + threadIdx.x;
    int row = at / 8;
    int chunk = at % 8;
    int r = blockIdx.y * 128 + row;
    uint4 v = {0, 0, 0, 0};
    if (r < rows) {
      // Slots 8h .. 8h + 7 of step s: pairs t = 0..3 of inputs 32 (s / 2) + 8t + 4 (s % 2) + 2h.
      int s = chunk / 2;
      const uint32_t* from = reinterpret_cast<const uint32_t*>(
          x + static_cast<long long>(r) * ldx + blockIdx.x * 64 + s / 2 * 32 + s % 2 * 4 +
          chunk % 2 * 2);
      v = uint4{from[0], from[4], from[8], from[12]};
    }
    image[row * 8 + (chunk ^ (row & 7))] = v;
  }
}
