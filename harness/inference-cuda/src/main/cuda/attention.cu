// Attention of grouped queries over pages of 64 positions (kernels.h).
//
// A warp takes 16 queries of one key/value head and a page in shared memory. Each page gives, for
// each query, its largest score, the sum of its weights and the weighted sum of values; pages are
// merged in ascending order. Decode does this with a warp for each page and merges afterwards,
// prefill with a warp for each 16 queries and merges as it goes: the same operations on the same
// numbers, so the same bits. A page that a query sees nothing of leaves it unchanged.
#include "arranged.h"
#include "kernels.h"

constexpr int PAGE = 64;

DEVICE float minus_infinity() { return bits_to_float(0xff800000u); }

// How two parts of one query's positions become one. largest: of the scores times log2(e).
struct Merge {
  float keep, take;
  DEVICE void parts(float& largest, float& weights, float pageLargest, float pageWeights) {
    if (pageLargest == minus_infinity()) {
      keep = 1.0f;
      take = 0.0f;
      return;
    }
    float both = largest > pageLargest ? largest : pageLargest;
    keep = power_of_two(largest - both);
    take = power_of_two(pageLargest - both);
    largest = both;
    weights = weights * keep + pageWeights * take;
  }
  DEVICE float sum(float sum, float pageSum) const { return sum * keep + pageSum * take; }
};

template <class T, int D>
struct Pages {
  static constexpr int ROW_CHUNKS = D / 8;
  static constexpr int KEY_BYTES = PAGE * D * 2;
  static constexpr int BYTES = 2 * KEY_BYTES;

  // Where 16 bytes of a row lie: two rows' 64 bytes touch different banks.
  static DEVICE int key_at(int row, int chunk) {
    return (row * ROW_CHUNKS + (D == 32 ? chunk : chunk ^ ((row & 1) << 2))) * 16;
  }
  static DEVICE int value_at(int d, int chunk) {
    return KEY_BYTES + (d * 8 + (chunk ^ ((d & 1) << 2))) * 16;
  }

  // Brings one head's page into shared memory, zeros from position `count` on. Ends up committed.
  template <int THREADS>
  static DEVICE void load(unsigned char* shared, const uint16_t* cache, long long page,
                          long long pageStride, int head, int kvHeads, int count) {
    const uint16_t* keys = cache + page * pageStride + head * PAGE * D;
    const uint16_t* values = keys + kvHeads * PAGE * D;
    UNROLL for (int j = 0; j < PAGE * ROW_CHUNKS / THREADS; j++) {
      int i = j * THREADS + threadIdx.x;
      int row = i / ROW_CHUNKS;
      int chunk = i % ROW_CHUNKS;
      copy_async(shared + key_at(row, chunk), keys + row * D + chunk * 8, row < count);
    }
    UNROLL for (int j = 0; j < D * 8 / THREADS; j++) {
      int i = j * THREADS + threadIdx.x;
      int d = i / 8;
      int chunk = i % 8;
      copy_async(shared + value_at(d, chunk), values + d * PAGE + chunk * 8, chunk * 8 < count);
    }
    commit_copies();
  }

  // Puts zeros behind position `count` in the values' chunk that it cuts; a barrier before and after.
  template <int THREADS>
  static DEVICE void cut(unsigned char* shared, int count) {
    if (count % 8 == 0) {
      return;
    }
    for (int d = threadIdx.x; d < D; d += THREADS) {
      uint16_t* chunk = reinterpret_cast<uint16_t*>(shared + value_at(d, count / 8));
      for (int i = count % 8; i < 8; i++) chunk[i] = 0;
    }
  }

  // For a page that some query sees a part of: 0 times infinity is no number, so a weight of zero does not
  // keep a position's values from a query that must not see it. Moves what is no number, or infinite,
  // from a position's values into its key, whose score only those see that may. Barriers as for cut.
  template <int THREADS>
  static DEVICE void confine(unsigned char* shared, int count) {
    for (int i = threadIdx.x; i < D * PAGE; i += THREADS) {
      int d = i / PAGE;
      int slot = i % PAGE;
      uint16_t* value = reinterpret_cast<uint16_t*>(shared + value_at(d, slot / 8)) + slot % 8;
      if (slot < count && (*value & T::NOT_FINITE) == T::NOT_FINITE) {
        *value = 0;
        *reinterpret_cast<uint16_t*>(shared + key_at(slot, 0)) = 0x7fff;
      }
    }
  }

  // The queries of this lane's rows g and g + 8, from rows `from` (or none) of D elements.
  static DEVICE void queries(uint32_t (&q)[D / 16][4], const uint16_t* row0, const uint16_t* row8,
                             int lane) {
    UNROLL for (int c = 0; c < D / 32; c++) {
      uint4 zero = {0, 0, 0, 0};
      int at = c * 32 + (lane & 3) * 8;
      uint4 a = row0 != nullptr ? *reinterpret_cast<const uint4*>(row0 + at) : zero;
      uint4 b = row8 != nullptr ? *reinterpret_cast<const uint4*>(row8 + at) : zero;
      q[2 * c][0] = a.x;
      q[2 * c][1] = b.x;
      q[2 * c][2] = a.y;
      q[2 * c][3] = b.y;
      q[2 * c + 1][0] = a.z;
      q[2 * c + 1][1] = b.z;
      q[2 * c + 1][2] = a.w;
      q[2 * c + 1][3] = b.w;
    }
  }

  // One page for 16 queries: their weights p, largest scores and sums of weights. Row g of this lane
  // sees slots from[0] up to before to[0], row g + 8 from[1] and to[1]. factor: softmax scale times
  // log2(e).
  static DEVICE void weigh(const unsigned char* shared, const uint32_t (&q)[D / 16][4],
                           const int (&from)[2], const int (&to)[2], float factor, int lane,
                           uint32_t (&p)[8][2], float (&largest)[2], float (&weights)[2]) {
    int g = lane >> 2;
    int t = lane & 3;
    // Column c of the j-th 8 scores of 32 positions is position 8 (c / 2) + 2j + c % 2: so this
    // lane's weights are those of the 16 consecutive bytes of values that it reads.
    float scores[8][4];
    UNROLL for (int j = 0; j < 8; j++) {
      UNROLL for (int i = 0; i < 4; i++) scores[j][i] = 0.0f;
      int row = j / 4 * 32 + (g >> 1) * 8 + j % 4 * 2 + (g & 1);
      UNROLL for (int c = 0; c < D / 32; c++) {
        uint4 k = *reinterpret_cast<const uint4*>(shared + key_at(row, c * 4 + t));
        T::mma(scores[j], q[2 * c], k.x, k.y);
        T::mma(scores[j], q[2 * c + 1], k.z, k.w);
      }
    }
    float most[2] = {minus_infinity(), minus_infinity()};
    UNROLL for (int j = 0; j < 8; j++) {
      UNROLL for (int i = 0; i < 4; i++) {
        int slot = j / 4 * 32 + t * 8 + j % 4 * 2 + (i & 1);
        bool seen = slot >= from[i / 2] && slot < to[i / 2];
        float s = seen ? scores[j][i] * factor : minus_infinity();
        scores[j][i] = s;
        if (s > most[i / 2]) most[i / 2] = s;
      }
    }
    UNROLL for (int r = 0; r < 2; r++) {
      float other = shuffle_xor(most[r], 1);
      most[r] = other > most[r] ? other : most[r];
      other = shuffle_xor(most[r], 2);
      most[r] = other > most[r] ? other : most[r];
      largest[r] = most[r];
      weights[r] = 0.0f;
      if (most[r] == minus_infinity()) most[r] = 0.0f;
    }
    UNROLL for (int j = 0; j < 8; j++) {
      UNROLL for (int i = 0; i < 4; i++) {
        scores[j][i] = power_of_two(scores[j][i] - most[i / 2]);
        weights[i / 2] += scores[j][i];
      }
      p[j][0] = narrow2<T>(scores[j][0], scores[j][1]);
      p[j][1] = narrow2<T>(scores[j][2], scores[j][3]);
    }
    UNROLL for (int r = 0; r < 2; r++) {
      weights[r] += shuffle_xor(weights[r], 1);
      weights[r] += shuffle_xor(weights[r], 2);
    }
  }

  // The weighted sums of values in columns 8n + 2t and 8n + 2t + 1, for rows g and g + 8.
  static DEVICE void values(const unsigned char* shared, const uint32_t (&p)[8][2], int n, int lane,
                            float (&sums)[4]) {
    UNROLL for (int i = 0; i < 4; i++) sums[i] = 0.0f;
    UNROLL for (int c = 0; c < 2; c++) {
      uint4 v = *reinterpret_cast<const uint4*>(
          shared + value_at(n * 8 + (lane >> 2), c * 4 + (lane & 3)));
      uint32_t a[4] = {p[4 * c][0], p[4 * c][1], p[4 * c + 1][0], p[4 * c + 1][1]};
      uint32_t b[4] = {p[4 * c + 2][0], p[4 * c + 2][1], p[4 * c + 3][0], p[4 * c + 3][1]};
      T::mma(sums, a, v.x, v.y);
      T::mma(sums, b, v.z, v.w);
    }
  }
};

template <class T, int D>
DEVICE void decode(const uint16_t* q, const uint16_t* cache, const int32_t* positions,
                   const int32_t* rowTable, const int32_t* tables, float* partials,
                   int64_t pageStride, int heads, int kvHeads, int tableStride, int window,
                   float scale) {
  using P = Pages<T, D>;
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  int row = blockIdx.z;
  int position = positions[row];
  int page = blockIdx.x;
  int lane = threadIdx.x;
  int start = position - window + 1 - page * PAGE;
  int end = position + 1 - page * PAGE;
  if (end <= 0 || start >= PAGE) {
    return;
  }
  int count = end < PAGE ? end : PAGE;
  int kvHead = blockIdx.y % kvHeads;
  int group = heads / kvHeads;
  int first = blockIdx.y / kvHeads * 16 + (lane >> 2);
  P::template load<32>(shared, cache, tables[static_cast<long long>(rowTable[row]) * tableStride + page],
                       pageStride, kvHead, kvHeads, count);
  uint32_t query[D / 16][4];
  const uint16_t* from = q + (static_cast<long long>(row) * heads + kvHead * group) * D;
  P::queries(query, first < group ? from + first * D : nullptr,
             first + 8 < group ? from + (first + 8) * D : nullptr, lane);
  wait_copies<0>();
  warp_barrier();
  P::template cut<32>(shared, count);
  if (start > 0) {
    P::template confine<32>(shared, count);
  }
  warp_barrier();
  uint32_t p[8][2];
  float largest[2], weights[2];
  int froms[2] = {start, start};
  int tos[2] = {end, end};
  P::weigh(shared, query, froms, tos, scale * 1.44269504f, lane, p, largest, weights);
  float* to[2];
  UNROLL for (int r = 0; r < 2; r++) {
    int head = first + 8 * r;
    to[r] = head < group ? partials + ((static_cast<long long>(row) * heads + kvHead * group + head) *
                                           gridDim.x + page) * (D + 2)
                         : nullptr;
    if (to[r] != nullptr && (lane & 3) == 0) {
      *reinterpret_cast<float2*>(to[r] + D) = float2{largest[r], weights[r]};
    }
  }
  UNROLL for (int n = 0; n < D / 8; n++) {
    float sums[4];
    P::values(shared, p, n, lane, sums);
    UNROLL for (int r = 0; r < 2; r++) {
      if (to[r] != nullptr) {
        *reinterpret_cast<float2*>(to[r] + n * 8 + (lane & 3) * 2) =
            float2{sums[2 * r], sums[2 * r + 1]};
      }
    }
  }
}

template <class T>
DEVICE void merge(const float* partials, const int32_t* positions, uint16_t* out, int row0,
                  int heads, int headSize, int D, int pages, int ldo, int arranged, int window) {
  let_next_kernel_start();
  wait_for_kernel_before();
  int d = threadIdx.x;
  int head = blockIdx.x;
  int row = blockIdx.y;
  if (d >= headSize) {
    return;
  }
  int position = positions[row];
  int start = position - window + 1;
  const float* from = partials + (static_cast<long long>(row) * heads + head) * pages * (D + 2);
  float sum = 0.0f;
  float largest = minus_infinity();
  float weights = 0.0f;
  int last = position / PAGE;
  UNROLL_BY(4) for (int page = start < 0 ? 0 : start / PAGE; page <= last; page++) {
    const float* part = from + static_cast<long long>(page) * (D + 2);
    Merge m;
    m.parts(largest, weights, part[D], part[D + 1]);
    sum = m.sum(sum, part[d]);
  }
  int column = head * headSize + d;
  out[arranged == 0 ? static_cast<long long>(row0 + row) * ldo + column
                    : arranged_at(row0 + row, column, arranged)] = T::narrow(sum / weights);
}

template <class T, int D>
DEVICE void prefill(const uint16_t* q, const uint16_t* cache, const int32_t* items,
                    const int32_t* positions, const int32_t* rowTable, const int32_t* tables,
                    uint16_t* out, int64_t pageStride, int heads, int kvHeads, int headSize,
                    int tableStride, int ldo, int window, float scale) {
  using P = Pages<T, D>;
  SHARED_MEMORY(shared);
  let_next_kernel_start();
  wait_for_kernel_before();
  int row0 = items[2 * blockIdx.x];
  int rows = items[2 * blockIdx.x + 1];
  int kvHead = blockIdx.y;
  int group = heads / kvHeads;
  int position0 = positions[row0];
  const int32_t* table = tables + static_cast<long long>(rowTable[row0]) * tableStride;
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;

  // Query i is head i % group of the piece's row i / group.
  int row[2], head[2], start[2], end[2];
  const uint16_t* from[2];
  UNROLL for (int r = 0; r < 2; r++) {
    int i = warp * 16 + (lane >> 2) + 8 * r;
    row[r] = i / group;
    head[r] = kvHead * group + i % group;
    bool there = row[r] < rows;
    end[r] = there ? position0 + row[r] + 1 : 0;
    start[r] = there ? end[r] - window : 0;
    from[r] = there ? q + (static_cast<long long>(row0 + row[r]) * heads + head[r]) * D : nullptr;
  }
  uint32_t query[D / 16][4];
  P::queries(query, from[0], from[1], lane);

  // What any query of this warp sees, and of the whole block.
  int warpFirst = warp * 16 / group;
  int warpLast = (warp * 16 + 15) / group;
  warpLast = warpLast < rows ? warpLast : rows - 1;
  int warpStart = position0 + warpFirst + 1 - window;
  int warpEnd = warpFirst < rows ? position0 + warpLast + 1 : 0;
  int blockStart = position0 + 1 - window;
  int blockEnd = position0 + rows;
  int page = blockStart < 0 ? 0 : blockStart / PAGE;
  int lastPage = (blockEnd - 1) / PAGE;

  float total[D / 8][4];
  float largest[2] = {minus_infinity(), minus_infinity()};
  float weights[2] = {0.0f, 0.0f};
  UNROLL for (int n = 0; n < D / 8; n++) {
    UNROLL for (int i = 0; i < 4; i++) total[n][i] = 0.0f;
  }
  int left = blockEnd - page * PAGE;
  P::template load<256>(shared, cache, table[page], pageStride, kvHead, kvHeads,
                        left < PAGE ? left : PAGE);
  unsigned char* now = shared;
  unsigned char* next = shared + P::BYTES;
  for (; page <= lastPage; page++) {
    left = blockEnd - page * PAGE;
    wait_copies<0>();
    block_barrier();
    if (page < lastPage) {
      P::template load<256>(next, cache, table[page + 1], pageStride, kvHead, kvHeads,
                            left - PAGE < PAGE ? left - PAGE : PAGE);
    } else {
      P::template cut<256>(now, left < PAGE ? left : PAGE);
    }
    bool partlySeen = (page + 1) * PAGE > position0 + 1 || page * PAGE < blockEnd - window;
    if (partlySeen) {
      P::template confine<256>(now, left < PAGE ? left : PAGE);
    }
    if (partlySeen || page == lastPage) {
      block_barrier();
    }
    if (page * PAGE < warpEnd && (page + 1) * PAGE > warpStart) {
      int froms[2] = {start[0] - page * PAGE, start[1] - page * PAGE};
      int tos[2] = {end[0] - page * PAGE, end[1] - page * PAGE};
      uint32_t p[8][2];
      float pageLargest[2], pageWeights[2];
      P::weigh(now, query, froms, tos, scale * 1.44269504f, lane, p, pageLargest, pageWeights);
      Merge m[2];
      UNROLL for (int r = 0; r < 2; r++) {
        m[r].parts(largest[r], weights[r], pageLargest[r], pageWeights[r]);
      }
      UNROLL for (int n = 0; n < D / 8; n++) {
        float sums[4];
        P::values(now, p, n, lane, sums);
        UNROLL for (int i = 0; i < 4; i++) total[n][i] = m[i / 2].sum(total[n][i], sums[i]);
      }
    }
    unsigned char* swap = now;
    now = next;
    next = swap;
  }
  UNROLL for (int r = 0; r < 2; r++) {
    if (row[r] < rows) {
      uint16_t* to = out + static_cast<long long>(row0 + row[r]) * ldo + head[r] * headSize;
      UNROLL for (int n = 0; n < D / 8; n++) {
        int d = n * 8 + (lane & 3) * 2;
        if (d < headSize) {
          *reinterpret_cast<uint32_t*>(to + d) =
              narrow2<T>(total[n][2 * r] / weights[r], total[n][2 * r + 1] / weights[r]);
        }
      }
    }
  }
}

#undef ATTENTION_DECODE
#undef ATTENTION_PREFILL
#define ATTENTION(TYPE, T, D)                                                                      \
  KERNEL void LAUNCH_BOUNDS(32, 6) attention_decode_##TYPE##_d##D(                                 \
      const uint16_t* q, const uint16_t* cache, const int32_t* positions,                          \
      const int32_t* rowTable, const int32_t* tables, float* partials, int64_t pageStride,         \
      int32_t heads, int32_t kvHeads, int32_t tableStride, int32_t window, float scale) {          \
    decode<T, D>(q, cache, positions, rowTable, tables, partials, pageStride, heads, kvHeads,      \
                 tableStride, window, scale);                                                      \
  }                                                                                                \
  KERNEL void LAUNCH_BOUNDS(256, 1) attention_prefill_##TYPE##_d##D(                               \
      const uint16_t* q, const uint16_t* cache, const int32_t* items, const int32_t* positions,    \
      const int32_t* rowTable, const int32_t* tables, uint16_t* out, int64_t pageStride,           \
      int32_t heads, int32_t kvHeads, int32_t headSize, int32_t tableStride, int32_t ldo,          \
      int32_t window, float scale) {                                                               \
    prefill<T, D>(q, cache, items, positions, rowTable, tables, out, pageStride, heads, kvHeads,   \
                  headSize, tableStride, ldo, window, scale);                                      \
  }
ATTENTION(f16, F16, 32)
ATTENTION(f16, F16, 64)
ATTENTION(f16, F16, 128)
ATTENTION(bf16, Bf16, 32)
ATTENTION(bf16, Bf16, 64)
ATTENTION(bf16, Bf16, 128)

KERNEL void attention_merge_f16(const float* partials, const int32_t* positions, uint16_t* out,
                                int32_t row0, int32_t heads, int32_t headSize, int32_t D,
                                int32_t pages, int32_t ldo, int32_t arranged, int32_t window) {
  merge<F16>(partials, positions, out, row0, heads, headSize, D, pages, ldo, arranged, window);
}
KERNEL void attention_merge_bf16(const float* partials, const int32_t* positions, uint16_t* out,
                                 int32_t row0, int32_t heads, int32_t headSize, int32_t D,
                                 int32_t pages, int32_t ldo, int32_t arranged, int32_t window) {
  merge<Bf16>(partials, positions, out, row0, heads, headSize, D, pages, ldo, arranged, window);
}
