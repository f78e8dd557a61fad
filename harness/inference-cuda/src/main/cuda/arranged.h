// The order in which warpgroup products read their activations (kernels.h, arrange_rows).
#pragma once
#include "words.h"

// Where an element lies, in elements; `rows` are those of the arrangement. 64 inputs of all rows are
// together; a row's 128 bytes hold them in the order of the steps' slots, 16-byte chunk c at c ^ (row % 8).
DEVICE long long arranged_at(int row, int column, int rows) {
  int input = column % 64;
  // Slots 8h .. 8h + 7 of step s, chunk 2s + h, are pairs t = 0..3 of inputs 32 (s / 2) + 8t + 4 (s % 2) + 2h.
  int chunk = input / 32 * 4 + input % 8 / 2;
  int element = input % 32 / 8 * 2 + input % 2;
  return (static_cast<long long>(column / 64) * rows + row) * 64 + (chunk ^ (row & 7)) * 8 + element;
}
