// CUDA's words for a host compiler: what words.h is for nvcc. A block's threads run as fibres on
// one host thread, in an order that a seed chooses; they change only where they meet. What a thread
// must not see yet is poison until it may: shared memory at a block's start, and the target of an
// asynchronous copy until its group was waited for. So a missing barrier or wait shows as a wrong
// or non-finite result under some order.
#pragma once

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define KERNEL extern "C"
#define DEVICE inline
#define SHARED_MEMORY(name) unsigned char* name = emulation::shared_memory
#define LAUNCH_BOUNDS(threads, blocks)
#define UNROLL
#define UNROLL_BY(n)

// Aligned as on a device, which the build has checked at every access.
struct alignas(8) uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace emulation {

struct Dim {
  unsigned x, y, z;
};

constexpr uint32_t SHARED_BASE = 1024 + 128;
extern unsigned char* shared_memory;
extern Dim thread_index, block_index, block_size, grid_size;

// Where a warp's or a block's threads meet. The last to come computes for all.
struct Slot {
  union {
    float f;
    int32_t i;
    double d;
    void* p;
  };
  const uint32_t* a;
  uint32_t b0, b1;
};
extern Slot* slots;  // of the calling thread's warp
using Work = void (*)(Slot* slots, int argument);
void meet_warp(Work work, int argument);
void meet_block();
void wait_for_kernel_before();
void copy_later(void* to, const void* from);
void commit();
void wait(int pending);
void open_barrier(uint64_t* barrier, int arrivals);
void arrive(uint64_t* barrier);
void expect(uint64_t* barrier, int bytes);
void copy_bulk(void* to, const void* from, int bytes, uint64_t* barrier);
void wait_barrier(uint64_t* barrier, int parity);
void fence_products();
void commit_products();
void wait_products(int pending);
void warpgroup_product(float* d, int columns, const uint32_t* a, uint64_t b, bool bf16);
[[noreturn]] void fail(const char* format, ...);

inline int lane() { return thread_index.x & 31; }

void exchange(Slot* slots, int mask);
void multiply_f16(Slot* slots, int);
void multiply_bf16(Slot* slots, int);

}  // namespace emulation

#define threadIdx emulation::thread_index
#define blockIdx emulation::block_index
#define blockDim emulation::block_size
#define gridDim emulation::grid_size

inline void block_barrier() { emulation::meet_block(); }
inline void warp_barrier() { emulation::meet_warp(nullptr, 0); }

inline float shuffle_xor(float value, int mask) {
  int lane = emulation::lane();
  emulation::Slot* slots = emulation::slots;
  slots[lane].d = 0;
  slots[lane].f = value;
  emulation::meet_warp(emulation::exchange, mask);
  return slots[lane].f;
}
inline int32_t shuffle_xor(int32_t value, int mask) {
  int lane = emulation::lane();
  emulation::Slot* slots = emulation::slots;
  slots[lane].d = 0;
  slots[lane].i = value;
  emulation::meet_warp(emulation::exchange, mask);
  return slots[lane].i;
}
inline double shuffle_xor(double value, int mask) {
  int lane = emulation::lane();
  emulation::Slot* slots = emulation::slots;
  slots[lane].d = value;
  emulation::meet_warp(emulation::exchange, mask);
  return slots[lane].d;
}

inline void wait_for_kernel_before() { emulation::wait_for_kernel_before(); }
inline void let_next_kernel_start() {}

inline void copy_async(void* shared, const void* global, bool there) {
  emulation::copy_later(shared, there ? global : nullptr);
}
inline uint64_t read_once_policy() { return 0; }
inline void copy_async_once(void* shared, const void* global, uint64_t) {
  emulation::copy_later(shared, global);
}
inline void commit_copies() { emulation::commit(); }
template <int pending>
inline void wait_copies() {
  emulation::wait(pending);
}

#define HAS_BULK_COPIES
using CopyBarrier = uint64_t;
inline void open_barrier(CopyBarrier* barrier, int arrivals) {
  emulation::open_barrier(barrier, arrivals);
}
inline void arrive(CopyBarrier* barrier) { emulation::arrive(barrier); }
inline void publish_barriers() {}
inline void expect_bytes(CopyBarrier* barrier, int bytes) { emulation::expect(barrier, bytes); }
inline void bulk_copy_once(void* shared, const void* global, int bytes, CopyBarrier* barrier,
                           uint64_t) {
  emulation::copy_bulk(shared, global, bytes, barrier);
}
inline void bulk_copy(void* shared, const void* global, int bytes, CopyBarrier* barrier) {
  emulation::copy_bulk(shared, global, bytes, barrier);
}
inline void wait_barrier(CopyBarrier* barrier, int parity) {
  emulation::wait_barrier(barrier, parity);
}

// Warpgroup products, a warp at a time, done when they are waited for. Shared memory has addresses of its
// own here too; a launch's begins at no better multiple than SHARED_MEMORY promises.
#define HAS_WARPGROUP_PRODUCTS
inline uint32_t shared_address(const void* p) {
  return emulation::SHARED_BASE +
         static_cast<uint32_t>(static_cast<const unsigned char*>(p) - emulation::shared_memory);
}
inline uint64_t describe_rows(const void* shared, int step) {
  uint64_t address = shared_address(shared) + static_cast<uint32_t>(step) * 32;
  return (address & 0x3ffffu) >> 4 | 1ull << 16 | 64ull << 32 | 1ull << 62;
}
inline void fence_warpgroup() { emulation::fence_products(); }
inline void commit_products() { emulation::commit_products(); }
inline void hold(uint32_t (&)[4]) {}
inline void hold(uint32_t (&)[4][4]) {}
template <int pending>
inline void wait_products() {
  emulation::wait_products(pending);
}
template <int GROUPS>
inline void warpgroup_f16(float (&d)[GROUPS][4], const uint32_t (&a)[4], uint64_t b) {
  emulation::warpgroup_product(&d[0][0], 8 * GROUPS, a, b, false);
}
template <int GROUPS>
inline void warpgroup_bf16(float (&d)[GROUPS][4], const uint32_t (&a)[4], uint64_t b) {
  emulation::warpgroup_product(&d[0][0], 8 * GROUPS, a, b, true);
}

inline void mma(emulation::Work work, float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                uint32_t b1) {
  emulation::Slot& slot = emulation::slots[emulation::lane()];
  slot.p = d;
  slot.a = a;
  slot.b0 = b0;
  slot.b1 = b1;
  emulation::meet_warp(work, 0);
}
inline void mma_f16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  mma(emulation::multiply_f16, d, a, b0, b1);
}
inline void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  mma(emulation::multiply_bf16, d, a, b0, b1);
}

inline float bits_to_float(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}
inline uint32_t float_to_bits(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits;
}
inline float f16_to_float(uint16_t h) { return _cvtsh_ss(h); }
inline uint16_t float_to_f16(float f) { return _cvtss_sh(f, _MM_FROUND_TO_NEAREST_INT); }
inline uint16_t float_to_bf16(float f) {
  uint32_t bits = float_to_bits(f);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

// A product or difference of two binary16 rounded to float and then to binary16 is rounded as if
// once: float has more than twice the digits and two.
inline uint32_t subtract_f16x2(uint32_t a, uint32_t b) {
  return float_to_f16(f16_to_float(a & 0xffff) - f16_to_float(b & 0xffff)) |
         static_cast<uint32_t>(float_to_f16(f16_to_float(a >> 16) - f16_to_float(b >> 16))) << 16;
}
inline uint32_t multiply_f16x2(uint32_t a, uint32_t b) {
  return float_to_f16(f16_to_float(a & 0xffff) * f16_to_float(b & 0xffff)) |
         static_cast<uint32_t>(float_to_f16(f16_to_float(a >> 16) * f16_to_float(b >> 16))) << 16;
}
inline uint32_t and_or(uint32_t a, uint32_t mask, uint32_t bits) { return (a & mask) | bits; }

inline float power_of_two(float x) { return exp2f(x); }
inline float exponential(float x) { return expf(x); }
inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

inline void stop_kernel() { emulation::fail("a kernel was run that the target does not have"); }
inline void device_fence() {}
inline int32_t count_up(int32_t* counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST); }
inline void raise_flag(int32_t* flags, int32_t bit) { __atomic_fetch_or(flags, bit, __ATOMIC_SEQ_CST); }
inline void or_into(uint32_t* word, uint32_t bits) { __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST); }
inline uint4 read_once(const uint4* p) { return *p; }
inline float4 read_fresh(const float4* p) { return *p; }
