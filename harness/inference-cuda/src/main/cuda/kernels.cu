// The whole image in one translation unit.
#include "product.cu"
#include "weights.cu"
#include "rows.cu"
#include "attention.cu"
#include "quantise.cu"
