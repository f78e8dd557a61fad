// The kernels of the image by name, with their launch rules and parameters.
#include <tuple>
#include <utility>

#include "emulator.h"
#include "product.h"

namespace emulation {
namespace {

template <class P>
constexpr char letter() {
  if constexpr (std::is_pointer_v<P>) return 'P';
  else if constexpr (std::is_same_v<P, float>) return 'F';
  else if constexpr (sizeof(P) == 8) return 'L';
  else return 'I';
}

template <auto F>
struct Caller;
template <class... P, void (*F)(P...)>
struct Caller<F> {
  template <size_t... I>
  static void apply(void** p, std::index_sequence<I...>) {
    F(*static_cast<P*>(p[I])...);
  }
  static void call(void** p) { apply(p, std::index_sequence_for<P...>()); }
  static std::string parameters() { return {letter<P>()...}; }
};

template <auto F>
Kernel plain(const char* name, int threads, int shared = 0) {
  return {name, threads, shared, 0, 0, 0, Caller<F>::parameters(), &Caller<F>::call};
}
template <auto F, class Size>
Kernel sized(const char* name, int slices) {
  return {name, Size::THREADS, Size::SHARED, Size::ROWS, Size::OUTPUTS, slices,
          Caller<F>::parameters(), &Caller<F>::call};
}

}  // namespace

#define PLAIN(NAME, ...) plain<&NAME>(#NAME, __VA_ARGS__)
#define SIZED(NAME, F, SIZE, SLICES) \
  sized<&product_##NAME##_##SIZE, Sizes<F>::SIZE>("product_" #NAME "_" #SIZE, SLICES)
#define BULK(NAME, F, SIZE) \
  SIZED(NAME, F, SIZE##_bulk, 1)
#define PRODUCTS_OF(NAME, F)                                                                         \
  SIZED(NAME, F, r8n32, 1), SIZED(NAME, F, r8n64, 1), SIZED(NAME, F, r16n64, 1),              \
      BULK(NAME, F, r8n32), BULK(NAME, F, r8n64), BULK(NAME, F, r16n64),                      \
      SIZED(NAME, F, r32n256, 4), SIZED(NAME, F, r64n256, 4),     \
      SIZED(NAME, F, w128n128, 1)
#define INT4_PRODUCTS_OF(NAME, F)                                                             \
  PRODUCTS_OF(NAME, F), BULK(NAME, F, r8n32_thin), SIZED(NAME, F, w64n128, 4), SIZED(NAME, F, w64n256, 4)
#define ATTENTIONS(T, D)                               \
  PLAIN(attention_decode_##T##_d##D, 32, D * 256), PLAIN(attention_prefill_##T##_d##D, 256, D * 512)

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> all = {
      PLAIN(pack_gptq, 64),
      PLAIN(gptq_to_dense, 256),
      PLAIN(pack_dense_f16, 128),
      PLAIN(pack_dense_bf16, 128),
      PLAIN(dequantise_i4g128, 64),
      PLAIN(dequantise_i4g64, 64),
      PLAIN(dequantise_i4g32, 64),
      PLAIN(generate_int4, 64),
      PLAIN(generate_f16, 64),
      PLAIN(generate_bf16, 64),
      INT4_PRODUCTS_OF(i4g128, Int4<1>),
      INT4_PRODUCTS_OF(i4g64, Int4<2>),
      INT4_PRODUCTS_OF(i4g32, Int4<4>),
      SIZED(i4g64, Int4<2>, w64n128_steps, 4),
      SIZED(i4g64, Int4<2>, w64n256_steps, 4),
      PRODUCTS_OF(f16, Dense<F16>),
      PRODUCTS_OF(bf16, Dense<Bf16>),
      SIZED(f16, Dense<F16>, r128n128, 1),
      SIZED(bf16, Dense<Bf16>, r128n128, 1),
      sized<&product_f16_wgmma, Warpgroups<Dense<F16>>>("product_f16_wgmma", 1),
      PLAIN(arrange_rows, 256),
      PLAIN(embed, 256),
      PLAIN(rms_norm_f16, 512, 64),
      PLAIN(rms_norm_bf16, 512, 64),
      PLAIN(gather_columns, 256),
      PLAIN(silu_multiply_f16, 256),
      PLAIN(silu_multiply_bf16, 256),
      PLAIN(rotary_cache_f16, 128),
      PLAIN(rotary_cache_bf16, 128),
      ATTENTIONS(f16, 32),
      ATTENTIONS(f16, 64),
      ATTENTIONS(f16, 128),
      ATTENTIONS(bf16, 32),
      ATTENTIONS(bf16, 64),
      ATTENTIONS(bf16, 128),
      PLAIN(attention_merge_f16, 128),
      PLAIN(attention_merge_bf16, 128),
      PLAIN(log_softmax, 1024, 768),
      PLAIN(token_log_probability, 256),
      PLAIN(advance, 256),
      PLAIN(add_outer_products, 64, 8704),
      PLAIN(turn_weights, 256, 4224),
      PLAIN(search_grids, 128, 65536),
      PLAIN(quantise_columns, 32, 16384),
      PLAIN(add_column_products, 64, 8704),
      PLAIN(add_losses, 64),
      PLAIN(read_stream, 256),
  };
  return all;
}

}  // namespace emulation

#ifdef PRINT_CATALOG
#include <stdio.h>

// Prints kernels.tsv.
int main() {
  auto number = [](int n) { return n == 0 ? std::string("-") : std::to_string(n); };
  for (const emulation::Kernel& k : emulation::kernels()) {
    printf("%s\t%d\t%d\t%s\t%s\t%s\t%s\n", k.name, k.threads, k.shared, number(k.rows).c_str(),
           number(k.outputs).c_str(), number(k.slices).c_str(), k.parameters.c_str());
  }
}
#endif
