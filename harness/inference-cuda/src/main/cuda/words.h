// The few words that the kernels are written in, for nvcc. A host compiler finds the same words in
// emulation.h, which runs a block's threads as fibres and the tensor core in software.
#pragma once

#include <stdint.h>

#ifndef __CUDACC__
#include "emulation.h"
#else

#define KERNEL extern "C" __global__
#define DEVICE __device__ __forceinline__
// The launch's dynamic shared memory, the only shared memory that kernels use.
#define SHARED_MEMORY(name) extern __shared__ __align__(128) unsigned char name[]
#define LAUNCH_BOUNDS(threads, blocks) __launch_bounds__(threads, blocks)
#define UNROLL _Pragma("unroll")
#define UNROLL_TEXT(text) _Pragma(#text)
#define UNROLL_BY(n) UNROLL_TEXT(unroll n)


DEVICE void block_barrier() { __syncthreads(); }
DEVICE void warp_barrier() { __syncwarp(); }
DEVICE float shuffle_xor(float value, int mask) { return __shfl_xor_sync(0xffffffffu, value, mask); }
DEVICE int32_t shuffle_xor(int32_t value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}
DEVICE double shuffle_xor(double value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}

// Programmatic dependent launch: the kernel before has ended and its writes can be seen.
DEVICE void wait_for_kernel_before() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
// The next kernel's blocks may start where there is room; they wait for this one's end themselves.
DEVICE void let_next_kernel_start() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

DEVICE uint32_t shared_address(const void* p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

// 16 bytes from global to shared memory, past the registers; zeros where `there` is false.
DEVICE void copy_async(void* shared, const void* global, bool there) {
  int bytes = there ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)),
               "l"(global), "r"(bytes)
               : "memory");
}
// A policy for what is read once: first to leave the second-level cache.
DEVICE uint64_t read_once_policy() {
  uint64_t policy;
  asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
  return policy;
}
// Only bulk copies carry the policy: for a cp.async with one, ptxas 13.0 names odd uniform registers
// on sm_90a (LDGSTS ... desc[UR1]) where the address has a uniform part, an illegal instruction.
DEVICE void copy_async_once(void* shared, const void* global, uint64_t) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(shared)),
               "l"(global)
               : "memory");
}
DEVICE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most `pending` of the calling thread's newest groups are still under way.
template <int pending>
DEVICE void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

// The bulk copy engine (compute capability 9.0): one thread copies any multiple of 16 bytes, and a
// barrier in shared memory tells when they have come. A barrier's rounds alternate between parities
// 0 and 1, beginning with 0.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#define HAS_BULK_COPIES
#endif
using CopyBarrier = uint64_t;
#ifdef HAS_BULK_COPIES
// A round ends when `arrivals` threads have arrived (expect_bytes is one arrival) and all bytes come.
DEVICE void open_barrier(CopyBarrier* barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(arrivals)
               : "memory");
}
DEVICE void arrive(CopyBarrier* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier))
               : "memory");
}
// After a thread has opened barriers, and before copies use them.
DEVICE void publish_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}
// Arrives, and lets the round wait for that many bytes more.
DEVICE void expect_bytes(CopyBarrier* barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   shared_address(barrier)),
               "r"(bytes)
               : "memory");
}
DEVICE void bulk_copy_once(void* shared, const void* global, int bytes, CopyBarrier* barrier,
                           uint64_t policy) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1], "
      "%2, [%3], %4;" ::"r"(shared_address(shared)),
      "l"(global), "r"(bytes), "r"(shared_address(barrier)), "l"(policy)
      : "memory");
}
DEVICE void bulk_copy(void* shared, const void* global, int bytes, CopyBarrier* barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
          shared_address(shared)),
      "l"(global), "r"(bytes), "r"(shared_address(barrier))
      : "memory");
}
DEVICE void wait_barrier(CopyBarrier* barrier, int parity) {
  uint32_t come;
  do {
    asm volatile(
        "{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; "
        "selp.u32 %0, 1, 0, p; }"
        : "=r"(come)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
  } while (come == 0);
}
#endif

// d[16 x 8] += a[16 x 16] b[16 x 8], float32 sums. With g = lane / 4 and t = lane % 4:
// a: (g; 2t, 2t+1), (g+8; 2t, 2t+1), (g; 2t+8, 2t+9), (g+8; 2t+8, 2t+9)
// b: (2t, 2t+1; g), (2t+8, 2t+9; g)     d: (g; 2t), (g; 2t+1), (g+8; 2t), (g+8; 2t+1)
DEVICE void mma_f16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
DEVICE void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
      "{%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Warpgroup products (sm_90a): d[64 x N] += a[64 x 16] b[16 x N] by four warps, asynchronously, N of
// 64, 128 and 256. A warp has rows 16w .. 16w + 15 of a and d, a as mma's, d as N / 8 of mma's
// side by side. b lies in shared memory as N rows of 64 elements, 128 bytes each, whose 16-byte chunk
// c of row r is at chunk c ^ (r % 8); its first byte at a multiple of 1,024. What is in a and d belongs
// to the product from the fence until it was waited for.
#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HAS_WARPGROUP_PRODUCTS
#endif
#ifdef HAS_WARPGROUP_PRODUCTS
// Descriptor of b from its 16 * step-th column on: address, 1,024 bytes between groups of 8 rows,
// 128-byte swizzle.
DEVICE uint64_t describe_rows(const void* shared, int step) {
  uint64_t address = shared_address(shared) + step * 32;
  return (address & 0x3ffffu) >> 4 | 1ull << 16 | 64ull << 32 | 1ull << 62;
}
DEVICE void fence_warpgroup() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int pending>
DEVICE void wait_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
// Keeps a register in its place up to here: what is multiplied is read after the instruction was given.
DEVICE void hold(uint32_t (&a)[4]) {
  UNROLL for (int i = 0; i < 4; i++) asm volatile("" : "+r"(a[i])::"memory");
}
DEVICE void hold(uint32_t (&a)[4][4]) {
  UNROLL for (int i = 0; i < 4; i++) hold(a[i]);
}
#define D4(i) "+f"(d[i][0]), "+f"(d[i][1]), "+f"(d[i][2]), "+f"(d[i][3])
#define WARPGROUP_PRODUCT(NAME, TYPE)                                                       \
  DEVICE void NAME(float (&d)[8][4], const uint32_t (&a)[4], uint64_t b) {                 \
    asm volatile(                                                                           \
        "{ .reg .pred p; setp.ne.b32 p, 1, 0; "                                             \
        "wgmma.mma_async.sync.aligned.m64n64k16.f32." TYPE "." TYPE " {"                   \
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "  \
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"  \
        "}, {%32, %33, %34, %35}, %36, p, 1, 1, 0; }"                                  \
        : D4(0), D4(1), D4(2), D4(3), D4(4), D4(5), D4(6), D4(7)                                                                        \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                              \
  }
WARPGROUP_PRODUCT(warpgroup_f16, "f16")
WARPGROUP_PRODUCT(warpgroup_bf16, "bf16")
#undef WARPGROUP_PRODUCT
#define WARPGROUP_PRODUCT(NAME, TYPE)                                                       \
  DEVICE void NAME(float (&d)[16][4], const uint32_t (&a)[4], uint64_t b) {                 \
    asm volatile(                                                                           \
        "{ .reg .pred p; setp.ne.b32 p, 1, 0; "                                             \
        "wgmma.mma_async.sync.aligned.m64n128k16.f32." TYPE "." TYPE " {"                   \
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "  \
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "  \
        "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "  \
        "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"  \
        "}, {%64, %65, %66, %67}, %68, p, 1, 1, 0; }"                                  \
        : D4(0), D4(1), D4(2), D4(3), D4(4), D4(5), D4(6), D4(7),  \
          D4(8), D4(9), D4(10), D4(11), D4(12), D4(13), D4(14), D4(15)                                                                        \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                              \
  }
WARPGROUP_PRODUCT(warpgroup_f16, "f16")
WARPGROUP_PRODUCT(warpgroup_bf16, "bf16")
#undef WARPGROUP_PRODUCT
#define WARPGROUP_PRODUCT(NAME, TYPE)                                                       \
  DEVICE void NAME(float (&d)[32][4], const uint32_t (&a)[4], uint64_t b) {                 \
    asm volatile(                                                                           \
        "{ .reg .pred p; setp.ne.b32 p, 1, 0; "                                             \
        "wgmma.mma_async.sync.aligned.m64n256k16.f32." TYPE "." TYPE " {"                   \
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "  \
        "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "  \
        "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "  \
        "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, "  \
        "%66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, "  \
        "%82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, "  \
        "%98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "  \
        "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, "  \
        "%125, %126, %127"  \
        "}, {%128, %129, %130, %131}, %132, p, 1, 1, 0; }"                                  \
        : D4(0), D4(1), D4(2), D4(3), D4(4), D4(5), D4(6), D4(7),  \
          D4(8), D4(9), D4(10), D4(11), D4(12), D4(13), D4(14), D4(15),  \
          D4(16), D4(17), D4(18), D4(19), D4(20), D4(21), D4(22), D4(23),  \
          D4(24), D4(25), D4(26), D4(27), D4(28), D4(29), D4(30), D4(31)                                                                        \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                              \
  }
WARPGROUP_PRODUCT(warpgroup_f16, "f16")
WARPGROUP_PRODUCT(warpgroup_bf16, "bf16")
#undef WARPGROUP_PRODUCT
#undef D4
#endif

// Two binary16 in a word, each rounded once to nearest even.
DEVICE uint32_t subtract_f16x2(uint32_t a, uint32_t b) {
  uint32_t d;
  asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b));
  return d;
}
DEVICE uint32_t multiply_f16x2(uint32_t a, uint32_t b) {
  uint32_t d;
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b));
  return d;
}
// (a & mask) | bits in one instruction.
DEVICE uint32_t and_or(uint32_t a, uint32_t mask, uint32_t bits) {
  uint32_t d;
  asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(d) : "r"(a), "r"(mask), "r"(bits));
  return d;
}

DEVICE float f16_to_float(uint16_t h) {
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h));
  return f;
}
DEVICE uint16_t float_to_f16(float f) {
  uint16_t h;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f));
  return h;
}
DEVICE uint16_t float_to_bf16(float f) {
  uint16_t h;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(h) : "f"(f));
  return h;
}
DEVICE float power_of_two(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
DEVICE float exponential(float x) { return expf(x); }
// a * b + c, rounded once.
DEVICE float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
DEVICE float bits_to_float(uint32_t bits) { return __uint_as_float(bits); }
DEVICE uint32_t float_to_bits(float f) { return __float_as_uint(f); }

// Makes this thread's writes visible to the whole device before what it writes next.
DEVICE void device_fence() { __threadfence(); }
DEVICE int32_t count_up(int32_t* counter) { return atomicAdd(counter, 1); }
DEVICE void raise_flag(int32_t* flags, int32_t bit) { atomicOr(flags, bit); }
// For what this target cannot do.
DEVICE void stop_kernel() { __trap(); }
DEVICE void or_into(uint32_t* word, uint32_t bits) { atomicOr(word, bits); }
DEVICE uint4 read_once(const uint4* p) { return __ldcs(p); }
// A read that no older copy in a near cache can answer.
DEVICE float4 read_fresh(const float4* p) { return __ldcg(p); }

#endif

DEVICE float bf16_to_float(uint16_t h) { return bits_to_float(static_cast<uint32_t>(h) << 16); }

// The two element types of activations.
struct F16 {
  // The bits of an exponent that only infinities and what is no number have.
  static constexpr uint16_t NOT_FINITE = 0x7c00;
  static DEVICE float widen(uint16_t h) { return f16_to_float(h); }
  static DEVICE uint16_t narrow(float f) { return float_to_f16(f); }
  static DEVICE void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    mma_f16(d, a, b0, b1);
  }
#ifdef HAS_WARPGROUP_PRODUCTS
  template <int GROUPS>
  static DEVICE void warpgroup(float (&d)[GROUPS][4], const uint32_t (&a)[4], uint64_t b) {
    warpgroup_f16(d, a, b);
  }
#endif
};
struct Bf16 {
  static constexpr uint16_t NOT_FINITE = 0x7f80;
  static DEVICE float widen(uint16_t h) { return bf16_to_float(h); }
  static DEVICE uint16_t narrow(float f) { return float_to_bf16(f); }
  static DEVICE void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    mma_bf16(d, a, b0, b1);
  }
#ifdef HAS_WARPGROUP_PRODUCTS
  template <int GROUPS>
  static DEVICE void warpgroup(float (&d)[GROUPS][4], const uint32_t (&a)[4], uint64_t b) {
    warpgroup_bf16(d, a, b);
  }
#endif
};
template <class T>
DEVICE uint32_t narrow2(float low, float high) {
  return static_cast<uint32_t>(T::narrow(low)) | static_cast<uint32_t>(T::narrow(high)) << 16;
}
