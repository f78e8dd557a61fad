// The contract of the CUDA kernels: what the engine may rely on.
//
// The image is the class path resource dev/quantgate/inference/cuda/kernels.fatbin, and beside it
// kernels.tsv says for each kernel, tab-separated:
//
//   name  threads  sharedBytes  rowsPerBlock  outputsPerBlock  slicesInGrid  parameters
//
// parameters is one letter each, in order: P a device pointer (8 bytes), L a 64-bit integer,
// I a 32-bit integer, F a float32. A kernel whose sharedBytes exceeds 49,152 needs
// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES (8) set to it once. sharedBytes is always passed
// to the launch as dynamic shared memory. "-" stands for a number that does not apply.
//
// Everything here is in the element type T of the activations: f16 or bf16, the suffix of a
// kernel's name. int4 weights go with f16. Sums are float32; the residual stream is float32.
//
// DEPENDENT LAUNCH. Every kernel waits for the kernel before it (griddepcontrol.wait) before it
// touches anything but weights, and lets the next one start early. On compute capability 9.0 and
// above each launch may therefore carry CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION (6)
// = 1 (cuLaunchKernelEx), in a captured graph too; without it, and below 9.0, nothing changes but
// the speed. But products other than r128n128 read their weights before they wait: synchronise the
// stream once after weights were copied, packed or generated. What dequantise_* writes is for
// r128n128.
//
// MEMORY. All pointers are aligned to 256 bytes, all row strides to 8 elements. Activations that a
// product reads (x) have ldx >= 128 * ceil(inputs / 128) columns, and the columns from `inputs` on
// must be zero: the engine clears such a buffer once, and no kernel writes its padding.
//
// SAME BITS. A product sums K in four fixed slices of whole tiles, each slice ascending, and adds
// the four sums in order. Attention treats 64 positions (a page) at a time and merges them in
// ascending order. Neither depends on the number of rows, the choice of kernel (r8n32 .. w128n128),
// the grid or the device, so for one weight matrix all product kernels of its type give the same
// bits for a row, and so do int4 and its dequantised form: prefill equals decode. (That mma and wgmma
// round alike, step by step, is what an H100 shows; gpu-check asks it of every device that has both.)
// The exception is product_f16_wgmma, one sum over all of K: a yardstick, no model is computed by it.
#pragma once
#include "words.h"

// ---------------------------------------------------------------------------------------------
// PACKED WEIGHTS. A matrix of `outputs` x `inputs` is cut into tiles of 16 outputs x 128 inputs:
//   outputTiles = ceil(packedOutputs / 16), inputTiles = ceil(inputs / 128),
//   tile (o, i) begins at byte (o * inputTiles + i) * tileBytes.
// The number of output tiles of a buffer is rounded up to a multiple of 16 (256 outputs), so that
// every product kernel may read whole blocks. The buffer is cleared before packing: padding is 0.
//
//   format   tileBytes   in a tile
//   f16      4096        8 steps x 32 lanes x 8 elements: the A fragments of mma.m16n8k16
//   bf16     4096        the same
//   i4g128   1072        codes 1024 | scales and zeros of 1 group, 40 bytes | 8 unused
//   i4g64    1104        codes 1024 | 2 groups of 40 bytes
//   i4g32    1184        codes 1024 | 4 groups of 40 bytes
//
// Step s of a tile has 16 inputs. Slots 2t, 2t+1, 2t+8, 2t+9 (t = 0..3) of steps 2c and 2c+1 are
// inputs 32c + 8t + 0..3 and 32c + 8t + 4..7, so that a lane reads its activations as 16
// consecutive bytes. Lane 4g + t has, of step s: (g; 2t, 2t+1), (g+8; 2t, 2t+1), (g; 2t+8, 2t+9),
// (g+8; 2t+8, 2t+9). int4: one word for a lane and step, codes of output g in bytes 0 and 2, of
// output g+8 in bytes 1 and 3; bytes b and b+2 hold slots (2t, 2t+1) in their low nibbles and
// (2t+8, 2t+9) in their high ones. Words: [half of the tile 2][lane 32][step 4].
// A group: 8 x (scale of g, scale of g+8) as f16, then 8 bytes, low nibble the zero point of g,
// high nibble that of g+8.
//
// Group sizes that are multiples of 128 (and -1, one group of all inputs) use i4g128 with the
// scale repeated. Other group sizes than 32, 64 and multiples of 128, groups that act-order left
// unequal, and scales that binary16 cannot hold are packed as f16 (gptq_to_dense, then pack_dense).
//
// One packed buffer may hold several matrices with the same inputs (q, k and v; gate and up). Output
// n of a source goes to packed output  base + (n / run) * stride + n % run.
//   q|k|v:   run = stride = 2^30, base = 0, then ceil16(q outputs), then that + ceil16(k outputs)
//   gate|up: run = 8, stride = 16, base = 0 for gate and 8 for up (mode SWIGLU below needs this)
//
// ACT-ORDER. `order` (int32 [inputs]) is the stable sort of the inputs by g_idx: packed input j is
// the checkpoint's input order[j]. The activations go through gather_columns with the same order.
// ---------------------------------------------------------------------------------------------

// Packs GPTQ tensors as the checkpoint stores them. 4 bits.
//   groupSize    as stored; `inputs` for -1. tileGroups: 1, 2 or 4 for i4g128, i4g64, i4g32
//   order        or 0 for the identity. After ordering, the group of packed input j is j / groupSize
//   scaleType    0 f16, 1 bf16 (flags[0] |= 1 when one is not exact in f16: use f16 weights then)
//   zeroOffset   1 for format v1, 0 for v2; borrow: 1 where v1 subtracted from whole words
//                (zero = field of (word + 0x11111111)), else 0 (zero = (field + 1) & 15)
// Grid (inputTiles, ceil(outputs / 8)), 64 threads.
KERNEL void pack_gptq(const uint32_t* qweight, const uint32_t* qzeros, const uint16_t* scales,
                      const int32_t* order, uint8_t* packed, int32_t* flags, int32_t inputs,
                      int32_t outputs, int32_t groupSize, int32_t tileGroups, int32_t scaleType,
                      int32_t zeroOffset, int32_t borrow, int32_t base, int32_t run, int32_t stride);

// Any 4-bit GPTQ tensors to row-major f16 [outputs, inputs]: fp16(scale * (code - zero)).
// groupIndex: int32 [inputs] or 0 for j / groupSize. Grid (ceil(inputs / 256), outputs), 256 threads.
KERNEL void gptq_to_dense(const uint32_t* qweight, const uint32_t* qzeros, const uint16_t* scales,
                          const int32_t* groupIndex, uint16_t* dense, int32_t inputs,
                          int32_t outputs, int32_t groupSize, int32_t scaleType, int32_t zeroOffset,
                          int32_t borrow);

// Packs row-major weights [outputs, inputs] of sourceType 0 f16, 1 bf16, 2 f32 as f16 or bf16.
// Grid (inputTiles, ceil(outputs / 8)), 128 threads. flags[0] |= 2 where a finite weight overflowed.
KERNEL void pack_dense_f16(const void* dense, uint8_t* packed, int32_t* flags, int32_t inputs,
                           int32_t outputs, int32_t sourceType, int32_t base, int32_t run,
                           int32_t stride);
KERNEL void pack_dense_bf16(const void* dense, uint8_t* packed, int32_t* flags, int32_t inputs,
                            int32_t outputs, int32_t sourceType, int32_t base, int32_t run,
                            int32_t stride);

// Packed int4 to packed f16 of the same tiles, with the product kernels' bits: what prefill
// multiplies with. Grid (tiles), 64 threads; tiles = outputTiles * inputTiles.
KERNEL void dequantise_i4g128(const uint8_t* packed, uint8_t* dense);
KERNEL void dequantise_i4g64(const uint8_t* packed, uint8_t* dense);
KERNEL void dequantise_i4g32(const uint8_t* packed, uint8_t* dense);

// Made-up weights for benchmarks, straight into packed form: codes and zero 8 from a hash of the
// seed, scales such that the weights' standard deviation is `deviation`. Grid (tiles), 64 threads.
KERNEL void generate_int4(uint8_t* packed, int32_t tileGroups, uint32_t seed, float deviation);
KERNEL void generate_f16(uint8_t* packed, uint32_t seed, float deviation);
KERNEL void generate_bf16(uint8_t* packed, uint32_t seed, float deviation);

// ---------------------------------------------------------------------------------------------
// PRODUCTS  y[m][n] = sum over k of x[m][k] * W[n][k], float32 sums.
// product_{format}_{size}, format of i4g128, i4g64, i4g32, f16, bf16; sizes:
//   r8n32, r8n64   up to 8 rows a block        r16n64   up to 16       (slices within the block)
//   r8n32_bulk, r8n64_bulk, r16n64_bulk   the same with weights brought by the bulk copy engine on
//                  compute capability 9.0 and above (below, the same as without): faster there
//   r32n256        up to 32 rows a block       r64n256  up to 64       (slices in grid.z = 4)
//   r128n128       128 rows a block, f16 and bf16 only: prefill
//   r8n32_thin_bulk   int4 only, for three blocks on a multiprocessor instead of two
//   w64n128, w64n256   int4 only, up to 64 rows a block by warpgroup products, on compute capability
//                  9.0 alone (elsewhere they stop), slices in grid.z = 4. x is what arrange_rows made
//                  of the activations, ldx the rows of that arrangement
//   w64n128_steps, w64n256_steps   i4g64 only, the same: weights are made ready a step at a time while
//                  those before are multiplied. To be measured; the engine takes neither
//   w128n128       the same for 128 rows a block and every format, all slices within it: prefill
//   wgmma          f16 only, 256 rows a block, one sum over all of K and so other bits: what the matrix
//                  rate of a device is measured with
// Any size takes any number of rows. Grid:
//   (ceil(rows / rowsPerBlock), ceil(outputs / outputsPerBlock), 4 where slicesInGrid is 4, else 1)
// partials (slicesInGrid 4 only, else 0): float32, 4 * grid.x * grid.y * rowsPerBlock *
//   outputsPerBlock of them. counters (likewise): int32, grid.x * grid.y, zero before the first
//   launch, and zero again after each.
//   outputs   packed outputs to be computed (the end of the last source's)
//   bias      float32 [outputs] in packed order, or 0
//   mode      0 STORE     out float32 [rows][ldo] = y + bias
//             1 ADD       out float32 [rows][ldo] += y + bias   (the residual stream)
//             2 SWIGLU    out T [rows][ldo], column 8i + j = silu(y[16i + j]) * y[16i + 8 + j]
//             3 NARROW    out T [rows][ldo] = y + bias
//             4 SWIGLU, its output arranged for the product that follows: ldo rows of arrangement
// ---------------------------------------------------------------------------------------------
#define PRODUCT(NAME)                                                                            \
  KERNEL void NAME(const uint8_t* weights, const uint16_t* x, void* out, const float* bias,      \
                   float* partials, int32_t* counters, int32_t rows, int32_t inputs,             \
                   int32_t outputs, int32_t ldx, int32_t ldo, int32_t mode);

#define PRODUCTS(FORMAT)             \
  PRODUCT(product_##FORMAT##_r8n32)  \
  PRODUCT(product_##FORMAT##_r8n64)  \
  PRODUCT(product_##FORMAT##_r16n64) \
  PRODUCT(product_##FORMAT##_r8n32_bulk) \
  PRODUCT(product_##FORMAT##_r8n64_bulk) \
  PRODUCT(product_##FORMAT##_r16n64_bulk) \
  PRODUCT(product_##FORMAT##_r32n256) \
  PRODUCT(product_##FORMAT##_r64n256) \
  PRODUCT(product_##FORMAT##_w128n128)

#define INT4_PRODUCTS(FORMAT) \
  PRODUCTS(FORMAT)                       \
  PRODUCT(product_##FORMAT##_r8n32_thin_bulk) \
  PRODUCT(product_##FORMAT##_w64n128)    \
  PRODUCT(product_##FORMAT##_w64n256)

INT4_PRODUCTS(i4g128)
INT4_PRODUCTS(i4g64)
INT4_PRODUCTS(i4g32)
PRODUCT(product_i4g64_w64n128_steps)
PRODUCT(product_i4g64_w64n256_steps)
PRODUCTS(f16)
PRODUCTS(bf16)
PRODUCT(product_f16_r128n128)
PRODUCT(product_bf16_r128n128)
PRODUCT(product_f16_wgmma)

// Activations of either type in the order of the warpgroup products: arranged has 128 * gridDim.y
// rows of 128 * ceil(inputs / 128) elements, those behind `rows` zero; the wgmma size wants a multiple
// of 256 of them. Grid (2 * ceil(inputs / 128), ceil(rows / 128) or more), 256 threads.
//
// Where `inputs` is a multiple of 128 the kernels that make activations can arrange them as they write:
// rms_norm and attention_merge by `arranged` (rows of the arrangement, a multiple of 128; 0 for row by
// row), products by mode 4. They leave the arrangement's rows behind `rows` as they are; a product keeps
// nothing of what it makes of those.
KERNEL void arrange_rows(const uint16_t* x, uint16_t* arranged, int32_t rows, int32_t ldx);

// ---------------------------------------------------------------------------------------------
// ROW BY ROW
// ---------------------------------------------------------------------------------------------

// residual[r][0..n) = table[tokens[r]] widened; type 0 f16, 1 bf16, 2 f32.
// Grid (rows), 256 threads.
KERNEL void embed(const void* table, const int32_t* tokens, float* residual, int32_t n,
                  int32_t ldr, int32_t type);

// x[r] = T(residual[s] * rsqrt(mean(residual[s]^2) + epsilon) * weight), s = rowIndex[r], or r where
// rowIndex is 0. weight is float32 [n]. Grid (rows), 512 threads.
KERNEL void rms_norm_f16(const float* residual, const float* weight, const int32_t* rowIndex,
                         uint16_t* x, int32_t n, int32_t ldr, int32_t ldx, int32_t arranged,
                         float epsilon);
KERNEL void rms_norm_bf16(const float* residual, const float* weight, const int32_t* rowIndex,
                          uint16_t* x, int32_t n, int32_t ldr, int32_t ldx, int32_t arranged,
                          float epsilon);

// out[r][j] = x[r][order[j]], j < n; either 16-bit type. Grid (ceil(n / 1024), rows), 256 threads.
KERNEL void gather_columns(const uint16_t* x, const int32_t* order, uint16_t* out, int32_t n,
                           int32_t ldx, int32_t ldo);

// x[r][i] = T(silu(gate[r][i]) * up[r][i]): where gate and up are not interleaved.
// Grid (ceil(n / 1024), rows), 256 threads.
KERNEL void silu_multiply_f16(const float* gate, const float* up, uint16_t* x, int32_t n,
                              int32_t ldg, int32_t ldx);
KERNEL void silu_multiply_bf16(const float* gate, const float* up, uint16_t* x, int32_t n,
                               int32_t ldg, int32_t ldx);

// ---------------------------------------------------------------------------------------------
// KEYS AND VALUES. A page holds 64 positions of all layers; page p begins at element p * pageStride
// of the pool, and within it layer l at l * layerElements, layerElements = 2 * kvHeads * 64 * D,
// where D is headSize rounded up to 32, 64 or 128. `cache` below is the pool's base plus the layer's
// offset. In a page and layer, for each kv head: keys [64][D], then (after all heads' keys) values
// TURNED [D][64]. Elements are T.
// Keys: (head * 64 + slot) * D + d. Values: kvHeads * 64 * D + (head * D + d) * 64 + slot.
// Nothing of a page needs to be cleared: what was not written is not read.
//
// tables: int32 [sequences][tableStride], the page numbers of each sequence in order.
// rowTable[r]: which line of tables row r uses. positions[r]: its position. All in device memory,
// so that a captured graph serves any sequences.
// ---------------------------------------------------------------------------------------------

// Norms queries and keys per head (queryNorm, keyNorm: float32 [headSize], or 0), turns them, writes
// q as T [rows][heads][D] (columns from headSize on zero), and keys and values into their pages.
//   qkv       float32 [rows][ldqkv]: queries at column 0, keys at keyAt, values at valueAt
//   turns     float32 [positions][headSize / 2][2]: cosine and sine, the attention factor in them
// Grid (rows, ceil((heads + 2 * kvHeads) / 4)), 128 threads.
KERNEL void rotary_cache_f16(const float* qkv, const float* turns, const float* queryNorm,
                             const float* keyNorm, const int32_t* positions,
                             const int32_t* rowTable, const int32_t* tables, uint16_t* q,
                             uint16_t* cache, int64_t pageStride, int32_t ldqkv, int32_t keyAt,
                             int32_t valueAt, int32_t heads, int32_t kvHeads, int32_t headSize,
                             int32_t D, int32_t tableStride, float epsilon);
KERNEL void rotary_cache_bf16(const float* qkv, const float* turns, const float* queryNorm,
                              const float* keyNorm, const int32_t* positions,
                              const int32_t* rowTable, const int32_t* tables, uint16_t* q,
                              uint16_t* cache, int64_t pageStride, int32_t ldqkv, int32_t keyAt,
                              int32_t valueAt, int32_t heads, int32_t kvHeads, int32_t headSize,
                              int32_t D, int32_t tableStride, float epsilon);

// Decode: each row by itself, a warp for each page and kv head. Writes partial results
//   partials float32 [rows][heads][pages][D + 2]: the sums, then largest score and sum of weights
// with pages = grid.x >= max(positions) / 64 + 1; then attention_merge gives the rows' outputs.
//   scale     1 / sqrt(headSize)        window    positions a row sees, itself included; 2^30 for all
// Grid (pages, kvHeads * ceil(heads / kvHeads / 16), rows), 32 threads.
#define ATTENTION_DECODE(NAME)                                                                     \
  KERNEL void NAME(const uint16_t* q, const uint16_t* cache, const int32_t* positions,             \
                   const int32_t* rowTable, const int32_t* tables, float* partials,                \
                   int64_t pageStride, int32_t heads, int32_t kvHeads, int32_t tableStride,        \
                   int32_t window, float scale);
ATTENTION_DECODE(attention_decode_f16_d32)
ATTENTION_DECODE(attention_decode_f16_d64)
ATTENTION_DECODE(attention_decode_f16_d128)
ATTENTION_DECODE(attention_decode_bf16_d32)
ATTENTION_DECODE(attention_decode_bf16_d64)
ATTENTION_DECODE(attention_decode_bf16_d128)

// out T [rows][ldo], head h at column h * headSize, from row row0 on. pages as in the launch before.
// Grid (heads, rows), 128 threads.
KERNEL void attention_merge_f16(const float* partials, const int32_t* positions, uint16_t* out,
                                int32_t row0, int32_t heads, int32_t headSize, int32_t D,
                                int32_t pages, int32_t ldo, int32_t arranged, int32_t window);
KERNEL void attention_merge_bf16(const float* partials, const int32_t* positions, uint16_t* out,
                                 int32_t row0, int32_t heads, int32_t headSize, int32_t D,
                                 int32_t pages, int32_t ldo, int32_t arranged, int32_t window);

// Prefill: consecutive rows with consecutive positions of one sequence at a time, to the same bits.
//   items     int32 [n][2]: first row and number of rows of a piece of one sequence, at most
//             128 / (heads / kvHeads) rows each (heads / kvHeads <= 128); a piece may begin anywhere
// The rows' positions are positions[first] + 0, 1, 2, ...; keys and values up to the last one are in
// the pages already. Grid (n, kvHeads), 256 threads.
#define ATTENTION_PREFILL(NAME)                                                                    \
  KERNEL void NAME(const uint16_t* q, const uint16_t* cache, const int32_t* items,                 \
                   const int32_t* positions, const int32_t* rowTable, const int32_t* tables,       \
                   uint16_t* out, int64_t pageStride, int32_t heads, int32_t kvHeads,              \
                   int32_t headSize, int32_t tableStride, int32_t ldo, int32_t window, float scale);
ATTENTION_PREFILL(attention_prefill_f16_d32)
ATTENTION_PREFILL(attention_prefill_f16_d64)
ATTENTION_PREFILL(attention_prefill_f16_d128)
ATTENTION_PREFILL(attention_prefill_bf16_d32)
ATTENTION_PREFILL(attention_prefill_bf16_d64)
ATTENTION_PREFILL(attention_prefill_bf16_d128)

// ---------------------------------------------------------------------------------------------
// READOUT of float32 logits [rows][ld]
// ---------------------------------------------------------------------------------------------

// For each row: argmax[r] the lowest index of the largest logit, or -1 where one is not finite;
// margin[r] float32: the largest less the largest of all others, 0 where two are largest;
// largest[r] float32; logSum[r] float64: log of the sum of exp(logit - largest).
// Grid (rows), 1024 threads.
KERNEL void log_softmax(const float* logits, int32_t* argmax, float* margin, float* largest,
                        double* logSum, int32_t n, int32_t ld);

// result[i] float64 = logits[row[i]][token[i]] - largest[row[i]] - logSum[row[i]].
// Grid (ceil(count / 256)), 256 threads.
KERNEL void token_log_probability(const float* logits, const int32_t* row, const int32_t* token,
                                  const float* largest, const double* logSum, double* result,
                                  int32_t count, int32_t ld);

// tokens[r] = argmax[r] and positions[r] += 1: the next decode step without the host.
// Grid (ceil(rows / 256)), 256 threads.
KERNEL void advance(const int32_t* argmax, int32_t* tokens, int32_t* positions, int32_t rows);

// ---------------------------------------------------------------------------------------------
// QUANTISING (LayerArithmetic of inference says what it is for). Output channels lie side by side:
// weights, errors and codes are [inputs][ld], ld a multiple of 64, channels behind the last one 0.
// panels: an upper triangle, four columns side by side: element (i, j) at [j / 4][i][j % 4].
// Positions are places in GPTQ's order. `inputs`, groups and all bounds are multiples of 4.
// ---------------------------------------------------------------------------------------------

// sums[i][j] += the float32 chain of x[t][i] * x[t][j] over `depth` tokens, i <= j (and some below);
// sums float64 [inputs][inputs], x f16. Grid (ceil(inputs / 64), the same), 64 threads.
KERNEL void add_outer_products(const uint16_t* x, double* sums, int32_t depth, int32_t inputs,
                               int32_t ldx);

// turned[p][n] = (weights - minus)[n][order[p]], 0 where order is negative; minus and order may be 0.
// weights and minus float32 [outputs][inputs]. Grid (ceil(inputs / 32), ld / 32), 256 threads.
KERNEL void turn_weights(const float* weights, const float* minus, const int32_t* order,
                         float* turned, int32_t outputs, int32_t inputs, int32_t ld);

// The grid of a group, count rows of weights from `at` (row i is places[at + i] where places is not 0):
// of the ranges shares[t] * [min, max], t < tries, the first with the least loss. compensated: the
// group is taken column by column, count <= 128; else squared errors count by importance.
//   middle   the zero point of a symmetric grid, or -1     flags[0] |= 1 where f16 cannot hold a grid
//   scales   f16 [ld], and zeros: the group's rows. Grid (ld / 32), 128 threads.
KERNEL void search_grids(const float* weights, const int32_t* places, const float* importance,
                         const float* panels, const float* shares, uint16_t* scales, uint8_t* zeros,
                         int32_t* flags, int32_t at, int32_t count, int32_t inputs, int32_t ld,
                         int32_t tries, int32_t compensated, int32_t maxCode, int32_t middle);

// Takes count <= 128 inputs from `at` one after another: codes [inputs][ld] and errors [count][ld],
// negated and divided by the diagonal. groups[p]: the row of scales and zeros. Grid (ld / 32), 32 threads.
KERNEL void quantise_columns(const float* weights, const float* panels, const uint16_t* scales,
                             const uint8_t* zeros, const int32_t* groups, uint8_t* codes,
                             float* errors, int32_t at, int32_t count, int32_t inputs, int32_t ld,
                             int32_t maxCode);

// c[j - from][n] += the chain of panels(at + d, j) * b[d][n] over d < depth, from <= j < to.
// Grid (ld / 64, ceil((to - from) / 64)), 64 threads.
KERNEL void add_column_products(const float* panels, const float* b, float* c, int32_t depth,
                                int32_t at, int32_t from, int32_t to, int32_t inputs, int32_t ld);

// losses[n] += sum over j < count of products[j][n] * errors[j][n], four in float32 at a time.
// Grid (ld / 64), 64 threads.
KERNEL void add_losses(const float* products, const float* errors, double* losses, int32_t count,
                       int32_t ld);

// ---------------------------------------------------------------------------------------------
// MEASURES
// ---------------------------------------------------------------------------------------------

// Reads `bytes` (a multiple of 16) once with wide loads; sums[block] keeps the loads alive.
// Grid (any, e.g. 8 for each multiprocessor), 256 threads.
KERNEL void read_stream(const uint8_t* data, uint32_t* sums, int64_t bytes);
