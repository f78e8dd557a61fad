// A stand-in for libcublasLt, for tests of its binding: the functions that are bound, their arguments
// checked, products computed at once on the host's memory, which is the stand-in device's.
// standin_cublaslt_fail(name): that function fails from now on. standin_cublaslt_alive: what was made
// and not destroyed.
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include <set>
#include <string>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Status { SUCCESS = 0, INVALID_VALUE = 7, EXECUTION_FAILED = 13 };

struct Description {
  int compute, scale, transposed_a = 0;
};
struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t ld;
};
struct Preference {
  uint64_t workspace = 0;
};
struct Choice {
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Choice) == 96);

constexpr uint64_t ALGORITHM = 0x5eed;
std::string failing;
std::set<void*> alive;

#define ENTER(NAME) \
  if (failing == NAME) return EXECUTION_FAILED;

template <class T>
int make(void** to, T value) {
  *to = new T(value);
  alive.insert(*to);
  return SUCCESS;
}
template <class T>
int destroy(void* made) {
  if (!alive.erase(made)) return INVALID_VALUE;
  delete static_cast<T*>(made);
  return SUCCESS;
}

}  // namespace

EXPORT size_t cublasLtGetVersion() { return 130100; }
EXPORT int cublasLtCreate(void** handle) {
  ENTER("cublasLtCreate")
  return make(handle, 1);
}
EXPORT int cublasLtDestroy(void* handle) { return destroy<int>(handle); }
EXPORT int cublasLtMatmulDescCreate(void** to, int compute, int scale) {
  ENTER("cublasLtMatmulDescCreate")
  return compute == 68 && scale == 0 ? make(to, Description{compute, scale}) : INVALID_VALUE;
}
EXPORT int cublasLtMatmulDescSetAttribute(void* of, int attribute, const void* value, size_t bytes) {
  if (!alive.count(of) || attribute != 3 || bytes != 4) return INVALID_VALUE;
  memcpy(&static_cast<Description*>(of)->transposed_a, value, 4);
  return SUCCESS;
}
EXPORT int cublasLtMatmulDescDestroy(void* of) { return destroy<Description>(of); }
EXPORT int cublasLtMatrixLayoutCreate(void** to, int type, uint64_t rows, uint64_t columns, int64_t ld) {
  ENTER("cublasLtMatrixLayoutCreate")
  return type == 2 && ld >= int64_t(rows) ? make(to, Layout{type, rows, columns, ld}) : INVALID_VALUE;
}
EXPORT int cublasLtMatrixLayoutDestroy(void* of) { return destroy<Layout>(of); }
EXPORT int cublasLtMatmulPreferenceCreate(void** to) { return make(to, Preference{}); }
EXPORT int cublasLtMatmulPreferenceSetAttribute(void* of, int attribute, const void* value, size_t bytes) {
  if (!alive.count(of) || attribute != 1 || bytes != 8) return INVALID_VALUE;
  memcpy(&static_cast<Preference*>(of)->workspace, value, 8);
  return SUCCESS;
}
EXPORT int cublasLtMatmulPreferenceDestroy(void* of) { return destroy<Preference>(of); }
EXPORT int cublasLtMatmulAlgoGetHeuristic(void* handle, void* description, void* a, void* b, void* c, void* d, void* preference,
                                          int wanted, Choice* found, int* count) {
  ENTER("cublasLtMatmulAlgoGetHeuristic")
  for (void* each : {handle, description, a, b, c, d, preference}) {
    if (!alive.count(each)) return INVALID_VALUE;
  }
  *count = failing == "no algorithm" ? 0 : 1;
  if (wanted < 1 || *count == 0) return SUCCESS;
  *found = Choice{};
  found->algorithm[0] = ALGORITHM;
  found->workspace = static_cast<Preference*>(preference)->workspace;
  return SUCCESS;
}
EXPORT int cublasLtMatmul(void* handle, void* description, const float* alpha, const uint16_t* a, void* layout_a, const uint16_t* b,
                          void* layout_b, const float* beta, const uint16_t*, void*, uint16_t* d, void* layout_d, const uint64_t* algorithm,
                          void* workspace, size_t workspace_bytes, void* stream) {
  ENTER("cublasLtMatmul")
  const auto& A = *static_cast<Layout*>(layout_a);
  const auto& B = *static_cast<Layout*>(layout_b);
  const auto& D = *static_cast<Layout*>(layout_d);
  bool right = alive.count(handle) && static_cast<Description*>(description)->transposed_a == 1 && *alpha == 1 && *beta == 0 &&
               algorithm[0] == ALGORITHM && workspace != nullptr && workspace_bytes > 0 && stream != nullptr && A.rows == B.rows &&
               A.columns == D.rows && B.columns == D.columns;
  if (!right) return INVALID_VALUE;
  for (uint64_t m = 0; m < D.columns; m++) {
    for (uint64_t n = 0; n < D.rows; n++) {
      float sum = 0;
      for (uint64_t k = 0; k < A.rows; k++) sum += _cvtsh_ss(a[n * A.ld + k]) * _cvtsh_ss(b[m * B.ld + k]);
      d[m * D.ld + n] = _cvtss_sh(sum, _MM_FROUND_TO_NEAREST_INT);
    }
  }
  return SUCCESS;
}

EXPORT void standin_cublaslt_fail(const char* name) { failing = name; }
EXPORT long standin_cublaslt_alive() { return long(alive.size()); }
