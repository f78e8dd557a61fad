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
#define BULK(NAME, SIZE) FEW(NAME, SIZE##_bulk, 2)
#else
#define BULK(NAME, SIZE) FEW(NAME, SIZE, 2)
#endif
#define FORMAT(NAME, F)                                   \
  FEW(product_##NAME##_r8n32, Sizes<F>::r8n32, 2)         \
  FEW(product_##NAME##_r8n64, Sizes<F>::r8n64, 2)         \
  FEW(product_##NAME##_r16n64, Sizes<F>::r16n64, 2)       \
  BULK(product_##NAME##_r8n32_bulk, Sizes<F>::r8n32)      \
  BULK(product_##NAME##_r8n64_bulk, Sizes<F>::r8n64)      \
  BULK(product_##NAME##_r16n64_bulk, Sizes<F>::r16n64)    \
  MANY(product_##NAME##_r32n256, Sizes<F>::r32n256)       \
  MANY(product_##NAME##_r64n256, Sizes<F>::r64n256)

FORMAT(i4g128, Int4<1>)
FORMAT(i4g64, Int4<2>)
FORMAT(i4g32, Int4<4>)
FORMAT(f16, Dense<F16>)
FORMAT(bf16, Dense<Bf16>)
MANY(product_f16_r128n128, Sizes<Dense<F16>>::r128n128)
MANY(product_bf16_r128n128, Sizes<Dense<Bf16>>::r128n128)
