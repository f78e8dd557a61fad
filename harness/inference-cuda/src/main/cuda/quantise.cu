// The heavy arithmetic of a quantiser: sums of outer products, GPTQ's columns, losses. Every sum is
// one chain of fused multiply-adds in ascending order, as on the CPU, so the codes are the CPU's.
#include "kernels.h"

// ---------------------------------------------------------------------------------------------
// Products of a tall matrix turned, 64 x 64 of them a block: a thread has 8 x 8.
// ---------------------------------------------------------------------------------------------

struct OuterTile {
  static constexpr int SIDE = 64, DEPTH = 16, THREADS = 64;
  // Floats from one depth to the next: lanes that store one column meet no bank twice.
  static constexpr int PITCH = SIDE + 4;

  // The row or column of a thread's i-th sum, from the thread's number in that direction.
  static DEVICE int place(int thread, int i) { return i / 4 * 32 + thread * 4 + i % 4; }

  // sums[i][j] = chain of a(d)[i] * b(d)[j] over d ascending, from what they are. a and b give the
  // four elements of a depth that begin at 4 * four.
  template <class A, class B>
  static DEVICE void add(float (&sums)[8][8], float* shared, int depth, A a, B b) {
    float* left = shared;
    float* right = shared + DEPTH * PITCH;
    int thread = threadIdx.x;
    for (int from = 0; from < depth; from += DEPTH) {
      block_barrier();
      UNROLL for (int i = 0; i < 4; i++) {
        int at = thread + THREADS * i;
        int d = at % DEPTH, four = at / DEPTH;
        float4 none{0.0f, 0.0f, 0.0f, 0.0f};
        *reinterpret_cast<float4*>(left + d * PITCH + 4 * four) = from + d < depth ? a(from + d, four) : none;
        d = at / (SIDE / 4);
        four = at % (SIDE / 4);
        *reinterpret_cast<float4*>(right + d * PITCH + 4 * four) = from + d < depth ? b(from + d, four) : none;
      }
      block_barrier();
      UNROLL_BY(4) for (int d = 0; d < DEPTH; d++) {
        float x[8], y[8];
        UNROLL for (int h = 0; h < 2; h++) {
          float4 p = *reinterpret_cast<const float4*>(left + d * PITCH + place(thread / 8, 4 * h));
          float4 q = *reinterpret_cast<const float4*>(right + d * PITCH + place(thread % 8, 4 * h));
          x[4 * h] = p.x, x[4 * h + 1] = p.y, x[4 * h + 2] = p.z, x[4 * h + 3] = p.w;
          y[4 * h] = q.x, y[4 * h + 1] = q.y, y[4 * h + 2] = q.z, y[4 * h + 3] = q.w;
        }
        UNROLL for (int i = 0; i < 8; i++) {
          UNROLL for (int j = 0; j < 8; j++) sums[i][j] = fused(x[i], y[j], sums[i][j]);
        }
      }
    }
  }
};

KERNEL void LAUNCH_BOUNDS(64, 1)
    add_outer_products(const uint16_t* x, double* sums, int32_t depth, int32_t inputs, int32_t ldx) {
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  int row = blockIdx.y * OuterTile::SIDE;
  int column = blockIdx.x * OuterTile::SIDE;
  if (column < row) return;
  auto elements = [&](int d, int i) {
    if (i >= ldx) return float4{0.0f, 0.0f, 0.0f, 0.0f};
    uint2 v = *reinterpret_cast<const uint2*>(x + static_cast<long long>(d) * ldx + i);
    return float4{f16_to_float(v.x & 0xffffu), f16_to_float(v.x >> 16), f16_to_float(v.y & 0xffffu),
                  f16_to_float(v.y >> 16)};
  };
  float tile[8][8] = {};
  OuterTile::add(
      tile, reinterpret_cast<float*>(shared), depth,
      [&](int d, int four) { return elements(d, row + 4 * four); },
      [&](int d, int four) { return elements(d, column + 4 * four); });
  UNROLL for (int i = 0; i < 8; i++) {
    int r = row + OuterTile::place(threadIdx.x / 8, i);
    UNROLL for (int j = 0; j < 8; j++) {
      int c = column + OuterTile::place(threadIdx.x % 8, j);
      if (r < inputs && c < inputs) sums[static_cast<long long>(r) * inputs + c] += static_cast<double>(tile[i][j]);
    }
  }
}

KERNEL void LAUNCH_BOUNDS(64, 1)
    add_column_products(const float* panels, const float* b, float* c, int32_t depth, int32_t at,
                        int32_t from, int32_t to, int32_t inputs, int32_t ld) {
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  int row = from + blockIdx.y * OuterTile::SIDE;
  int column = blockIdx.x * OuterTile::SIDE;
  float tile[8][8];
  UNROLL for (int i = 0; i < 8; i++) {
    int r = row + OuterTile::place(threadIdx.x / 8, i);
    UNROLL for (int j = 0; j < 8; j++) {
      tile[i][j] = r < to ? c[static_cast<long long>(r - from) * ld + column + OuterTile::place(threadIdx.x % 8, j)] : 0.0f;
    }
  }
  OuterTile::add(
      tile, reinterpret_cast<float*>(shared), depth,
      [&](int d, int four) {
        int panel = row / 4 + four;
        return panel * 4 < to
                   ? reinterpret_cast<const float4*>(panels)[static_cast<long long>(panel) * inputs + at + d]
                   : float4{0.0f, 0.0f, 0.0f, 0.0f};
      },
      [&](int d, int four) {
        return *reinterpret_cast<const float4*>(b + static_cast<long long>(d) * ld + column + 4 * four);
      });
  UNROLL for (int i = 0; i < 8; i++) {
    int r = row + OuterTile::place(threadIdx.x / 8, i);
    UNROLL for (int j = 0; j < 8; j++) {
      if (r < to) c[static_cast<long long>(r - from) * ld + column + OuterTile::place(threadIdx.x % 8, j)] = tile[i][j];
    }
  }
}

// ---------------------------------------------------------------------------------------------
// Columns: an output channel is a lane
// ---------------------------------------------------------------------------------------------

// 1.5 * 2^23: added and taken away again, it rounds to a whole number, half to even.
constexpr float WHOLE = 12582912.0f;
constexpr float LARGEST_F16 = 65504.0f;
constexpr float SMALLEST_F16 = 5.9604644775390625e-8f;

struct ColumnGrid {
  float scale, zero;
};

DEVICE ColumnGrid grid_of_range(float low, float high, float share, int maxCode, int middle, int32_t* flags) {
  if (middle >= 0) {
    high = fmaxf(-low, high);
    low = -high;
  }
  if (high == low) {
    low = -1.0f;
    high = 1.0f;
  }
  float most = static_cast<float>(maxCode);
  float scale = fmaxf(f16_to_float(float_to_f16((high - low) * share / most)), SMALLEST_F16);
  if (!(scale * most <= LARGEST_F16)) raise_flag(flags, 1);
  float zero = middle >= 0 ? static_cast<float>(middle) : fminf(fmaxf(rintf(-low * share / scale), 0.0f), most);
  return {scale, zero};
}

// Puts a weight on a grid: its code, and what was added to the weight.
DEVICE float put(float weight, ColumnGrid grid, float most, float& code) {
  code = fminf(fmaxf(weight / grid.scale + WHOLE - WHOLE + grid.zero, 0.0f), most);
  return f16_to_float(float_to_f16(grid.scale * (code - grid.zero))) - weight;
}

// Takes `count` inputs from position `at` one after another, each one's error into those after it;
// gives the sum of squared errors. errors is the lane's own column of [count][32].
template <class Weight, class GridAt, class Keep>
DEVICE float take_columns(float* errors, const float* panels, int inputs, int at, int count, float most,
                          Weight weight, GridAt grid, Keep keep) {
  float loss = 0.0f;
  for (int j = 0; j < count; j += 4) {
    const float4* band = reinterpret_cast<const float4*>(panels) + static_cast<long long>((at + j) / 4) * inputs + at;
    float w[4];
    UNROLL for (int r = 0; r < 4; r++) w[r] = weight(j + r);
    UNROLL_BY(4) for (int i = 0; i < j; i++) {
      float4 u = band[i];
      float e = errors[32 * i];
      w[0] = fused(e, u.x, w[0]);
      w[1] = fused(e, u.y, w[1]);
      w[2] = fused(e, u.z, w[2]);
      w[3] = fused(e, u.w, w[3]);
    }
    UNROLL for (int r = 0; r < 4; r++) {
      float4 four = band[j + r];
      float u[4] = {four.x, four.y, four.z, four.w};
      float code;
      float e = put(w[r], grid(j + r), most, code) * (1.0f / u[r]);
      errors[32 * (j + r)] = e;
      keep(j + r, code, e);
      loss = fused(e, e, loss);
      UNROLL for (int s = r + 1; s < 4; s++) w[s] = fused(e, u[s], w[s]);
    }
  }
  return loss;
}

struct SearchedGrid {
  float loss;
  int32_t share;
  ColumnGrid grid;
};

KERNEL void search_grids(const float* weights, const int32_t* places, const float* importance,
                         const float* panels, const float* shares, uint16_t* scales, uint8_t* zeros,
                         int32_t* flags, int32_t at, int32_t count, int32_t inputs, int32_t ld,
                         int32_t tries, int32_t compensated, int32_t maxCode, int32_t middle) {
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  int lane = threadIdx.x % 32;
  int warp = threadIdx.x / 32;
  int n = blockIdx.x * 32 + lane;
  float most = static_cast<float>(maxCode);
  auto place = [&](int i) { return places != nullptr ? places[at + i] : at + i; };
  auto weight = [&](int i) { return weights[static_cast<long long>(place(i)) * ld + n]; };
  float low = 0.0f, high = 0.0f;
  for (int i = 0; i < count; i++) {
    float w = weight(i);
    low = fminf(low, w);
    high = fmaxf(high, w);
  }
  // A warp has every fourth share; the best is the first of the least losses.
  SearchedGrid best{bits_to_float(0x7f800000u), tries, {0.0f, 0.0f}};
  for (int t = warp; t < tries; t += 4) {
    ColumnGrid grid = grid_of_range(low, high, shares[t], maxCode, middle, flags);
    float loss = 0.0f;
    if (tries > 1 && compensated != 0) {
      loss = take_columns(
          reinterpret_cast<float*>(shared) + warp * 128 * 32 + lane, panels, inputs, at, count, most, weight,
          [&](int) { return grid; }, [](int, float, float) {});
    } else if (tries > 1) {
      for (int i = 0; i < count; i++) {
        float code;
        float e = put(weight(i), grid, most, code);
        loss = e * e * importance[place(i)] + loss;
      }
    }
    if (loss < best.loss) best = {loss, t, grid};
  }
  block_barrier();
  SearchedGrid* found = reinterpret_cast<SearchedGrid*>(shared);
  found[warp * 32 + lane] = best;
  block_barrier();
  if (warp == 0) {
    for (int w = 1; w < 4; w++) {
      SearchedGrid other = found[w * 32 + lane];
      if (other.loss < best.loss || (other.loss == best.loss && other.share < best.share)) best = other;
    }
    scales[n] = float_to_f16(best.grid.scale);
    zeros[n] = static_cast<uint8_t>(best.grid.zero);
  }
}

KERNEL void quantise_columns(const float* weights, const float* panels, const uint16_t* scales,
                             const uint8_t* zeros, const int32_t* groups, uint8_t* codes, float* errors,
                             int32_t at, int32_t count, int32_t inputs, int32_t ld, int32_t maxCode) {
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  int n = blockIdx.x * 32 + threadIdx.x;
  take_columns(
      reinterpret_cast<float*>(shared) + threadIdx.x, panels, inputs, at, count, static_cast<float>(maxCode),
      [&](int i) { return weights[static_cast<long long>(at + i) * ld + n]; },
      [&](int i) {
        long long row = static_cast<long long>(groups[at + i]) * ld + n;
        return ColumnGrid{f16_to_float(scales[row]), static_cast<float>(zeros[row])};
      },
      [&](int i, float code, float e) {
        codes[static_cast<long long>(at + i) * ld + n] = static_cast<uint8_t>(code);
        errors[static_cast<long long>(i) * ld + n] = e;
      });
}

KERNEL void turn_weights(const float* weights, const float* minus, const int32_t* order, float* turned,
                         int32_t outputs, int32_t inputs, int32_t ld) {
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  float* tile = reinterpret_cast<float*>(shared);
  int lane = threadIdx.x % 32;
  int p = blockIdx.x * 32 + lane;
  int input = p >= inputs ? -1 : order != nullptr ? order[p] : p;
  UNROLL for (int i = 0; i < 4; i++) {
    int row = threadIdx.x / 32 + 8 * i;
    int n = blockIdx.y * 32 + row;
    long long from = static_cast<long long>(n) * inputs + input;
    float w = 0.0f;
    if (input >= 0 && n < outputs) w = minus != nullptr ? weights[from] - minus[from] : weights[from];
    tile[lane * 33 + row] = w;
  }
  block_barrier();
  UNROLL for (int i = 0; i < 4; i++) {
    int row = threadIdx.x / 32 + 8 * i;
    int to = blockIdx.x * 32 + row;
    if (to < inputs) turned[static_cast<long long>(to) * ld + blockIdx.y * 32 + lane] = tile[row * 33 + lane];
  }
}

KERNEL void add_losses(const float* products, const float* errors, double* losses, int32_t count, int32_t ld) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int n = blockIdx.x * 64 + threadIdx.x;
  double loss = losses[n];
  for (int j = 0; j < count; j += 4) {
    float part = 0.0f;
    UNROLL for (int r = 0; r < 4; r++) {
      long long at = static_cast<long long>(j + r) * ld + n;
      part += products[at] * errors[at];
    }
    loss += static_cast<double>(part);
  }
  losses[n] = loss;
}
