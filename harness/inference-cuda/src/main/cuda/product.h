// Matrix products on tensor cores from packed weights (kernels.h), weights as the first operand:
// a 16 x 16 fragment of weights times 16 inputs of 8 rows of activations.
//
// All shapes of blocks sum alike: K in four fixed slices of whole tiles, each slice in ascending
// steps of one accumulator, then ((0 + slice 0) + slice 1) + slice 2) + slice 3. Where the slices
// are computed, side by side in a block, in the grid or one after the other, does not show.
#pragma once
#include "arranged.h"
#include "kernels.h"

constexpr int TILE_OUTPUTS = 16;
constexpr int TILE_INPUTS = 128;
constexpr int SLICES = 4;

enum Mode { STORE = 0, ADD = 1, SWIGLU = 2, NARROW = 3, SWIGLU_ARRANGED = 4 };

// A format of packed weights: UNIT bytes are the smallest piece that can be loaded alone, holding
// STEPS steps of 16 inputs.
template <class T_>
struct Dense {
  using T = T_;
  static constexpr int UNIT = 2048;
  static constexpr int STEPS = 4;
  static constexpr int TILE = 4096;

  // The fragments of four steps.
  struct Quad {
    const uint4* at;
    DEVICE void open(const unsigned char* unit, int, int lane) {
      at = reinterpret_cast<const uint4*>(unit) + lane;
    }
    DEVICE void fragment(int step, uint32_t (&a)[4]) const {
      uint4 w = at[step * 32];
      a[0] = w.x;
      a[1] = w.y;
      a[2] = w.z;
      a[3] = w.w;
    }
  };
};

// GROUPS groups in a tile's 128 inputs.
template <int GROUPS>
struct Int4 {
  using T = F16;
  static constexpr int UNIT = 1024 + (GROUPS * 40 + 15) / 16 * 16;
  static constexpr int STEPS = 8;
  static constexpr int TILE = UNIT;

  struct Quad {
    uint4 codes;
    const unsigned char* groups;
    int half;
    int g;
    uint32_t scale0, scale8, low0, low8, high0, high8;

    DEVICE void open(const unsigned char* unit, int half_, int lane) {
      half = half_;
      g = lane >> 2;
      codes = reinterpret_cast<const uint4*>(unit)[half * 32 + lane];
      groups = unit + 1024;
      if (GROUPS < 4) {
        group(GROUPS == 1 ? 0 : half);
      }
    }

    // Scale, and zero point as 1024 + zero and as 64 + zero, of this lane's two outputs.
    DEVICE void group(int index) {
      const unsigned char* at = groups + index * 40;
      uint32_t scales = reinterpret_cast<const uint32_t*>(at)[g];
      uint32_t zeros = at[32 + g];
      scale0 = (scales & 0xffffu) * 0x10001u;
      scale8 = (scales >> 16) * 0x10001u;
      uint32_t zero0 = zeros & 15u;
      uint32_t zero8 = zeros >> 4;
      low0 = zero0 * 0x10001u + 0x64006400u;
      low8 = zero8 * 0x10001u + 0x64006400u;
      high0 = zero0 * 0x100010u + 0x54005400u;
      high8 = zero8 * 0x100010u + 0x54005400u;
    }

    // fp16(scale * (code - zero)), rounded once: a code put into the mantissa of 1024 or 64 gives
    // an exact difference.
    DEVICE void fragment(int step, uint32_t (&a)[4]) {
      if (GROUPS == 4 && step % 2 == 0) {
        group(half * 2 + step / 2);
      }
      uint32_t word = step == 0 ? codes.x : step == 1 ? codes.y : step == 2 ? codes.z : codes.w;
      uint32_t next = word >> 8;
      a[0] = multiply_f16x2(subtract_f16x2(and_or(word, 0x000f000fu, 0x64006400u), low0), scale0);
      a[2] = multiply_f16x2(subtract_f16x2(and_or(word, 0x00f000f0u, 0x54005400u), high0), scale0);
      a[1] = multiply_f16x2(subtract_f16x2(and_or(next, 0x000f000fu, 0x64006400u), low8), scale8);
      a[3] = multiply_f16x2(subtract_f16x2(and_or(next, 0x00f000f0u, 0x54005400u), high8), scale8);
    }
  };
};

// What a lane's share of a 16 x 8 result is added to: outputs g and g + 8, rows 2t and 2t + 1.
DEVICE float4 before(int tile, int rowTile, int lane, const void* out, int rows, int outputs, int ldo,
                     int mode) {
  float old[2][2] = {{0.0f, 0.0f}, {0.0f, 0.0f}};
  if (mode == ADD) {
    int n0 = tile * TILE_OUTPUTS + (lane >> 2);
    UNROLL for (int i = 0; i < 2; i++) {
      int row = rowTile * 8 + (lane & 3) * 2 + i;
      const float* from = static_cast<const float*>(out) + static_cast<long long>(row) * ldo;
      if (row < rows && n0 < outputs) old[i][0] = from[n0];
      if (row < rows && n0 + 8 < outputs) old[i][1] = from[n0 + 8];
    }
  }
  return float4{old[0][0], old[1][0], old[0][1], old[1][1]};
}

// One lane's share of a 16 x 8 result: outputs g and g + 8, rows 2t and 2t + 1.
template <class T>
DEVICE void finish(const float4& sum, const float4& old, int tile, int rowTile, int lane, void* out,
                   const float* bias, int rows, int outputs, int ldo, int mode) {
  int g = lane >> 2;
  int n0 = tile * TILE_OUTPUTS + g;
  int n8 = n0 + 8;
  float bias0 = bias != nullptr && n0 < outputs ? bias[n0] : 0.0f;
  float bias8 = bias != nullptr && n8 < outputs ? bias[n8] : 0.0f;
  UNROLL for (int i = 0; i < 2; i++) {
    int row = rowTile * 8 + (lane & 3) * 2 + i;
    if (row >= rows) {
      continue;
    }
    float y0 = (i == 0 ? sum.x : sum.y) + bias0;
    float y8 = (i == 0 ? sum.z : sum.w) + bias8;
    long long at = static_cast<long long>(row) * ldo;
    if (mode == SWIGLU || mode == SWIGLU_ARRANGED) {
      if (n8 < outputs) {
        float silu = y0 / (1.0f + exponential(-y0));
        int column = tile * 8 + g;
        at = mode == SWIGLU ? at + column : arranged_at(row, column, ldo);
        static_cast<uint16_t*>(out)[at] = T::narrow(silu * y8);
      }
    } else if (mode == NARROW) {
      uint16_t* to = static_cast<uint16_t*>(out) + at;
      if (n0 < outputs) to[n0] = T::narrow(y0);
      if (n8 < outputs) to[n8] = T::narrow(y8);
    } else {
      float* to = static_cast<float*>(out) + at;
      if (mode == ADD) {
        y0 = (i == 0 ? old.x : old.y) + y0;
        y8 = (i == 0 ? old.z : old.w) + y8;
      }
      if (n0 < outputs) to[n0] = y0;
      if (n8 < outputs) to[n8] = y8;
    }
  }
}
template <class T>
DEVICE void finish(const float4& sum, int tile, int rowTile, int lane, void* out, const float* bias,
                   int rows, int outputs, int ldo, int mode) {
  float4 old = before(tile, rowTile, lane, out, rows, outputs, ldo, mode);
  finish<T>(sum, old, tile, rowTile, lane, out, bias, rows, outputs, ldo, mode);
}

DEVICE void add(float4& total, const float4& part) {
  total.x += part.x;
  total.y += part.y;
  total.z += part.z;
  total.w += part.w;
}

// ---------------------------------------------------------------------------------------------
// Slices in the grid: each block leaves its sums, and the last of a tile's four to come adds them in
// order. `sums`: float4 [SLICES][parts][THREADS].

// Whether the other slices' sums are there: one thread's fences, between barriers, serve the block.
DEVICE bool last_to_come(int32_t* counter, unsigned char* shared) {
  int32_t* arrived = reinterpret_cast<int32_t*>(shared);
  block_barrier();
  if (threadIdx.x == 0) {
    device_fence();
    int come = count_up(counter);
    if (come == SLICES - 1) *counter = 0;
    device_fence();
    *arrived = come;
  }
  block_barrier();
  return *arrived == SLICES - 1;
}

// Adds and finishes `count` parts, a few at a time: what they are read from comes from afar, and nothing
// is read past a write. part(i) is the i-th's number, tile(i) and rowTile(i) are where it lies.
template <class T, int THREADS, int PARTS, class Part, class Tile, class RowTile>
DEVICE void merge(const float4* sums, int count, Part part, Tile tile, RowTile rowTile, void* out,
                  const float* bias, int rows, int outputs, int ldo, int mode) {
  constexpr int AT_ONCE = 2;
  int lane = threadIdx.x & 31;
  UNROLL_BY(1) for (int from = 0; from < count; from += AT_ONCE) {
    float4 slices[AT_ONCE][SLICES];
    float4 old[AT_ONCE];
    UNROLL for (int i = 0; i < AT_ONCE; i++) {
      int at = from + i < count ? from + i : count - 1;
      UNROLL for (int s = 0; s < SLICES; s++) {
        slices[i][s] = read_fresh(sums + (s * PARTS + part(at)) * THREADS + threadIdx.x);
      }
      old[i] = before(tile(at), rowTile(at), lane, out, rows, outputs, ldo, mode);
    }
    UNROLL for (int i = 0; i < AT_ONCE; i++) {
      float4 total = {0.0f, 0.0f, 0.0f, 0.0f};
      UNROLL for (int s = 0; s < SLICES; s++) add(total, slices[i][s]);
      if (from + i < count) {
        finish<T>(total, old[i], tile(from + i), rowTile(from + i), lane, out, bias, rows, outputs, ldo,
                  mode);
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------
// A few rows: memory-bound. Eight warps, four slices by two columns of NT output tiles. Each warp
// streams its own weights through its own ring of STAGES stages, and takes its activations straight
// from the caches, so no warp waits for another before the end.
// BULK: one lane brings a stage's weights by the bulk copy engine, which leaves the others'
// instructions to the arithmetic.
template <class F, int MT, int NT, int UNITS, int STAGES, bool BULK = false>
struct Few {
  static constexpr int COLUMNS = 2;
  static constexpr int THREADS = 32 * SLICES * COLUMNS;
  static constexpr int ROWS = 8 * MT;
  static constexpr int OUTPUTS = TILE_OUTPUTS * NT * COLUMNS;
  static constexpr int STAGE = NT * UNITS * F::UNIT;
  static constexpr int RING = STAGES * STAGE;
  static constexpr int SUMS = SLICES * COLUMNS * NT * MT * 32 * 16;
  static constexpr int WARPS = SLICES * COLUMNS;
  static constexpr int RINGS = WARPS * RING > SUMS ? WARPS * RING : SUMS;
  static constexpr int SHARED = RINGS + (BULK ? WARPS * STAGES * 8 : 0);
  static constexpr int QUADS = F::STEPS / 4;
  static constexpr int UNITS_A_TILE = 8 / F::STEPS;

  static DEVICE void load(unsigned char* stage, const unsigned char* stream, long long tileStride,
                          int unit, int units, int lane, CopyBarrier* barrier, uint64_t policy) {
    int bytes = (units - unit < UNITS ? units - unit : UNITS) * F::UNIT;
#ifdef HAS_BULK_COPIES
    if (BULK) {
      if (lane == 0) {
        expect_bytes(barrier, NT * bytes);
        UNROLL for (int nt = 0; nt < NT; nt++) {
          bulk_copy_once(stage + nt * UNITS * F::UNIT,
                         stream + nt * tileStride + static_cast<long long>(unit) * F::UNIT, bytes,
                         barrier, policy);
        }
      }
      return;
    }
#endif
    UNROLL for (int nt = 0; nt < NT; nt++) {
      const unsigned char* from = stream + nt * tileStride + static_cast<long long>(unit) * F::UNIT;
      unsigned char* to = stage + nt * UNITS * F::UNIT;
      UNROLL for (int i = 0; i < (UNITS * F::UNIT + 511) / 512; i++) {
        int at = (i * 32 + lane) * 16;
        if (at < bytes) {
          copy_async_once(to + at, from + at, policy);
        }
      }
    }
  }

  // Activations of one unit: 16 bytes for each 32 inputs of each of this lane's rows.
  static constexpr int CHUNKS = F::STEPS / 2;
  static DEVICE void rows(uint4 (&b)[MT][CHUNKS], const uint16_t* const (&x)[MT], int unit) {
    UNROLL for (int mt = 0; mt < MT; mt++) {
      UNROLL for (int c = 0; c < CHUNKS; c++) {
        b[mt][c] = *reinterpret_cast<const uint4*>(x[mt] + unit * (F::STEPS * 16) + c * 32);
      }
    }
  }

  static DEVICE void run(const uint8_t* weights, const uint16_t* x, void* out, const float* bias,
                         int rowCount, int inputs, int outputs, int ldx, int ldo, int mode) {
    SHARED_MEMORY(shared);
    int lane = threadIdx.x & 31;
    int warp = threadIdx.x >> 5;
    int slice = warp / COLUMNS;
    int column = warp % COLUMNS;
    int tiles = (inputs + TILE_INPUTS - 1) / TILE_INPUTS;
    int sliceTiles = (tiles + SLICES - 1) / SLICES;
    int first = slice * sliceTiles < tiles ? slice * sliceTiles : tiles;
    int last = first + sliceTiles < tiles ? first + sliceTiles : tiles;
    int units = (last - first) * UNITS_A_TILE;
    int tile0 = (blockIdx.y * COLUMNS + column) * NT;
    long long tileStride = static_cast<long long>(tiles) * F::TILE;
    const unsigned char* stream =
        weights + tile0 * tileStride + static_cast<long long>(first) * F::TILE;
    unsigned char* ring = shared + warp * RING;
    uint64_t policy = read_once_policy();
    CopyBarrier* barriers = reinterpret_cast<CopyBarrier*>(shared + RINGS) + warp * STAGES;
#ifdef HAS_BULK_COPIES
    if (BULK) {
      if (lane == 0) {
        for (int s = 0; s < STAGES; s++) open_barrier(barriers + s, 1);
        publish_barriers();
      }
      warp_barrier();
    }
#endif

    UNROLL for (int s = 0; s < STAGES - 1; s++) {
      if (s * UNITS < units) {
        load(ring + s * STAGE, stream, tileStride, s * UNITS, units, lane, barriers + s, policy);
      }
      if (!BULK) commit_copies();
    }
    let_next_kernel_start();
    wait_for_kernel_before();

    // Rows that are not there repeat the last one; what comes of them is not kept.
    const uint16_t* at[MT];
    UNROLL for (int mt = 0; mt < MT; mt++) {
      int row = (blockIdx.x * MT + mt) * 8 + (lane >> 2);
      row = row < rowCount ? row : rowCount - 1;
      at[mt] = x + static_cast<long long>(row) * ldx + first * TILE_INPUTS + (lane & 3) * 8;
    }
    float sums[NT][MT][4];
    UNROLL for (int nt = 0; nt < NT; nt++) {
      UNROLL for (int mt = 0; mt < MT; mt++) {
        UNROLL for (int i = 0; i < 4; i++) sums[nt][mt][i] = 0.0f;
      }
    }
    uint4 b[MT][CHUNKS];
    uint4 ahead[MT][CHUNKS];
    if (units > 0) rows(ahead, at, 0);
    int stage = 0;
    int parity = 0;
    for (int unit = 0; unit < units; unit += UNITS) {
#ifdef HAS_BULK_COPIES
      if (BULK) wait_barrier(barriers + stage, parity);
#endif
      if (!BULK) wait_copies<STAGES - 2>();
      // All lanes have also done with the stage before, which is free now.
      warp_barrier();
      int more = unit + (STAGES - 1) * UNITS;
      if (more < units) {
        int free = stage == 0 ? STAGES - 1 : stage - 1;
        load(ring + free * STAGE, stream, tileStride, more, units, lane, barriers + free, policy);
      }
      if (!BULK) commit_copies();
      UNROLL for (int u = 0; u < UNITS; u++) {
        if (unit + u < units) {
          UNROLL for (int mt = 0; mt < MT; mt++) {
            UNROLL for (int c = 0; c < CHUNKS; c++) b[mt][c] = ahead[mt][c];
          }
          rows(ahead, at, unit + u + 1 < units ? unit + u + 1 : unit + u);
          UNROLL for (int nt = 0; nt < NT; nt++) {
            UNROLL for (int half = 0; half < QUADS; half++) {
              typename F::Quad quad;
              quad.open(ring + stage * STAGE + (nt * UNITS + u) * F::UNIT, half, lane);
              UNROLL for (int step = 0; step < 4; step++) {
                uint32_t a[4];
                quad.fragment(step, a);
                UNROLL for (int mt = 0; mt < MT; mt++) {
                  const uint4& v = b[mt][half * 2 + step / 2];
                  F::T::mma(sums[nt][mt], a, step % 2 == 0 ? v.x : v.z, step % 2 == 0 ? v.y : v.w);
                }
              }
            }
          }
        }
      }
      stage = stage == STAGES - 1 ? 0 : stage + 1;
      if (stage == 0) parity ^= 1;
    }

    if (!BULK) wait_copies<0>();
    constexpr int PARTS = COLUMNS * NT * MT * 32;
    static_assert(PARTS <= THREADS);
    int part = threadIdx.x;
    int tile = blockIdx.y * COLUMNS * NT + part / 32 / MT;
    int rowTile = blockIdx.x * MT + part / 32 % MT;
    float4 old = {0.0f, 0.0f, 0.0f, 0.0f};
    // On its way while the block's warps come together.
    if (part < PARTS) old = before(tile, rowTile, lane, out, rowCount, outputs, ldo, mode);
    block_barrier();
    float4* parts = reinterpret_cast<float4*>(shared);
    UNROLL for (int nt = 0; nt < NT; nt++) {
      UNROLL for (int mt = 0; mt < MT; mt++) {
        const float(&s)[4] = sums[nt][mt];
        parts[slice * PARTS + ((column * NT + nt) * MT + mt) * 32 + lane] =
            float4{s[0], s[1], s[2], s[3]};
      }
    }
    block_barrier();
    if (part < PARTS) {
      float4 total = {0.0f, 0.0f, 0.0f, 0.0f};
      UNROLL for (int s = 0; s < SLICES; s++) add(total, parts[s * PARTS + part]);
      finish<typename F::T>(total, old, tile, rowTile, lane, out, bias, rowCount, outputs, ldo, mode);
    }
  }
};

// ---------------------------------------------------------------------------------------------
// Many rows: weights and activations of a stage in shared memory for the whole block. WARPS_N by
// WARPS_M warps, each NT output tiles by MT tiles of 8 rows. IN_GRID: a block computes one slice,
// and the last of the four to finish adds them in order; else a block computes all four.
template <class F, int MT, int NT, int WARPS_M, int WARPS_N, int STAGES, bool IN_GRID>
struct Many {
  static constexpr int WARPS = WARPS_M * WARPS_N;
  static constexpr int THREADS = 32 * WARPS;
  static constexpr int ROWS = 8 * MT * WARPS_M;
  static constexpr int TILES = NT * WARPS_N;
  static constexpr int OUTPUTS = TILE_OUTPUTS * TILES;
  static constexpr int ROW_BYTES = F::STEPS * 32;
  static constexpr int ROW_CHUNKS = ROW_BYTES / 16;
  static constexpr int WEIGHT_BYTES = TILES * F::UNIT;
  static constexpr int STAGE = WEIGHT_BYTES + ROWS * ROW_BYTES;
  static constexpr int SHARED = STAGES * STAGE;
  static constexpr int QUADS = F::STEPS / 4;
  static constexpr int UNITS_A_TILE = 8 / F::STEPS;
  static constexpr int PARTIALS = ROWS * OUTPUTS;

  // Each warp brings the same tiles of every stage.
  static DEVICE void load_weights(unsigned char* stage, const unsigned char* stream,
                                  long long tileStride, int unit) {
    constexpr int CHUNKS = F::UNIT / 16;
    int lane = threadIdx.x & 31;
    int warp = threadIdx.x >> 5;
    UNROLL for (int i = 0; i < TILES / WARPS; i++) {
      int tile = i * WARPS + warp;
      const unsigned char* from =
          stream + tile * tileStride + static_cast<long long>(unit) * F::UNIT + lane * 16;
      unsigned char* to = stage + tile * F::UNIT + lane * 16;
      UNROLL for (int c = 0; c < (CHUNKS + 31) / 32; c++) {
        if (CHUNKS % 32 == 0 || c < CHUNKS / 32 || lane < CHUNKS % 32) {
          copy_async(to + c * 512, from + c * 512, true);
        }
      }
    }
  }

  // What a thread brings of a stage's activations. Row r's chunk c of 16 bytes lies at chunk
  // c ^ (r odd ? 4 : 0): two rows' 64 bytes then touch different banks.
  struct Rows {
    static constexpr int COPIES = ROWS * ROW_CHUNKS / THREADS;
    const uint16_t* from[COPIES];
    int to;

    DEVICE void open(const uint16_t* x, int row0, int rowCount, int ldx) {
      int row = threadIdx.x / ROW_CHUNKS;
      int chunk = threadIdx.x % ROW_CHUNKS;
      to = WEIGHT_BYTES + row * ROW_BYTES + (chunk ^ ((row & 1) << 2)) * 16;
      UNROLL for (int i = 0; i < COPIES; i++) {
        // Rows that are not there repeat the last one; what comes of them is not kept.
        int r = row0 + row + i * (THREADS / ROW_CHUNKS);
        r = r < rowCount ? r : rowCount - 1;
        from[i] = x + static_cast<long long>(r) * ldx + chunk * 8;
      }
    }
    DEVICE void load(unsigned char* stage, int unit) const {
      UNROLL for (int i = 0; i < COPIES; i++) {
        copy_async(stage + to + i * (THREADS / ROW_CHUNKS) * ROW_BYTES,
                   from[i] + unit * (F::STEPS * 16), true);
      }
    }
  };
  static_assert(ROWS * ROW_CHUNKS % THREADS == 0 && TILES % WARPS == 0 &&
                THREADS / ROW_CHUNKS % 2 == 0);

  static DEVICE void run(const uint8_t* weights, const uint16_t* x, void* out, const float* bias,
                         float* partials, int32_t* counters, int rowCount, int inputs, int outputs,
                         int ldx, int ldo, int mode) {
    SHARED_MEMORY(shared);
    int lane = threadIdx.x & 31;
    int warp = threadIdx.x >> 5;
    int warpM = warp % WARPS_M;
    int warpN = warp / WARPS_M;
    int tiles = (inputs + TILE_INPUTS - 1) / TILE_INPUTS;
    int sliceTiles = (tiles + SLICES - 1) / SLICES;
    int slice = IN_GRID ? blockIdx.z : 0;
    int first = slice * sliceTiles < tiles ? slice * sliceTiles : tiles;
    int last = IN_GRID ? (first + sliceTiles < tiles ? first + sliceTiles : tiles) : tiles;
    int units = (last - first) * UNITS_A_TILE;
    int sliceUnits = sliceTiles * UNITS_A_TILE;
    int row0 = blockIdx.x * ROWS;
    long long tileStride = static_cast<long long>(tiles) * F::TILE;
    const unsigned char* stream = weights + blockIdx.y * TILES * tileStride +
                                  static_cast<long long>(first) * F::TILE;
    Rows activations;
    activations.open(x + first * TILE_INPUTS, row0, rowCount, ldx);

    // The first group of copies holds the weights of all first stages. They need not wait, unless
    // they are a prefill's, which the kernel before may have dequantised.
    if (!IN_GRID) wait_for_kernel_before();
    UNROLL for (int s = 0; s < STAGES - 1; s++) {
      if (s < units) load_weights(shared + s * STAGE, stream, tileStride, s);
    }
    let_next_kernel_start();
    if (IN_GRID) wait_for_kernel_before();
    UNROLL for (int s = 0; s < STAGES - 1; s++) {
      if (s < units) activations.load(shared + s * STAGE, s);
      commit_copies();
    }

    float sums[NT][MT][4];
    float totals[IN_GRID ? 1 : NT][IN_GRID ? 1 : MT][4];
    UNROLL for (int nt = 0; nt < NT; nt++) {
      UNROLL for (int mt = 0; mt < MT; mt++) {
        UNROLL for (int i = 0; i < 4; i++) {
          sums[nt][mt][i] = 0.0f;
          if (!IN_GRID) totals[nt][mt][i] = 0.0f;
        }
      }
    }
    int stage = 0;
    int left = sliceUnits;
    for (int unit = 0; unit < units; unit++) {
      wait_copies<STAGES - 2>();
      block_barrier();
      int more = unit + STAGES - 1;
      if (more < units) {
        unsigned char* free = shared + (stage == 0 ? STAGES - 1 : stage - 1) * STAGE;
        load_weights(free, stream, tileStride, more);
        activations.load(free, more);
      }
      commit_copies();
      const unsigned char* now = shared + stage * STAGE;
      const unsigned char* rowsNow = now + WEIGHT_BYTES + warpM * MT * 8 * ROW_BYTES;
      UNROLL for (int half = 0; half < QUADS; half++) {
        typename F::Quad quads[NT];
        UNROLL for (int nt = 0; nt < NT; nt++) {
          quads[nt].open(now + (warpN * NT + nt) * F::UNIT, half, lane);
        }
        UNROLL for (int c = 0; c < 2; c++) {
          uint4 b[MT];
          UNROLL for (int mt = 0; mt < MT; mt++) {
            int row = mt * 8 + (lane >> 2);
            int chunk = (half * 2 + c) * 4 + (lane & 3);
            b[mt] = *reinterpret_cast<const uint4*>(rowsNow + row * ROW_BYTES +
                                                    (chunk ^ ((row & 1) << 2)) * 16);
          }
          UNROLL for (int s = 0; s < 2; s++) {
            UNROLL for (int nt = 0; nt < NT; nt++) {
              uint32_t a[4];
              quads[nt].fragment(c * 2 + s, a);
              UNROLL for (int mt = 0; mt < MT; mt++) {
                F::T::mma(sums[nt][mt], a, s == 0 ? b[mt].x : b[mt].z, s == 0 ? b[mt].y : b[mt].w);
              }
            }
          }
        }
      }
      stage = stage == STAGES - 1 ? 0 : stage + 1;
      if (!IN_GRID && --left == 0) {
        left = sliceUnits;
        UNROLL for (int nt = 0; nt < NT; nt++) {
          UNROLL for (int mt = 0; mt < MT; mt++) {
            UNROLL for (int i = 0; i < 4; i++) {
              totals[nt][mt][i] += sums[nt][mt][i];
              sums[nt][mt][i] = 0.0f;
            }
          }
        }
      }
    }
    wait_copies<0>();

    int tile0 = blockIdx.y * TILES + warpN * NT;
    int rowTile0 = (blockIdx.x * WARPS_M + warpM) * MT;
    if (!IN_GRID) {
      UNROLL for (int nt = 0; nt < NT; nt++) {
        UNROLL for (int mt = 0; mt < MT; mt++) {
          float4 total = {totals[nt][mt][0] + sums[nt][mt][0], totals[nt][mt][1] + sums[nt][mt][1],
                          totals[nt][mt][2] + sums[nt][mt][2], totals[nt][mt][3] + sums[nt][mt][3]};
          finish<typename F::T>(total, tile0 + nt, rowTile0 + mt, lane, out, bias, rowCount,
                                outputs, ldo, mode);
        }
      }
      return;
    }

    long long block = static_cast<long long>(blockIdx.y) * gridDim.x + blockIdx.x;
    float4* mine = reinterpret_cast<float4*>(partials) + block * SLICES * (PARTIALS / 4);
    UNROLL for (int nt = 0; nt < NT; nt++) {
      UNROLL for (int mt = 0; mt < MT; mt++) {
        const float(&s)[4] = sums[nt][mt];
        mine[slice * (PARTIALS / 4) + (nt * MT + mt) * THREADS + threadIdx.x] =
            float4{s[0], s[1], s[2], s[3]};
      }
    }
    if (last_to_come(counters + block, shared)) {
      merge<typename F::T, THREADS, NT * MT>(
          mine, NT * MT, [](int i) { return i; }, [&](int i) { return tile0 + i / MT; },
          [&](int i) { return rowTile0 + i % MT; }, out, bias, rowCount, outputs, ldo, mode);
    }
  }
};

// ---------------------------------------------------------------------------------------------
// The yardstick on sm_90a: 128 outputs by 256 rows, two warpgroups of 64 outputs with the weights in
// registers; one thread brings both by the bulk copy engine. The activations have been put into
// the order of shared memory before (arrange_rows). One sum over all of K: other bits than the rest.
template <class F>
struct Warpgroups {
  static constexpr int THREADS = 256;
  static constexpr int ROWS = 256;
  static constexpr int OUTPUTS = 128;
  static constexpr int TILES = 8;
  static constexpr int IMAGE = ROWS * 128;  // 64 inputs of the rows
  static constexpr int QUADS = F::STEPS / 4;
  static constexpr int STAGE = (QUADS * IMAGE + TILES * F::UNIT + 1023) / 1024 * 1024;
  static constexpr int STAGES = F::STEPS == 4 ? 4 : 3;
  static constexpr int SHARED = 1024 + STAGES * STAGE + 2 * STAGES * 8;

  static DEVICE void run(const uint8_t* weights, const uint16_t* x, void* out, const float* bias,
                         int rowCount, int inputs, int outputs, int ldo, int mode) {
#ifdef HAS_WARPGROUP_PRODUCTS
    SHARED_MEMORY(memory);
    unsigned char* shared = memory + (1024 - shared_address(memory) % 1024) % 1024;
    CopyBarrier* full = reinterpret_cast<CopyBarrier*>(shared + STAGES * STAGE);
    CopyBarrier* empty = full + STAGES;
    int lane = threadIdx.x & 31;
    int warp = threadIdx.x >> 5;
    int tiles = (inputs + TILE_INPUTS - 1) / TILE_INPUTS;
    int quads = tiles * 2;
    int units = quads / QUADS;
    if (threadIdx.x == 0) {
      for (int s = 0; s < STAGES; s++) {
        open_barrier(full + s, 1);
        open_barrier(empty + s, TILES);
      }
      publish_barriers();
    }
    block_barrier();
    let_next_kernel_start();
    wait_for_kernel_before();

    long long tileStride = static_cast<long long>(tiles) * F::TILE;
    const unsigned char* stream = weights + blockIdx.y * TILES * tileStride;
    const unsigned char* images =
        reinterpret_cast<const unsigned char*>(x) + static_cast<long long>(blockIdx.x) * IMAGE;
    auto load = [&](int unit) {
      int s = unit % STAGES;
      unsigned char* stage = shared + s * STAGE;
      expect_bytes(full + s, QUADS * IMAGE + TILES * F::UNIT);
      for (int q = 0; q < QUADS; q++) {
        bulk_copy(stage + q * IMAGE,
                  images + static_cast<long long>(unit * QUADS + q) * gridDim.x * IMAGE, IMAGE,
                  full + s);
      }
      for (int tile = 0; tile < TILES; tile++) {
        bulk_copy(stage + QUADS * IMAGE + tile * F::UNIT,
                  stream + tile * tileStride + static_cast<long long>(unit) * F::UNIT, F::UNIT,
                  full + s);
      }
    };
    if (threadIdx.x == 0) {
      for (int unit = 0; unit < STAGES && unit < units; unit++) load(unit);
    }

    float sums[32][4];
    UNROLL for (int j = 0; j < 32; j++) {
      UNROLL for (int i = 0; i < 4; i++) sums[j][i] = 0.0f;
    }
    // While one warpgroup's products run, the other reads its weights.
    for (int unit = 0; unit < units; unit++) {
      int s = unit % STAGES;
      const unsigned char* stage = shared + s * STAGE;
      // The stage of the unit before is filled again once the other warpgroup is done with it, too.
      int next = unit - 1 + STAGES;
      if (threadIdx.x == 0 && unit > 0 && next < units) {
        wait_barrier(empty + next % STAGES, (unit - 1) / STAGES & 1);
        load(next);
      }
      warp_barrier();
      wait_barrier(full + s, unit / STAGES & 1);
      UNROLL for (int half = 0; half < QUADS; half++) {
        typename F::Quad quad;
        quad.open(stage + QUADS * IMAGE + warp * F::UNIT, half, lane);
        uint32_t a[4][4];
        UNROLL for (int step = 0; step < 4; step++) quad.fragment(step, a[step]);
        fence_warpgroup();
        UNROLL for (int step = 0; step < 4; step++) {
          F::T::warpgroup(sums, a[step], describe_rows(stage + half * IMAGE, step));
        }
        commit_products();
        wait_products<0>();
      }
      if (lane == 0) arrive(empty + s);
    }
    UNROLL for (int j = 0; j < 32; j++) {
      finish<typename F::T>(float4{sums[j][0], sums[j][1], sums[j][2], sums[j][3]},
                            blockIdx.y * TILES + warp, blockIdx.x * 32 + j, lane, out, bias,
                            rowCount, outputs, ldo, mode);
    }
#else
    stop_kernel();
#endif
  }
};

// ---------------------------------------------------------------------------------------------
// On sm_90a: two warpgroups of M times 64 outputs, weights in registers, by N rows that lie in the
// order of shared memory (arrange_rows); the first warp brings both by the bulk copy engine. The same
// four slices as above: IN_GRID side by side, else one after the other. BUFFERS times four steps of
// weights are in registers; 0: once, a step written anew as soon as it was multiplied.
template <class F, int N, int M, int STAGES_, int BLOCKS_, int BUFFERS, bool IN_GRID>
struct Wide {
  static constexpr int THREADS = 256;
  static constexpr int BLOCKS = BLOCKS_;
  static constexpr int ROWS = N;
  static constexpr int TILES = 8 * M;
  static constexpr int OUTPUTS = TILE_OUTPUTS * TILES;
  static constexpr int IMAGE = N * 128;  // 64 inputs of the rows
  static constexpr int QUADS = F::STEPS / 4;
  static constexpr int UNITS_A_TILE = 8 / F::STEPS;
  static constexpr int WEIGHTS = QUADS * IMAGE;  // where a stage's weights begin
  static constexpr int STAGE = (WEIGHTS + TILES * F::UNIT + 1023) / 1024 * 1024;
  static constexpr int STAGES = STAGES_;
  static constexpr int SHARED = 1024 + STAGES * STAGE + 2 * STAGES * 8;
  static constexpr int PARTIALS = ROWS * OUTPUTS;
  static_assert(TILES + QUADS <= 32 && IMAGE % 1024 == 0 && (BUFFERS > 0 || IN_GRID));

  // `arrangedRows`: rows of the arrangement.
  static DEVICE void run(const uint8_t* weights, const uint16_t* x, void* out, const float* bias,
                         float* partials, int32_t* counters, int rowCount, int inputs, int outputs,
                         int arrangedRows, int ldo, int mode) {
#ifdef HAS_WARPGROUP_PRODUCTS
    SHARED_MEMORY(memory);
    unsigned char* shared = memory + (1024 - shared_address(memory) % 1024) % 1024;
    CopyBarrier* full = reinterpret_cast<CopyBarrier*>(shared + STAGES * STAGE);
    CopyBarrier* empty = full + STAGES;
    int lane = threadIdx.x & 31;
    int warp = threadIdx.x >> 5;
    int tiles = (inputs + TILE_INPUTS - 1) / TILE_INPUTS;
    int sliceTiles = (tiles + SLICES - 1) / SLICES;
    int slice = IN_GRID ? blockIdx.z : 0;
    int first = slice * sliceTiles < tiles ? slice * sliceTiles : tiles;
    int last = IN_GRID ? (first + sliceTiles < tiles ? first + sliceTiles : tiles) : tiles;
    int units = (last - first) * UNITS_A_TILE;
    int sliceUnits = sliceTiles * UNITS_A_TILE;
    if (threadIdx.x == 0) {
      for (int s = 0; s < STAGES; s++) {
        open_barrier(full + s, 1);
        open_barrier(empty + s, THREADS / 32);
      }
      publish_barriers();
    }
    block_barrier();
    let_next_kernel_start();

    float sums[M][N / 8][4];
    float totals[IN_GRID ? 1 : M][IN_GRID ? 1 : N / 8][4];
    UNROLL for (int m = 0; m < M; m++) {
      UNROLL for (int j = 0; j < N / 8; j++) {
        UNROLL for (int i = 0; i < 4; i++) {
          sums[m][j][i] = 0.0f;
          if (!IN_GRID) totals[m][j][i] = 0.0f;
        }
      }
    }
    // In the first warp a lane brings a tile of each stage's weights, or an image of its activations.
    long long tileStride = static_cast<long long>(tiles) * F::TILE;
    const unsigned char* stream = weights + (blockIdx.y * TILES + lane) * tileStride +
                                  static_cast<long long>(first) * F::TILE;
    int image = lane - TILES;
    bool bringsRows = image >= 0 && image < QUADS;
    long long line = static_cast<long long>(arrangedRows) * 128;
    const unsigned char* images = reinterpret_cast<const unsigned char*>(x) +
                                  static_cast<long long>(blockIdx.x) * IMAGE +
                                  (first * 2 + image) * line;
    auto bringWeights = [&](int unit) {
      int s = unit % STAGES;
      if (lane == 0) expect_bytes(full + s, QUADS * IMAGE + TILES * F::UNIT);
      warp_barrier();
      if (lane < TILES) {
        bulk_copy(shared + s * STAGE + WEIGHTS + lane * F::UNIT,
                  stream + static_cast<long long>(unit) * F::UNIT, F::UNIT, full + s);
      }
    };
    auto bringRows = [&](int unit) {
      int s = unit % STAGES;
      if (bringsRows) {
        bulk_copy(shared + s * STAGE + image * IMAGE, images + unit * QUADS * line, IMAGE, full + s);
      }
    };
    // The first stages' weights need not wait for the kernel before.
    if (warp == 0) {
      for (int unit = 0; unit < STAGES && unit < units; unit++) bringWeights(unit);
    }
    wait_for_kernel_before();
    if (warp == 0) {
      for (int unit = 0; unit < STAGES && unit < units; unit++) bringRows(unit);
    }
    int tile = warp / 4 * M * 4 + warp % 4;
    uint32_t a[BUFFERS == 0 ? 1 : BUFFERS][4][4];
    int left = sliceUnits;
    // The stage of the unit before is filled again once the other warpgroup is done with it, too.
    auto bringNext = [&](int unit) {
      int next = unit - 1 + STAGES;
      if (warp == 0 && unit > 0 && next < units) {
        wait_barrier(empty + next % STAGES, (unit - 1) / STAGES & 1);
        warp_barrier();
        bringWeights(next);
        bringRows(next);
      }
    };
    for (int unit = 0; unit < units; unit++) {
      int s = unit % STAGES;
      const unsigned char* stage = shared + s * STAGE;
      wait_barrier(full + s, unit / STAGES & 1);
      warp_barrier();
      // While some steps are multiplied, the next are made ready.
      UNROLL for (int part = 0; part < QUADS * M; part++) {
        int half = part / M;
        int m = part % M;
        uint32_t(&now)[4][4] = a[BUFFERS == 0 ? 0 : part % BUFFERS];
        if (BUFFERS > 0 && part >= BUFFERS) {
          wait_products<BUFFERS - 1>();
          hold(now);
        }
        typename F::Quad quad;
        quad.open(stage + WEIGHTS + (tile + m * 4) * F::UNIT, half, lane);
        if (BUFFERS == 0) {
          UNROLL for (int step = 0; step < 4; step++) {
            wait_products<3>();
            hold(now[step]);
            quad.fragment(step, now[step]);
            fence_warpgroup();
            F::T::warpgroup(sums[m], now[step], describe_rows(stage + half * IMAGE, step));
            commit_products();
          }
          // All of the unit before are done.
          if (part == 0 && unit > 0 && lane == 0) arrive(empty + (unit - 1) % STAGES);
        } else {
          UNROLL for (int step = 0; step < 4; step++) quad.fragment(step, now[step]);
          fence_warpgroup();
          UNROLL for (int step = 0; step < 4; step++) {
            F::T::warpgroup(sums[m], now[step], describe_rows(stage + half * IMAGE, step));
          }
          commit_products();
        }
        if (part == 0) bringNext(unit);
      }
      if (BUFFERS == 0) continue;
      wait_products<0>();
      UNROLL for (int i = 0; i < BUFFERS && i < QUADS * M; i++) hold(a[i]);
      if (lane == 0) arrive(empty + s);
      if (!IN_GRID && --left == 0) {
        left = sliceUnits;
        UNROLL for (int m = 0; m < M; m++) {
          UNROLL for (int j = 0; j < N / 8; j++) {
            UNROLL for (int i = 0; i < 4; i++) {
              totals[m][j][i] += sums[m][j][i];
              sums[m][j][i] = 0.0f;
            }
          }
        }
      }
    }

    if (BUFFERS == 0) {
      wait_products<0>();
      hold(a[0]);
    }

    int tile0 = blockIdx.y * TILES + warp / 4 * M * 4 + warp % 4;
    if (!IN_GRID) {
      UNROLL for (int m = 0; m < M; m++) {
        UNROLL for (int j = 0; j < N / 8; j++) {
          const float(&t)[4] = totals[m][j];
          const float(&s)[4] = sums[m][j];
          finish<typename F::T>(float4{t[0] + s[0], t[1] + s[1], t[2] + s[2], t[3] + s[3]},
                                tile0 + m * 4, blockIdx.x * (N / 8) + j, lane, out, bias, rowCount,
                                outputs, ldo, mode);
        }
      }
      return;
    }

    long long block = static_cast<long long>(blockIdx.y) * gridDim.x + blockIdx.x;
    float4* mine = reinterpret_cast<float4*>(partials) + block * SLICES * (PARTIALS / 4);
    int rowTiles = (rowCount - static_cast<int>(blockIdx.x) * N + 7) / 8;
    UNROLL for (int m = 0; m < M; m++) {
      UNROLL for (int j = 0; j < N / 8; j++) {
        const float(&s)[4] = sums[m][j];
        if (j < rowTiles) {
          mine[slice * (PARTIALS / 4) + (m * (N / 8) + j) * THREADS + threadIdx.x] =
              float4{s[0], s[1], s[2], s[3]};
        }
      }
    }
    int rowTile0 = blockIdx.x * (N / 8);
    if (last_to_come(counters + block, shared)) {
      merge<typename F::T, THREADS, M * (N / 8)>(
          mine, M * (rowTiles < N / 8 ? rowTiles : N / 8),
          [](int i) { return i % M * (N / 8) + i / M; }, [&](int i) { return tile0 + i % M * 4; },
          [&](int i) { return rowTile0 + i / M; }, out, bias, rowCount, outputs, ldo, mode);
    }
#else
    stop_kernel();
#endif
  }
};

// The sizes by name.
template <class F>
struct Sizes;
template <int GROUPS>
struct Sizes<Int4<GROUPS>> {
  using F = Int4<GROUPS>;
  using r8n32 = Few<F, 1, 1, 2, 5>;
  using r8n32_thin = Few<F, 1, 1, 1, 5>;
  using r8n64 = Few<F, 1, 2, 1, 5>;
  using r16n64 = Few<F, 2, 2, 1, 5>;
  using r8n32_bulk = Few<F, 1, 1, 4, 3, true>;
  using r8n32_thin_bulk = Few<F, 1, 1, 2, 4, true>;
  using r8n64_bulk = Few<F, 1, 2, 2, 3, true>;
  using r16n64_bulk = Few<F, 2, 2, 2, 3, true>;
  using r32n256 = Many<F, 4, 2, 1, 8, 4, true>;
  using r64n256 = Many<F, 8, 2, 1, 8, 4, true>;
  using w64n128 = Wide<F, 64, 1, 3, 3, 1, true>;
  using w64n256 = Wide<F, 64, 2, 3, 2, 1, true>;
  // Candidates, measured beside the others and chosen nowhere.
  using w64n128_steps = Wide<F, 64, 1, 3, 3, 0, true>;
  using w64n256_steps = Wide<F, 64, 2, 3, 2, 0, true>;
  using w128n128 = Wide<F, 128, 1, 5, 1, 2, false>;
};
template <class T>
struct Sizes<Dense<T>> {
  using F = Dense<T>;
  using r8n32 = Few<F, 1, 1, 2, 3>;
  using r8n64 = Few<F, 1, 2, 1, 3>;
  using r16n64 = Few<F, 2, 2, 1, 3>;
  using r8n32_bulk = Few<F, 1, 1, 2, 3, true>;
  using r8n64_bulk = Few<F, 1, 2, 1, 3, true>;
  using r16n64_bulk = Few<F, 2, 2, 1, 3, true>;
  using r32n256 = Many<F, 4, 2, 1, 8, 4, true>;
  using r64n256 = Many<F, 8, 2, 1, 8, 4, true>;
  using r128n128 = Many<F, 4, 4, 4, 2, 3, false>;
  using w128n128 = Wide<F, 128, 1, 6, 1, 2, false>;
};
