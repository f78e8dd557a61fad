// Every kernel against a plain reference in double, on the emulator alone: the quickest way to hear
// of a mistake. The same is asked of the device by the JUnit tests.
//   selftest [part of a test's name]
// Built with ON_DEVICE it runs the same on a real device, from page-locked memory that host and device
// see at one address, and measures:
//   devicetest kernels.fatbin [part of a test's name | speed]
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "emulator.h"
#include "kernels.h"

#ifdef ON_DEVICE
// The C++ library names it, and nothing calls it: older C libraries do not have it.
extern "C" unsigned arc4random() { return 0; }
#endif

namespace {

using emulation::Dim;
#ifdef ON_DEVICE
// The tensor core cuts off what does not fit its sums.
constexpr double PRODUCT_TOLERANCE = 1e-5;
#else
constexpr double PRODUCT_TOLERANCE = 1e-6;
#endif
std::mt19937 random_bits(7);
int failures = 0;
std::string now;

void expect(bool good, const char* format, ...) __attribute__((format(printf, 2, 3)));
void expect(bool good, const char* format, ...) {
  if (good) return;
  if (++failures > 20) return;
  printf("  %s: ", now.c_str());
  va_list list;
  va_start(list, format);
  vprintf(format, list);
  va_end(list);
  printf("\n");
}

float uniform(float low, float high) {
  return std::uniform_real_distribution<float>(low, high)(random_bits);
}
int below(int n) { return static_cast<int>(random_bits() % static_cast<unsigned>(n)); }

#ifdef ON_DEVICE
#include "device.inc"
#else
void* take_memory(size_t bytes) { return aligned_alloc(256, (bytes + 255) / 256 * 256); }
void give_memory(void* p) { free(p); }
std::string run_kernel(const emulation::Kernel& k, Dim grid, void** parameters) {
  // All threads wait for the kernel before; what they may do before is the stand-in's to say.
  emulation::Guard guard = {{}, {0, SIZE_MAX}};
  return emulation::run(k, grid, {static_cast<unsigned>(k.threads), 1, 1}, static_cast<unsigned>(k.shared), parameters, &guard);
}
#endif

// Memory that reads as ones, also for a while behind its end.
template <class V>
struct Buffer {
  V* v;
  explicit Buffer(size_t n) : v(static_cast<V*>(take_memory(n * sizeof(V) + 256))) { memset(v, 0xff, n * sizeof(V) + 256); }
  Buffer(Buffer&& from) noexcept : v(from.v) { from.v = nullptr; }
  Buffer(const Buffer&) = delete;
  ~Buffer() {
    if (v != nullptr) give_memory(v);
  }
  V* at() { return v; }
  V& operator[](size_t i) { return v[i]; }
};
template <class V>
Buffer<V> buffer(size_t n) {
  return Buffer<V>(n);
}
template <class V>
Buffer<V> zeros(size_t n) {
  Buffer<V> b = buffer<V>(n);
  memset(b.at(), 0, n * sizeof(V));
  return b;
}

template <class... P>
void launch(const std::string& name, Dim grid, P... parameters) {
  const emulation::Kernel* k = emulation::find(name);
  if (k == nullptr) {
    expect(false, "no kernel %s", name.c_str());
    return;
  }
  void* list[] = {&parameters...};
  expect(sizeof...(P) == k->parameters.size(), "%s takes %zu parameters", name.c_str(), k->parameters.size());
  std::string wrong = run_kernel(*k, grid, list);
  expect(wrong.empty(), "%s: %s", name.c_str(), wrong.c_str());
}

unsigned up(long a, long b) { return static_cast<unsigned>((a + b - 1) / b); }

struct Gptq {
  int K, N, group, groups;
  Buffer<uint32_t> qweight, qzeros;
  Buffer<uint16_t> scales;
  std::vector<int> code, zero;  // [k][n], [group][n]
  Gptq(int K, int N, int groupSize)
      : K(K), N(N), group(groupSize), groups(static_cast<int>(up(K, groupSize))),
        qweight(zeros<uint32_t>(size_t(K / 8) * N)), qzeros(zeros<uint32_t>(size_t(groups) * N / 8)),
        scales(zeros<uint16_t>(size_t(groups) * N)), code(size_t(K) * N), zero(size_t(groups) * N) {
    for (int k = 0; k < K; k++)
      for (int n = 0; n < N; n++) {
        int c = below(16);
        code[size_t(k) * N + n] = c;
        qweight[size_t(k / 8) * N + n] |= uint32_t(c) << (k % 8 * 4);
      }
    for (int g = 0; g < groups; g++)
      for (int n = 0; n < N; n++) {
        int z = below(16);
        zero[size_t(g) * N + n] = z;
        qzeros[(size_t(g) * N + n) / 8] |= uint32_t((z + 15) % 16) << (n % 8 * 4);  // v1, by field
        scales[size_t(g) * N + n] = float_to_f16(uniform(0.002f, 0.02f));
      }
  }
  uint16_t weight(int k, int n) {
    size_t g = size_t(k / group) * N + n;
    return float_to_f16(f16_to_float(scales[g]) * float(code[size_t(k) * N + n] - zero[g]));
  }
};

const char* SIZES[] = {"r8n32", "r8n64", "r16n64", "r8n32_bulk", "r8n64_bulk", "r16n64_bulk", "r32n256", "r64n256", "r128n128",
                       "r8n32_thin_bulk", "w64n128", "w64n256", "w64n128_steps", "w64n256_steps", "w128n128"};

// The yardstick: other bits, the same numbers.
void check_wgmma(const std::string& format, const uint8_t* packed, Buffer<uint16_t>& x, const std::vector<float>& want, const float* bias,
                 int rows, int K, int N, int ldx) {
  int padded = int(up(rows, 256)) * 256, columns = int(up(K, 128)) * 128;
  Buffer<uint16_t> arranged = buffer<uint16_t>(size_t(padded) * columns);
  launch("arrange_rows", {unsigned(columns / 64), unsigned(padded / 128), 1}, (const uint16_t*)x.at(), arranged.at(), rows, ldx);
  Buffer<float> out = buffer<float>(size_t(rows) * N);
  launch("product_" + format + "_wgmma", {up(rows, 256), up(N, 128), 1}, packed, (const uint16_t*)arranged.at(), (void*)out.at(), bias,
         (float*)nullptr, (int32_t*)nullptr, rows, K, N, 0, N, 0);
  double worst = 0, size = 0;
  for (size_t i = 0; i < want.size(); i++) {
    worst = std::max(worst, fabs(double(out[i]) - want[i]));
    size = std::max(size, fabs(double(want[i])));
  }
  expect(worst < 10 * PRODUCT_TOLERANCE * (size + 1), "%s wgmma is off by %g of %g", format.c_str(), worst, size);
}

// Activations as arrange_rows puts them, and as a kernel that arranges by itself did; what lies behind
// the rows is nobody's.
Buffer<uint16_t> ones_of_arrangement(int rows, int columns) { return buffer<uint16_t>(size_t(up(rows, 128)) * 128 * columns); }
void expect_arranged(const char* what, const uint16_t* plain, const uint16_t* found, int rows, int columns, int ldx) {
  Buffer<uint16_t> want = ones_of_arrangement(rows, columns);
  launch("arrange_rows", {up(columns, 128) * 2, up(rows, 128), 1}, plain, want.at(), rows, ldx);
  int bad = 0;
  for (size_t i = 0; i < size_t(up(rows, 128)) * 128 * columns; i++) {
    bool own = int(i / 64 % (up(rows, 128) * 128)) < rows;
    bad += found[i] != (own ? want[i] : 0xffff);
  }
  expect(bad == 0, "%s of %d rows and %d columns: %d elements arranged wrong", what, rows, columns, bad);
}

// Runs a product of any size into out; bits compared by the caller.
void product(const std::string& format, const std::string& size, const uint8_t* packed,
             const uint16_t* x, void* out, const float* bias, int rows, int K, int N, int ldx,
             int ldo, int mode) {
  const emulation::Kernel* k = emulation::find("product_" + format + "_" + size);
  if (k == nullptr) return;
  Dim grid = {up(rows, k->rows), up(N, k->outputs), static_cast<unsigned>(k->slices)};
  Buffer<uint16_t> arranged = buffer<uint16_t>(size[0] == 'w' ? size_t(up(rows, 128)) * 128 * ldx : 1);
  if (size[0] == 'w') {
    launch("arrange_rows", {up(K, 128) * 2, up(rows, 128), 1}, x, arranged.at(), rows, ldx);
    x = arranged.at();
    ldx = int(up(rows, 128)) * 128;
  }
  Buffer<float> partials = buffer<float>(k->slices == 4 ? size_t(4) * grid.x * grid.y * k->rows * k->outputs : 1);
  Buffer<int32_t> counters = zeros<int32_t>(size_t(grid.x) * grid.y);
  launch("product_" + format + "_" + size, grid, packed, x, out, bias, partials.at(), counters.at(),
         rows, K, N, ldx, ldo, mode);
  for (unsigned i = 0; i < grid.x * grid.y; i++) expect(counters[i] == 0, "counter %u left at %d", i, counters[i]);
}

template <class T>
void check_products(const std::string& format, Buffer<uint8_t>& packed,
                    const std::function<float(int, int)>& weight, int K, int N, int rows,
                    bool everySize) {
  int ldx = static_cast<int>(up(K, 128)) * 128;
  Buffer<uint16_t> x = zeros<uint16_t>(size_t(rows) * ldx);
  for (int r = 0; r < rows; r++)
    for (int k = 0; k < K; k++) x[size_t(r) * ldx + k] = T::narrow(uniform(-1, 1));
  Buffer<float> bias = buffer<float>(N);
  for (int n = 0; n < N; n++) bias[n] = uniform(-1, 1);
  std::vector<float> first;
  for (const char* size : SIZES) {
    if (emulation::find("product_" + format + "_" + size) == nullptr) continue;
    if (!everySize && std::string(size) != "r8n32" && std::string(size) != "r64n256" && std::string(size) != "w64n256") continue;
    Buffer<float> out = buffer<float>(size_t(rows) * N);
    product(format, size, packed.at(), x.at(), out.at(), bias.at(), rows, K, N, ldx, N, 0);
    if (first.empty()) {
      first.assign(out.at(), out.at() + size_t(rows) * N);
      for (int r = 0; r < rows; r++)
        for (int n = 0; n < N; n++) {
          double want = bias[n], size2 = 0;
          for (int k = 0; k < K; k++) {
            double p = double(T::widen(x[size_t(r) * ldx + k])) * weight(k, n);
            want += p;
            size2 += fabs(p);
          }
          float got = first[size_t(r) * N + n];
          expect(fabs(got - want) <= PRODUCT_TOLERANCE * (size2 + 1), "%s %s row %d output %d: expected %g, found %g",
                 format.c_str(), size, r, n, want, got);
        }
    } else {
      expect(memcmp(first.data(), out.at(), first.size() * 4) == 0, "%s %s: other bits than r8n32", format.c_str(), size);
    }
  }
  if (format == "f16") check_wgmma(format, packed.at(), x, first, bias.at(), rows, K, N, ldx);
  // A row alone has the same bits as among others.
  for (int r : {0, rows - 1}) {
    Buffer<float> out = buffer<float>(N);
    product(format, "r8n32", packed.at(), x.at() + size_t(r) * ldx, out.at(), bias.at(), 1, K, N, ldx, N, 0);
    expect(memcmp(first.data() + size_t(r) * N, out.at(), N * 4u) == 0, "%s row %d alone: other bits", format.c_str(), r);
  }
  // ADD and NARROW follow from STORE.
  Buffer<float> sum = buffer<float>(size_t(rows) * N);
  std::vector<float> before(size_t(rows) * N);
  for (auto& v : before) v = uniform(-1, 1);
  std::copy(before.begin(), before.end(), sum.at());
  product(format, "r16n64", packed.at(), x.at(), sum.at(), bias.at(), rows, K, N, ldx, N, 1);
  Buffer<uint16_t> narrow = buffer<uint16_t>(size_t(rows) * N);
  product(format, "r16n64", packed.at(), x.at(), narrow.at(), bias.at(), rows, K, N, ldx, N, 3);
  for (size_t i = 0; i < before.size(); i++) {
    expect(sum[i] == before[i] + first[i], "%s ADD at %zu", format.c_str(), i);
    expect(narrow[i] == T::narrow(first[i]), "%s NARROW at %zu", format.c_str(), i);
  }
}

size_t packed_bytes(int K, int N, int tileBytes) {
  return size_t(up(N, 256)) * 16 * up(K, 128) * tileBytes;
}

void test_int4() {
  struct Case { int K, N, group, rows; bool all; };
  for (Case c : {Case{128, 32, 64, 1, true}, Case{256, 96, 128, 3, true}, Case{576, 72, 64, 9, true},
                 Case{384, 40, 32, 17, false}, Case{640, 64, 640, 2, true}, Case{1024, 136, 128, 64, false},
                 Case{1536, 24, 32, 5, false}, Case{768, 48, 256, 65, false}}) {
    now = "int4 K=" + std::to_string(c.K) + " N=" + std::to_string(c.N) + " group=" + std::to_string(c.group) + " rows=" + std::to_string(c.rows);
    Gptq q(c.K, c.N, c.group);
    int tileGroups = c.group == 32 ? 4 : c.group == 64 ? 2 : 1;
    std::string format = c.group == 32 ? "i4g32" : c.group == 64 ? "i4g64" : "i4g128";
    int tileBytes = c.group == 32 ? 1184 : c.group == 64 ? 1104 : 1072;
    Buffer<uint8_t> packed = zeros<uint8_t>(packed_bytes(c.K, c.N, tileBytes));
    Buffer<int32_t> flags = zeros<int32_t>(1);
    launch("pack_gptq", {up(c.K, 128), up(c.N, 8), 1}, (const uint32_t*)q.qweight.at(), (const uint32_t*)q.qzeros.at(),
           (const uint16_t*)q.scales.at(), (const int32_t*)nullptr, packed.at(), flags.at(), c.K, c.N, c.group, tileGroups,
           0, 1, 0, 0, 1 << 30, 1 << 30);
    expect(flags[0] == 0, "flags %d", flags[0]);
    check_products<F16>(format, packed, [&](int k, int n) { return f16_to_float(q.weight(k, n)); }, c.K, c.N, c.rows, c.all);
    // Dequantised: the bits of the definition, and of the int4 product.
    size_t tiles = size_t(up(c.N, 16)) * up(c.K, 128);
    Buffer<uint8_t> dense = zeros<uint8_t>(packed_bytes(c.K, c.N, 4096));
    launch("dequantise_" + format, {unsigned(tiles), 1, 1}, (const uint8_t*)packed.at(), dense.at());
    Buffer<uint16_t> rowMajor = buffer<uint16_t>(size_t(c.K) * c.N);
    launch("gptq_to_dense", {up(c.K, 256), unsigned(c.N), 1}, (const uint32_t*)q.qweight.at(), (const uint32_t*)q.qzeros.at(),
           (const uint16_t*)q.scales.at(), (const int32_t*)nullptr, rowMajor.at(), c.K, c.N, c.group, 0, 1, 0);
    for (int n = 0; n < c.N; n++)
      for (int k = 0; k < c.K; k++) expect(rowMajor[size_t(n) * c.K + k] == q.weight(k, n), "dense weight %d %d", k, n);
    Buffer<uint8_t> repacked = zeros<uint8_t>(packed_bytes(c.K, c.N, 4096));
    launch("pack_dense_f16", {up(c.K, 128), up(c.N, 8), 1}, (const void*)rowMajor.at(), repacked.at(), flags.at(), c.K, c.N, 0, 0, 1 << 30, 1 << 30);
    // Padding is 0 in both where scales of padding are 0; compare what counts.
    int bad = 0;
    for (int n = 0; n < c.N; n++)
      for (int k = 0; k < c.K; k++) {
        size_t tile = (size_t(n / 16) * up(c.K, 128) + k / 128) * 2048;
        int j = k % 128, step = j / 32 * 2 + j % 8 / 4, t = j % 32 / 8;
        size_t at = tile + (size_t(step) * 32 + n % 8 * 4 + t) * 8 + (n / 8 % 2 + j % 4 / 2 * 2) * 2 + j % 2;
        uint16_t a = reinterpret_cast<uint16_t*>(dense.at())[at], b = reinterpret_cast<uint16_t*>(repacked.at())[at];
        bad += (a & 0x7fff) == 0 && (b & 0x7fff) == 0 ? 0 : a != b;
        bad += ((b ^ q.weight(k, n)) & 0x7fff) == 0 ? 0 : b != q.weight(k, n);
      }
    expect(bad == 0, "%d dequantised weights differ", bad);
    int ldx = int(up(c.K, 128)) * 128;
    Buffer<uint16_t> x = zeros<uint16_t>(size_t(c.rows) * ldx);
    for (int r = 0; r < c.rows; r++) for (int k = 0; k < c.K; k++) x[size_t(r) * ldx + k] = float_to_f16(uniform(-1, 1));
    Buffer<float> a = buffer<float>(size_t(c.rows) * c.N), b = buffer<float>(size_t(c.rows) * c.N);
    product(format, "r8n64", packed.at(), x.at(), a.at(), nullptr, c.rows, c.K, c.N, ldx, c.N, 0);
    product("f16", "r128n128", dense.at(), x.at(), b.at(), nullptr, c.rows, c.K, c.N, ldx, c.N, 0);
    expect(memcmp(a.at(), b.at(), size_t(c.rows) * c.N * 4) == 0, "int4 and dequantised products differ");
  }
}

template <class T>
void dense(const std::string& type, int sourceType) {
  struct Case { int K, N, rows; bool all; };
  for (Case c : {Case{128, 16, 1, true}, Case{200, 33, 7, true}, Case{640, 130, 12, true}, Case{1152, 48, 130, false}}) {
    now = type + " K=" + std::to_string(c.K) + " N=" + std::to_string(c.N) + " rows=" + std::to_string(c.rows);
    std::vector<float> w(size_t(c.K) * c.N);
    Buffer<float> w32 = buffer<float>(w.size());
    Buffer<uint16_t> w16 = buffer<uint16_t>(w.size());
    for (size_t i = 0; i < w.size(); i++) {
      w16[i] = sourceType == 1 ? float_to_bf16(uniform(-1, 1)) : float_to_f16(uniform(-1, 1));
      w32[i] = sourceType == 1 ? bf16_to_float(w16[i]) : f16_to_float(w16[i]);
      w[i] = T::widen(T::narrow(w32[i]));
    }
    Buffer<uint8_t> packed = zeros<uint8_t>(packed_bytes(c.K, c.N, 4096));
    Buffer<int32_t> flags = zeros<int32_t>(1);
    launch("pack_dense_" + type, {up(c.K, 128), up(c.N, 8), 1}, sourceType == 2 ? (const void*)w32.at() : (const void*)w16.at(),
           packed.at(), flags.at(), c.K, c.N, sourceType, 0, 1 << 30, 1 << 30);
    check_products<T>(type, packed, [&](int k, int n) { return w[size_t(n) * c.K + k]; }, c.K, c.N, c.rows, c.all);
  }
}
void test_f16() { dense<F16>("f16", 0); dense<F16>("f16", 2); }
void test_bf16() { dense<Bf16>("bf16", 1); }

void test_swiglu_and_act_order() {
  now = "swiglu, act-order";
  int K = 256, N = 40, rows = 5, group = 64;
  Gptq gate(K, N, group), up_(K, N, group);
  // A shuffled g_idx: packed input j is checkpoint input order[j].
  std::vector<int> order(K);
  for (int i = 0; i < K; i++) order[i] = i;
  std::shuffle(order.begin(), order.end(), random_bits);
  Buffer<int32_t> dOrder = buffer<int32_t>(K), gIndex = buffer<int32_t>(K);
  for (int j = 0; j < K; j++) {
    dOrder[j] = order[j];
    gIndex[order[j]] = j / group;
  }
  Buffer<uint8_t> packed = zeros<uint8_t>(packed_bytes(K, 2 * N, 1104));
  Buffer<int32_t> flags = zeros<int32_t>(1);
  int part = 0;
  for (Gptq* q : {&gate, &up_}) {
    launch("pack_gptq", {up(K, 128), up(N, 8), 1}, (const uint32_t*)q->qweight.at(), (const uint32_t*)q->qzeros.at(),
           (const uint16_t*)q->scales.at(), (const int32_t*)dOrder.at(), packed.at(), flags.at(), K, N, group, 2, 0, 1, 0,
           8 * part++, 8, 16);
  }
  Buffer<uint16_t> x = buffer<uint16_t>(size_t(rows) * K), turned = zeros<uint16_t>(size_t(rows) * K);
  for (int i = 0; i < rows * K; i++) x[i] = float_to_f16(uniform(-1, 1));
  launch("gather_columns", {up(K, 1024), unsigned(rows), 1}, (const uint16_t*)x.at(), (const int32_t*)dOrder.at(), turned.at(), K, K, K);
  Buffer<uint16_t> out = buffer<uint16_t>(size_t(rows) * N);
  product("i4g64", "r8n32", packed.at(), turned.at(), out.at(), nullptr, rows, K, 2 * N, K, N, 2);
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < N; n++) {
      double y[2] = {};
      int i = 0;
      for (Gptq* q : {&gate, &up_}) {
        for (int k = 0; k < K; k++) {
          size_t g = size_t(gIndex[k]) * N + n;
          y[i] += double(f16_to_float(x[size_t(r) * K + k])) *
                  f16_to_float(float_to_f16(f16_to_float(q->scales[g]) * float(q->code[size_t(k) * N + n] - q->zero[g])));
        }
        i++;
      }
      double want = y[0] / (1 + exp(-y[0])) * y[1];
      expect(fabs(f16_to_float(out[size_t(r) * N + n]) - want) < 2e-3 * (1 + fabs(want)), "row %d output %d: expected %g, found %g", r, n, want,
             f16_to_float(out[size_t(r) * N + n]));
    }
}

template <class T, int D>
void attention(const std::string& type, int headSize, int heads, int kvHeads, int window, std::vector<int> lengths,
               bool withNorm) {
  now = "attention " + type + " head size " + std::to_string(headSize) + " heads " + std::to_string(heads) + "/" + std::to_string(kvHeads) +
        " window " + std::to_string(window);
  int rows = 0, sequences = int(lengths.size());
  for (int l : lengths) rows += l;
  int most = *std::max_element(lengths.begin(), lengths.end());
  int tableStride = int(up(most, 64)) + 1;
  int pages = sequences * tableStride;
  std::vector<int> numbers(pages);
  for (int i = 0; i < pages; i++) numbers[i] = i;
  std::shuffle(numbers.begin(), numbers.end(), random_bits);
  Buffer<int32_t> tables = buffer<int32_t>(pages);
  for (int i = 0; i < pages; i++) tables[i] = numbers[i];
  int64_t pageStride = 2L * kvHeads * 64 * D;
  Buffer<uint16_t> cache = buffer<uint16_t>(size_t(pages) * pageStride);
  int ldqkv = (heads + 2 * kvHeads) * headSize;
  Buffer<float> qkv = buffer<float>(size_t(rows) * ldqkv), turns = buffer<float>(size_t(most) * headSize);
  for (int i = 0; i < rows * ldqkv; i++) qkv[i] = uniform(-2, 2);
  for (int p = 0; p < most; p++)
    for (int i = 0; i < headSize / 2; i++) {
      double angle = p * pow(10000.0, -2.0 * i / headSize);
      turns[(size_t(p) * headSize / 2 + i) * 2] = float(cos(angle));
      turns[(size_t(p) * headSize / 2 + i) * 2 + 1] = float(sin(angle));
    }
  Buffer<float> norm = buffer<float>(headSize);
  for (int i = 0; i < headSize; i++) norm[i] = uniform(0.5f, 1.5f);
  Buffer<int32_t> positions = buffer<int32_t>(rows), rowTable = buffer<int32_t>(rows);
  std::vector<int> rowStart;
  int r = 0;
  for (int s = 0; s < sequences; s++) {
    rowStart.push_back(r);
    for (int p = 0; p < lengths[s]; p++, r++) {
      positions[r] = p;
      rowTable[r] = s;
    }
  }
  Buffer<uint16_t> q = buffer<uint16_t>(size_t(rows) * heads * D);
  const float* n = withNorm ? norm.at() : nullptr;
  launch("rotary_cache_" + type, {unsigned(rows), up(heads + 2 * kvHeads, 4), 1}, (const float*)qkv.at(), (const float*)turns.at(), n, n,
         (const int32_t*)positions.at(), (const int32_t*)rowTable.at(), (const int32_t*)tables.at(), q.at(), cache.at(), pageStride, ldqkv,
         heads * headSize, (heads + kvHeads) * headSize, heads, kvHeads, headSize, D, tableStride, 1e-5f);
  float scale = float(1 / sqrt(double(headSize)));
  int ldo = heads * headSize;
  std::string d = "_d" + std::to_string(D);
  // Reference from the rotated values in T.
  auto turned = [&](int row, int head, int kind, std::vector<double>& to) {
    const float* from = qkv.at() + size_t(row) * ldqkv + (kind == 0 ? head : kind == 1 ? heads + head : heads + kvHeads + head) * headSize;
    std::vector<double> v(from, from + headSize);
    if (kind < 2 && withNorm) {
      double ss = 0;
      for (double e : v) ss += e * e;
      for (int i = 0; i < headSize; i++) v[i] *= norm[i] / sqrt(ss / headSize + 1e-5);
    }
    to.resize(headSize);
    for (int i = 0; i < headSize / 2; i++) {
      double a = v[i], b = v[i + headSize / 2];
      double c = turns[(size_t(positions[row]) * headSize / 2 + i) * 2], s = turns[(size_t(positions[row]) * headSize / 2 + i) * 2 + 1];
      if (kind == 2) c = 1, s = 0;
      to[i] = T::widen(T::narrow(float(a * c - b * s)));
      to[i + headSize / 2] = T::widen(T::narrow(float(b * c + a * s)));
    }
  };
  Buffer<float> partials = buffer<float>(size_t(rows) * heads * tableStride * (D + 2));
  Buffer<uint16_t> decoded = buffer<uint16_t>(size_t(rows) * ldo), filled = buffer<uint16_t>(size_t(rows) * ldo);
  launch("attention_decode_" + type + d, {unsigned(tableStride), unsigned(kvHeads) * up(heads / kvHeads, 16), unsigned(rows)},
         (const uint16_t*)q.at(), (const uint16_t*)cache.at(), (const int32_t*)positions.at(), (const int32_t*)rowTable.at(),
         (const int32_t*)tables.at(), partials.at(), pageStride, heads, kvHeads, tableStride, window, scale);
  launch("attention_merge_" + type, {unsigned(heads), unsigned(rows), 1}, (const float*)partials.at(), (const int32_t*)positions.at(),
         decoded.at(), 0, heads, headSize, D, tableStride, ldo, 0, window);
  if (ldo % 128 == 0 && rows > 9) {
    // In two launches, the second from an odd row on.
    Buffer<uint16_t> arranged = ones_of_arrangement(rows, ldo);
    for (auto [from, to] : {std::pair{0, 9}, std::pair{9, rows}}) {
      launch("attention_merge_" + type, {unsigned(heads), unsigned(to - from), 1}, (const float*)partials.at() + size_t(from) * heads * tableStride * (D + 2),
             (const int32_t*)positions.at() + from, arranged.at(), from, heads, headSize, D, tableStride, 0, int(up(rows, 128)) * 128, window);
    }
    expect_arranged("attention", decoded.at(), arranged.at(), rows, ldo, ldo);
  }
  std::vector<int> items;
  int most_rows = 128 / (heads / kvHeads);
  for (int s = 0; s < sequences; s++) {
    for (int at = 0; at < lengths[s];) {
      int count = std::min({most_rows, lengths[s] - at, 1 + below(most_rows + 20)});
      items.push_back(rowStart[s] + at);
      items.push_back(count);
      at += count;
    }
  }
  Buffer<int32_t> dItems = buffer<int32_t>(items.size());
  std::copy(items.begin(), items.end(), dItems.at());
  launch("attention_prefill_" + type + d, {unsigned(items.size() / 2), unsigned(kvHeads), 1}, (const uint16_t*)q.at(), (const uint16_t*)cache.at(),
         (const int32_t*)dItems.at(), (const int32_t*)positions.at(), (const int32_t*)rowTable.at(), (const int32_t*)tables.at(), filled.at(),
         pageStride, heads, kvHeads, headSize, tableStride, ldo, window, scale);
  expect(memcmp(decoded.at(), filled.at(), size_t(rows) * ldo * 2) == 0, "decode and prefill differ");
  std::vector<double> key, value, query;
  for (int check = 0; check < 60; check++) {
    int row = check < 10 ? check % rows : below(rows), head = below(heads);
    int s = rowTable[row], p = positions[row], kv = head / (heads / kvHeads);
    turned(row, head, 0, query);
    std::vector<double> w, out(headSize);
    int from = std::max(0, p - window + 1);
    double largest = -1e300, sum = 0;
    for (int j = from; j <= p; j++) {
      turned(rowStart[s] + j, kv, 1, key);
      double dot = 0;
      for (int i = 0; i < headSize; i++) dot += query[i] * key[i];
      w.push_back(dot * scale);
      largest = std::max(largest, w.back());
    }
    for (double& e : w) sum += e = exp(e - largest);
    for (int j = from; j <= p; j++) {
      turned(rowStart[s] + j, kv, 2, value);
      for (int i = 0; i < headSize; i++) out[i] += w[j - from] / sum * value[i];
    }
    for (int i = 0; i < headSize; i++) {
      float got = T::widen(decoded[size_t(row) * ldo + head * headSize + i]);
      double tolerance = std::is_same_v<T, F16> ? 3e-3 : 2.5e-2;
      expect(fabs(got - out[i]) < tolerance, "row %d (position %d) head %d element %d: expected %g, found %g", row, p, head, i, out[i], got);
    }
  }
}
void test_attention() {
  attention<F16, 32>("f16", 32, 4, 2, 1 << 30, {1, 70, 130}, false);
  attention<F16, 64>("f16", 48, 3, 1, 1 << 30, {90, 33}, true);
  attention<F16, 128>("f16", 128, 8, 1, 1 << 30, {200}, false);
  attention<F16, 64>("f16", 64, 20, 1, 1 << 30, {65}, false);
  attention<Bf16, 32>("bf16", 32, 4, 4, 16, {100, 20}, false);
  attention<Bf16, 64>("bf16", 64, 9, 3, 100, {300}, true);
  attention<Bf16, 128>("bf16", 80, 2, 2, 1 << 30, {129}, false);
}

void test_rows() {
  now = "rows";
  int n = 1001, ld = 1008, rows = 5;
  Buffer<float> residual = buffer<float>(size_t(rows) * ld), weight = buffer<float>(n + 3);
  for (int i = 0; i < rows * ld; i++) residual[i] = uniform(-3, 3);
  for (int i = 0; i < n; i++) weight[i] = uniform(0, 2);
  Buffer<int32_t> index = buffer<int32_t>(3);
  index[0] = 4; index[1] = 0; index[2] = 2;
  Buffer<uint16_t> x = zeros<uint16_t>(3 * 1024), y = zeros<uint16_t>(size_t(rows) * 1024);
  launch("rms_norm_f16", {3, 1, 1}, (const float*)residual.at(), (const float*)weight.at(), (const int32_t*)index.at(), x.at(), n, ld, 1024, 0, 1e-5f);
  launch("rms_norm_bf16", {unsigned(rows), 1, 1}, (const float*)residual.at(), (const float*)weight.at(), (const int32_t*)nullptr, y.at(), n, ld, 1024, 0, 1e-5f);
  for (int r = 0; r < 3; r++) {
    const float* from = residual.at() + size_t(index[r]) * ld;
    double ss = 0;
    for (int i = 0; i < n; i++) ss += double(from[i]) * from[i];
    for (int i = 0; i < n; i++) {
      double want = from[i] / sqrt(ss / n + 1e-5) * weight[i];
      expect(fabs(f16_to_float(x[r * 1024 + i]) - want) < 1e-3 * (fabs(want) + 1e-2), "norm row %d column %d: expected %g, found %g", r, i, want, f16_to_float(x[r * 1024 + i]));
      float b = bf16_to_float(y[size_t(index[r]) * 1024 + i]);
      expect(fabs(b - want) < 8e-3 * (fabs(want) + 1e-2), "bf16 norm row %d column %d", r, i);
    }
  }
  int vocabulary = 5003;
  Buffer<float> logits = buffer<float>(4 * size_t(5008));
  for (int i = 0; i < 4 * 5008; i++) logits[i] = uniform(-20, 20);
  logits[100] = logits[4100] = 30;             // row 0: the lowest of two
  logits[5008 + 77] = INFINITY;                // row 1: not finite
  logits[2 * 5008 + 5002] = 25;                // row 2: the last
  for (int i = 0; i < vocabulary; i++) logits[3 * 5008 + i] = 1;
  Buffer<int32_t> argmax = buffer<int32_t>(4);
  Buffer<float> margin = buffer<float>(4), largest = buffer<float>(4);
  Buffer<double> logSum = buffer<double>(4);
  launch("log_softmax", {4, 1, 1}, (const float*)logits.at(), argmax.at(), margin.at(), largest.at(), logSum.at(), vocabulary, 5008);
  expect(argmax[0] == 100 && argmax[1] == -1 && argmax[2] == 5002 && argmax[3] == 0, "argmax %d %d %d %d", argmax[0], argmax[1], argmax[2], argmax[3]);
  float next = -INFINITY;
  for (int i = 0; i < vocabulary - 1; i++) next = std::max(next, logits[2 * 5008 + i]);
  expect(margin[0] == 0 && margin[2] == 25 - next && margin[3] == 0, "margin %g %g %g", margin[0], margin[2], margin[3]);
  // The two largest side by side in one thread, in one warp, in two warps, in every order.
  int apart[] = {1024, 3072, 1, 31, 32, 33, 1000, 4999};
  for (int distance : apart) for (int swap = 0; swap < 2; swap++) {
    for (int i = 0; i < vocabulary; i++) logits[i] = -5;
    logits[swap ? 3 + distance : 3] = 3;
    logits[swap ? 3 : 3 + distance] = 2.25f;
    launch("log_softmax", {1, 1, 1}, (const float*)logits.at(), argmax.at(), margin.at(), largest.at(), logSum.at(), vocabulary, 5008);
    expect(argmax[0] == (swap ? 3 + distance : 3) && margin[0] == 0.75f, "%d apart: argmax %d, margin %g", distance, argmax[0], margin[0]);
  }
  Buffer<int32_t> row = buffer<int32_t>(300), token = buffer<int32_t>(300);
  Buffer<double> result = buffer<double>(300);
  for (int i = 0; i < 300; i++) { row[i] = i % 3 == 1 ? 3 : i % 3; token[i] = below(vocabulary); }
  launch("token_log_probability", {2, 1, 1}, (const float*)logits.at(), (const int32_t*)row.at(), (const int32_t*)token.at(), (const float*)largest.at(), (const double*)logSum.at(), result.at(), 300, 5008);
  for (int i = 0; i < 300; i++) {
    const float* l = logits.at() + size_t(row[i]) * 5008;
    double m = *std::max_element(l, l + vocabulary), s = 0;
    for (int j = 0; j < vocabulary; j++) s += exp(l[j] - m);
    double want = l[token[i]] - m - log(s);
    expect(fabs(result[i] - want) < 1e-6, "log-probability %d: expected %g, found %g", i, want, result[i]);
  }
  Buffer<uint16_t> table = buffer<uint16_t>(10 * 100);
  for (int i = 0; i < 1000; i++) table[i] = float_to_bf16(uniform(-1, 1));
  Buffer<int32_t> tokens = buffer<int32_t>(3);
  tokens[0] = 9; tokens[1] = 0; tokens[2] = 4;
  Buffer<float> embedded = buffer<float>(3 * 104);
  launch("embed", {3, 1, 1}, (const void*)table.at(), (const int32_t*)tokens.at(), embedded.at(), 100, 104, 1);
  for (int r = 0; r < 3; r++) for (int i = 0; i < 100; i++) expect(embedded[r * 104 + i] == bf16_to_float(table[tokens[r] * 100 + i]), "embedding");
  Buffer<float> gate = buffer<float>(2 * 1104), upper = buffer<float>(2 * 1104);
  for (int i = 0; i < 2 * 1104; i++) gate[i] = uniform(-8, 8), upper[i] = uniform(-8, 8);
  Buffer<uint16_t> product = buffer<uint16_t>(2 * 1152);
  launch("silu_multiply_f16", {2, 2, 1}, (const float*)gate.at(), (const float*)upper.at(), product.at(), 1100, 1104, 1152);
  for (int r = 0; r < 2; r++) for (int i = 0; i < 1100; i++) {
    double g = gate[r * 1104 + i], want = g / (1 + exp(-g)) * upper[r * 1104 + i];
    expect(fabs(f16_to_float(product[r * 1152 + i]) - want) < 1e-3 * (1 + fabs(want)), "silu");
  }
}

void test_arranged() {
  struct Case { int rows, n; };
  for (Case c : {Case{5, 256}, Case{130, 128}}) {
    now = "arranged rows=" + std::to_string(c.rows) + " n=" + std::to_string(c.n);
    int padded = int(up(c.rows, 128)) * 128;
    Buffer<float> residual = buffer<float>(size_t(c.rows) * c.n), weight = buffer<float>(c.n);
    for (int i = 0; i < c.rows * c.n; i++) residual[i] = uniform(-3, 3);
    for (int i = 0; i < c.n; i++) weight[i] = uniform(0, 2);
    for (std::string type : {"f16", "bf16"}) {
      Buffer<uint16_t> plain = buffer<uint16_t>(size_t(c.rows) * c.n), arranged = ones_of_arrangement(c.rows, c.n);
      launch("rms_norm_" + type, {unsigned(c.rows), 1, 1}, (const float*)residual.at(), (const float*)weight.at(), (const int32_t*)nullptr, plain.at(), c.n, c.n, c.n, 0, 1e-5f);
      launch("rms_norm_" + type, {unsigned(c.rows), 1, 1}, (const float*)residual.at(), (const float*)weight.at(), (const int32_t*)nullptr, arranged.at(), c.n, c.n, 0, padded, 1e-5f);
      expect_arranged("norm", plain.at(), arranged.at(), c.rows, c.n, c.n);
    }
    // silu(gate) * up of every kind of kernel, in the order of the next product.
    int K = 128;
    Buffer<uint8_t> int4 = buffer<uint8_t>(packed_bytes(K, 2 * c.n, 1104)), half = buffer<uint8_t>(packed_bytes(K, 2 * c.n, 4096));
    launch("generate_int4", {unsigned(packed_bytes(K, 2 * c.n, 1104) / 1104), 1, 1}, int4.at(), 2, 5u, 0.05f);
    launch("generate_f16", {unsigned(packed_bytes(K, 2 * c.n, 4096) / 4096), 1, 1}, half.at(), 5u, 0.05f);
    Buffer<uint16_t> x = buffer<uint16_t>(size_t(c.rows) * K);
    for (int i = 0; i < c.rows * K; i++) x[i] = float_to_f16(uniform(-1, 1));
    for (const char* size : {"r8n32", "r64n256", "r128n128", "w64n128", "w64n256", "w64n256_steps", "w128n128"}) {
      for (std::string format : {"i4g64", "f16"}) {
        if (emulation::find("product_" + format + "_" + size) == nullptr) continue;
        const uint8_t* packed = format == "f16" ? half.at() : int4.at();
        Buffer<uint16_t> plain = buffer<uint16_t>(size_t(c.rows) * c.n), arranged = ones_of_arrangement(c.rows, c.n);
        product(format, size, packed, x.at(), plain.at(), nullptr, c.rows, K, 2 * c.n, K, c.n, 2);
        product(format, size, packed, x.at(), arranged.at(), nullptr, c.rows, K, 2 * c.n, K, padded, 4);
        expect_arranged(size, plain.at(), arranged.at(), c.rows, c.n, c.n);
      }
    }
  }
}

void test_generated() {
  now = "generated";
  Buffer<uint8_t> packed = buffer<uint8_t>(16 * 1104);
  launch("generate_int4", {16, 1, 1}, packed.at(), 2, 5u, 0.02f);
  Buffer<uint8_t> dense = buffer<uint8_t>(16 * 4096), half = buffer<uint8_t>(16 * 4096);
  launch("dequantise_i4g64", {16, 1, 1}, (const uint8_t*)packed.at(), dense.at());
  launch("generate_f16", {16, 1, 1}, half.at(), 5u, 0.02f);
  for (Buffer<uint8_t>* b : {&dense, &half}) {
    double ss = 0;
    for (int i = 0; i < 16 * 2048; i++) ss += pow(f16_to_float(reinterpret_cast<uint16_t*>(b->at())[i]), 2);
    double deviation = sqrt(ss / (16 * 2048));
    expect(deviation > 0.018 && deviation < 0.022, "deviation %g", deviation);
  }
}

// ---------------------------------------------------------------------------------------------
// The software forms of the tensor core and the copies, against the figures of NVIDIA's PTX manual
// ("Matrix Fragments for mma.m16n8k16 with floating point type", "Register Fragments for
// wgmma.mma_async.m64nNk16", "Shared Memory Matrix Layout", 128-byte swizzle).

std::string run_here(void (*call)(void**), int threads, int shared, void* argument, const emulation::Guard* guard = nullptr) {
  emulation::Kernel kernel = {"here", threads, shared, 0, 0, 0, "P", call};
  void* list[] = {argument};
  return emulation::run(kernel, {1, 1, 1}, {unsigned(threads), 1, 1}, unsigned(shared), list, guard);
}

struct Matrices {
  float a[64][16], b[16][256], d[64][256];
};
uint32_t pair(float low, float high) { return float_to_f16(low) | uint32_t(float_to_f16(high)) << 16; }

void mma_as_documented(void** p) {
  Matrices& m = *static_cast<Matrices*>(p[0]);
  int groupID = int(threadIdx.x) >> 2, threadID_in_group = int(threadIdx.x) % 4;
  float a[8], b[4], d[4];
  for (int i = 0; i < 8; i++) {
    int row = (0 <= i && i < 2) || (4 <= i && i < 6) ? groupID : groupID + 8;
    int col = i < 4 ? threadID_in_group * 2 + (i & 1) : threadID_in_group * 2 + (i & 1) + 8;
    a[i] = m.a[row][col];
  }
  for (int i = 0; i < 4; i++) {
    int row = i < 2 ? threadID_in_group * 2 + (i & 1) : threadID_in_group * 2 + (i & 1) + 8;
    b[i] = m.b[row][groupID];
  }
  for (int i = 0; i < 4; i++) d[i] = m.d[i < 2 ? groupID : groupID + 8][threadID_in_group * 2 + (i & 1)];
  uint32_t registers[4] = {pair(a[0], a[1]), pair(a[2], a[3]), pair(a[4], a[5]), pair(a[6], a[7])};
  mma_f16(d, registers, pair(b[0], b[1]), pair(b[2], b[3]));
  for (int i = 0; i < 4; i++) m.d[i < 2 ? groupID : groupID + 8][threadID_in_group * 2 + (i & 1)] = d[i];
}

template <int N>
void wgmma_as_documented(void** p) {
  Matrices& m = *static_cast<Matrices*>(p[0]);
  SHARED_MEMORY(memory);
  unsigned char* shared = memory + (1024 - shared_address(memory) % 1024) % 1024;
  // K-major with 128-byte swizzle: row n of 64 elements; 16-byte pieces exchanged by n % 8.
  if (threadIdx.x == 0) {
    auto* to = reinterpret_cast<uint16_t*>(shared);
    for (int n = 0; n < N; n++)
      for (int k = 0; k < 64; k++) {
        int piece = k / 8 ^ n % 8;
        to[n * 64 + piece * 8 + k % 8] = k < 16 ? 0x7fff : k < 32 ? float_to_f16(m.b[k - 16][n]) : 0x7fff;
      }
  }
  block_barrier();
  int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
  float d[N / 8][4];
  for (int i = 0; i < N / 2; i++) {
    int row = 16 * warp + lane / 4 + i / 2 % 2 * 8, col = i / 4 * 8 + lane % 4 * 2 + i % 2;
    d[i / 4][i % 4] = m.d[row][col];
  }
  uint32_t a[4];
  for (int i = 0; i < 8; i += 2) {
    int row = 16 * warp + lane / 4 + i / 2 % 2 * 8, col = i / 4 * 8 + lane % 4 * 2;
    a[i / 2] = pair(m.a[row][col], m.a[row][col + 1]);
  }
  fence_warpgroup();
  warpgroup_f16(d, a, describe_rows(shared, 1));
  commit_products();
  wait_products<0>();
  for (int i = 0; i < N / 2; i++) {
    int row = 16 * warp + lane / 4 + i / 2 % 2 * 8, col = i / 4 * 8 + lane % 4 * 2 + i % 2;
    m.d[row][col] = d[i / 4][i % 4];
  }
}

void test_layouts() {
  now = "layouts";
  auto m = std::make_unique<Matrices>();
  auto check = [&](const char* what, int rows, int columns, const std::function<std::string()>& work) {
    for (auto& r : m->a) for (float& v : r) v = float(below(17) - 8);
    for (auto& r : m->b) for (float& v : r) v = float(below(17) - 8);
    for (auto& r : m->d) for (float& v : r) v = float(below(17) - 8);
    Matrices before = *m;
    std::string wrong = work();
    expect(wrong.empty(), "%s: %s", what, wrong.c_str());
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < columns; j++) {
        float want = before.d[i][j];
        for (int k = 0; k < 16; k++) want += before.a[i][k] * before.b[k][j];
        expect(m->d[i][j] == want, "%s row %d column %d: expected %g, found %g", what, i, j, want, m->d[i][j]);
      }
  };
  check("mma", 16, 8, [&] { return run_here(mma_as_documented, 32, 0, m.get()); });
  check("wgmma", 64, 64, [&] { return run_here(wgmma_as_documented<64>, 128, 33792, m.get()); });
  check("wgmma", 64, 128, [&] { return run_here(wgmma_as_documented<128>, 128, 33792, m.get()); });
  check("wgmma", 64, 256, [&] { return run_here(wgmma_as_documented<256>, 128, 33792, m.get()); });
}

// ---------------------------------------------------------------------------------------------
// What the emulator must find.

int seen[4];
void no_barrier(void**) {
  SHARED_MEMORY(shared);
  auto* words = reinterpret_cast<int*>(shared);
  words[threadIdx.x] = int(threadIdx.x);
  if (words[63 - threadIdx.x] != 63 - int(threadIdx.x)) seen[0]++;
}
void with_barrier(void**) {
  SHARED_MEMORY(shared);
  auto* words = reinterpret_cast<int*>(shared);
  words[threadIdx.x] = int(threadIdx.x);
  block_barrier();
  if (words[63 - threadIdx.x] != 63 - int(threadIdx.x)) seen[0]++;
}
void half_a_barrier(void**) {
  if (threadIdx.x % 2 == 0) warp_barrier();
}
alignas(16) char source[64];
void copies(void**) {
  SHARED_MEMORY(shared);
  copy_async(shared, source, true);
  commit_copies();
  copy_async(shared + 16, source + 16, true);
  commit_copies();
  copy_async(shared + 32, source + 32, false);
  commit_copies();
  seen[0] = shared[0];
  wait_copies<2>();
  seen[1] = shared[0] == 1 && shared[16] == 0xff;
  wait_copies<0>();
  seen[2] = shared[16] == 2 && shared[32] == 0;
}
// A fault of another thread, which a handler takes that was there before the emulator's.
thread_local bool faults_on_purpose;
thread_local sigjmp_buf after_fault;
void take_fault(int number, siginfo_t*, void*) {
  if (faults_on_purpose) siglongjmp(after_fault, 1);
  signal(number, SIG_DFL);
  raise(number);
}
void fault_elsewhere(void**) {
  std::thread([] {
    faults_on_purpose = true;
    if (sigsetjmp(after_fault, 1) == 0) {
      raise(SIGSEGV);
    } else {
      seen[0]++;
    }
  }).join();
}
void beyond(void**) {
  SHARED_MEMORY(shared);
  shared[128] = 1;
}


// Mistakes that a device alone would show, and not every time.
void expect_found(const char* what, const std::string& wrong, const char* said) {
  expect(wrong.find(said) != std::string::npos, "%s was not found, but: %s", what, wrong.c_str());
}
void reads_early(void** p) {
  seen[0] += *static_cast<volatile int*>(p[0]);
  wait_for_kernel_before();
}
void reads_late(void** p) {
  wait_for_kernel_before();
  seen[0] += *static_cast<volatile int*>(p[0]);
}
void copies_early(void** p) {
  SHARED_MEMORY(shared);
  copy_async(shared + threadIdx.x * 16, p[0], true);
  commit_copies();
  wait_for_kernel_before();
  wait_copies<0>();
}
void copies_in_bulk_early(void** p) {
  SHARED_MEMORY(shared);
  auto* barrier = reinterpret_cast<CopyBarrier*>(shared + 64);
  open_barrier(barrier, 1);
  expect_bytes(barrier, 16);
  bulk_copy(shared, p[0], 16, barrier);
  wait_for_kernel_before();
  wait_barrier(barrier, 0);
}
void half_waits(void**) {
  if (threadIdx.x % 2 == 0) wait_for_kernel_before();
}
void leaves_copies(void** p) {
  SHARED_MEMORY(shared);
  copy_async(shared, p[0], true);
  commit_copies();
}
void leaves_bulk_copies(void** p) {
  SHARED_MEMORY(shared);
  auto* barrier = reinterpret_cast<CopyBarrier*>(shared + 64);
  open_barrier(barrier, 1);
  expect_bytes(barrier, 16);
  bulk_copy(shared, p[0], 16, barrier);
}
// The first `warps` of a warpgroup multiply, from rows at a distance; and wait for it, or not.
template <int warps, int distance, bool waits>
void multiplies(void**) {
  SHARED_MEMORY(memory);
  unsigned char* shared = memory + (1024 - shared_address(memory) % 1024) % 1024;
  memset(shared, 0, 9216);
  block_barrier();
  float d[8][4] = {};
  uint32_t a[4] = {};
  if (threadIdx.x / 32 < warps) {
    fence_warpgroup();
    warpgroup_f16(d, a, describe_rows(shared + distance, 0));
    commit_products();
    if (waits) wait_products<0>();
  }
}

void test_hazards() {
  now = "hazards";
  void* page = mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto at = reinterpret_cast<uintptr_t>(page);
  emulation::Guard guard = {{{at, 4096}}, {at + 4096, 4096}};
  void* early = static_cast<char*>(page) + 4096;
  expect_found("a read before the wait", run_here(reads_early, 32, 0, page, &guard), "before it waited for the kernel before");
  expect(run_here(reads_late, 32, 0, page, &guard).empty(), "a read behind the wait");
  for (auto copies : {copies_early, copies_in_bulk_early}) {
    expect_found("a copy before the wait", run_here(copies, 1, 128, page, &guard), "before it waited for the kernel before");
    expect(run_here(copies, 1, 128, early, &guard).empty(), "a copy of what may be read early");
  }
  expect_found("a thread that does not wait", run_here(half_waits, 32, 0, page, &guard), "ended without waiting for the kernel before");
  expect_found("a copy that nobody waits for", run_here(leaves_copies, 1, 64, page), "ended with copies under way");
  expect_found("a bulk copy that nobody waits for", run_here(leaves_bulk_copies, 1, 128, page), "ended with bulk copies under way");
  expect(run_here(multiplies<4, 0, true>, 128, 10240, nullptr).empty(), "a whole warpgroup's product");
  expect_found("a product by three warps", run_here(multiplies<3, 0, true>, 128, 10240, nullptr), "other products than the rest of its warpgroup");
  expect_found("a product that nobody waits for", run_here(multiplies<4, 0, false>, 128, 10240, nullptr), "ended with products under way");
  expect_found("rows that begin anywhere", run_here(multiplies<4, 128, true>, 128, 10240, nullptr), "multiple of 1,024 bytes");
  // The kernels' own build: residuals of a norm at an odd place.
  float numbers[64] = {};
  uint16_t x[64];
  const float* odd = numbers + (reinterpret_cast<uintptr_t>(numbers) % 16 == 0 ? 1 : 0);
  const emulation::Kernel* norm = emulation::find("rms_norm_f16");
  const float* weight = numbers;
  const int32_t* index = nullptr;
  uint16_t* to = x;
  int32_t n = 32, ldr = 32, ldx = 32, arranged = 0;
  float epsilon = 1e-5f;
  void* list[] = {&odd, &weight, &index, &to, &n, &ldr, &ldx, &arranged, &epsilon};
  expect_found("a read of four numbers at an odd place", emulation::run(*norm, {1, 1, 1}, {512, 1, 1}, 64, list), "misaligned access");
  munmap(page, 8192);
}

void test_emulator() {
  now = "emulator";
  uint64_t before = emulation::order;
  int found = 0;
  for (uint64_t order : {0ull, 1ull, 5ull}) {
    emulation::order = order;
    seen[0] = 0;
    run_here(no_barrier, 64, 256, nullptr);
    found += seen[0];
    seen[0] = 0;
    run_here(with_barrier, 64, 256, nullptr);
    expect(seen[0] == 0, "a barrier does not hold in order %d", int(order));
  }
  emulation::order = before;
  expect(found > 0, "a missing barrier was not found");
  expect(!run_here(half_a_barrier, 32, 0, nullptr).empty(), "a barrier that half of a warp reaches was not found");
  source[0] = 1;
  source[16] = 2;
  source[32] = 3;
  run_here(copies, 1, 48, nullptr);
  expect(seen[0] == 0xff, "a copy was seen before it was waited for");
  expect(seen[1] == 1, "waiting for all but two groups");
  expect(seen[2] == 1, "waiting for all groups");
  seen[0] = 0;
  expect(run_here(fault_elsewhere, 1, 0, nullptr).empty() && seen[0] == 1, "a fault of another thread was taken for a kernel's");
  expect(run_here(beyond, 1, 128, nullptr).find("illegal access") != std::string::npos, "an access beyond shared memory was not found");
}

}  // namespace

int main(int count, char** arguments) {
  struct sigaction action = {};
  action.sa_sigaction = take_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
#ifdef ON_DEVICE
  open_device(count > 1 ? arguments[1] : "kernels.fatbin");
  count--;
  arguments++;
  if (count > 1 && std::string(arguments[1]) == "speed") return measure_speed();
#endif
  struct { const char* name; void (*test)(); } tests[] = {
#ifndef ON_DEVICE
      {"layouts", test_layouts}, {"emulator", test_emulator}, {"hazards", test_hazards},
#endif
      {"int4", test_int4}, {"f16", test_f16}, {"bf16", test_bf16}, {"swiglu", test_swiglu_and_act_order},
      {"attention", test_attention}, {"rows", test_rows}, {"arranged", test_arranged}, {"generated", test_generated}};
  for (auto& test : tests) {
    if (count > 1 && std::string(test.name).find(arguments[1]) == std::string::npos) continue;
#ifdef ON_DEVICE
    for (uint64_t order : {0ull}) {
#else
    for (uint64_t order : {0ull, 1ull, 77ull}) {
#endif
      emulation::order = order;
      int before = failures;
      auto start = std::chrono::steady_clock::now();
      test.test();
      printf("%-10s order %3llu %s %.2f s\n", test.name, (unsigned long long)order, failures == before ? "good" : "BAD",
             std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      fflush(stdout);
      if (failures > 20) return 1;
    }
  }
  return failures == 0 ? 0 : 1;
}
