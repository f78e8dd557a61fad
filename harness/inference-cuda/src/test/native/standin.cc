// A stand-in for libcuda.so.1 over the emulator, for tests: the driver functions that the engine
// binds, with their checks. Work on a stream is put off until something waits for it, as on a
// device, and a captured graph replays what was captured.
//
// Found out, and told on standard error and by standin_report: launches with another block or
// shared memory than the kernel's rule, pointers and copies outside of live memory, use of freed
// memory, threads that wait for ever, waiting or allocating during a capture, handles that are not,
// addresses that a device's types forbid, what touches memory before it waited for the kernel before.
// Fresh memory is all ones: NaN as a number, -1 as an index.
//
// Environment, read by cuInit (or set by the functions at the end):
//   STANDIN_DEVICES    number of devices, default 1
//   STANDIN_MEMORY     bytes of device memory, default 4 GiB
//   STANDIN_ORDER      how a block's threads take turns (emulator.h), default 0
//   STANDIN_DRIVER     what cuDriverGetVersion says, default 13000
//   STANDIN_FAIL       name:n:code[,...]: the n-th call from now of that function fails
//   STANDIN_PROCESSORS number of multiprocessors, default 16
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "emulator.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Result {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_OUT_OF_RESOURCES = 701,
  LAUNCH_FAILED = 719,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
};

struct Name {
  int code;
  const char* name;
  const char* text;
};
constexpr Name NAMES[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
    {400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {600, "CUDA_ERROR_NOT_READY", "device not ready"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

using Operation = std::function<Result()>;

struct Graph {
  std::vector<Operation> operations;
};
struct Stream {
  std::vector<Operation> waiting;
  std::unique_ptr<Graph> capture;
  bool broken = false;
};
struct Event {
  double milliseconds = -1;
};
struct Module {
  int unused;
};
struct Function {
  const emulation::Kernel* kernel;
  int most_shared = 48 * 1024;
  int guarded = 0;  // launches that ran with their memory out of reach until they waited
};
constexpr int GUARDED_LAUNCHES = 8;

std::recursive_mutex mutex;
bool initialized, context;
int devices = 1, driver = 13000, processors = 16;
struct Has {
  int major = 9, minor = 0, shared = 232448;
};
Has has[8];
int current;  // the device whose context is
// The virtual architecture that a kernel was compiled for, of what the image holds for the device.
int compiled_for() {
  const Has& device = has[current];
  return device.major == 8 ? 80 + device.minor : device.major == 9 && device.minor == 0 ? 90 : device.major == 10 ? 100 : 80;
}
size_t capacity = size_t(4) << 30, used;
Result sticky;
std::string report_text;
std::map<std::string, std::map<long, int>> failing;  // function -> call number -> code
std::map<std::string, long> calls;
std::map<uintptr_t, size_t> device_memory;  // live allocations
std::map<uintptr_t, size_t> freed_memory;
std::map<uintptr_t, size_t> pinned_memory;
std::set<void*> streams, events, modules, graphs, execs;
std::map<const emulation::Kernel*, std::unique_ptr<Function>> functions;
Stream default_stream;
long launches;

Result report(Result code, const char* format, ...) __attribute__((format(printf, 2, 3)));
Result report(Result code, const char* format, ...) {
  char text[700];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  report_text = text;
  fprintf(stderr, "stand-in libcuda: %s\n", text);
  return code;
}

void plan_failures(const char* list) {
  std::string all = list;
  for (size_t at = 0; at < all.size();) {
    size_t end = all.find(',', at);
    if (end == std::string::npos) end = all.size();
    std::string one = all.substr(at, end - at);
    size_t a = one.find(':'), b = one.rfind(':');
    if (a != std::string::npos && b > a) {
      std::string name = one.substr(0, a);
      failing[name][calls[name] + atol(one.c_str() + a + 1)] = atoi(one.c_str() + b + 1);
    }
    at = end + 1;
  }
}

// What every call begins with: a planned failure, a device that has failed before.
Result enter(const char* name) {
  long call = ++calls[name];
  auto planned = failing.find(name);
  if (planned != failing.end()) {
    auto at = planned->second.find(call);
    if (at != planned->second.end()) return static_cast<Result>(at->second);
  }
  if (!initialized) return NOT_INITIALIZED;
  return sticky;
}

#define ENTER(NAME)                                      \
  std::lock_guard<std::recursive_mutex> guard(mutex);    \
  if (Result entered = enter(#NAME); entered != SUCCESS) \
    return entered;

#define NEED_CONTEXT(NAME)                                                                   \
  if (!context) return report(INVALID_CONTEXT, #NAME ": no context is current (cuCtxSetCurrent)");

// The allocation that holds [at, at + bytes), or null.
bool live(uintptr_t at, size_t bytes) {
  auto after = device_memory.upper_bound(at);
  if (after == device_memory.begin()) return false;
  auto [start, size] = *--after;
  return at >= start && at + bytes <= start + size;
}
std::string place(uintptr_t at) {
  auto near = [at](const std::map<uintptr_t, size_t>& map, const char* kind) {
    auto after = map.upper_bound(at);
    if (after == map.begin()) return std::string();
    auto [start, size] = *--after;
    if (at > start + size + 4096) return std::string();
    char text[120];
    snprintf(text, sizeof text, ", byte %zu of %s of %zu bytes", size_t(at - start), kind, size);
    return std::string(text);
  };
  std::string found = near(device_memory, "an allocation");
  return found.empty() ? near(freed_memory, "a freed allocation") : found;
}
bool pinned(const void* p) {
  auto at = reinterpret_cast<uintptr_t>(p);
  auto after = pinned_memory.upper_bound(at);
  return after != pinned_memory.begin() && at < (--after)->first + after->second;
}

Stream* stream_of(void* handle) {
  if (handle == nullptr) return &default_stream;
  return streams.count(handle) ? static_cast<Stream*>(handle) : nullptr;
}

Result flush(Stream& stream) {
  std::vector<Operation> work;
  work.swap(stream.waiting);
  for (Operation& operation : work) {
    if (sticky != SUCCESS) return sticky;
    if (Result r = operation(); r != SUCCESS) {
      sticky = r;
      return r;
    }
  }
  return SUCCESS;
}
Result flush_all() {
  Result r = flush(default_stream);
  for (void* s : streams) {
    if (Result other = flush(*static_cast<Stream*>(s)); r == SUCCESS) r = other;
  }
  return r;
}
bool capturing() {
  for (void* s : streams) {
    if (static_cast<Stream*>(s)->capture) return true;
  }
  return false;
}
// What must not happen while a stream is being captured spoils the capture.
Result spoil(const char* name) {
  for (void* s : streams) {
    auto* stream = static_cast<Stream*>(s);
    if (stream->capture) stream->broken = true;
  }
  return report(CAPTURE_UNSUPPORTED, "%s while a stream is being captured", name);
}
Result submit(Stream& stream, Operation operation) {
  (stream.capture ? stream.capture->operations : stream.waiting).push_back(std::move(operation));
  return SUCCESS;
}

constexpr size_t PAGE = 4096;

// Memory that ends at a page without access and reads as ones. Private mappings of one small file
// cost nothing until they are written.
void* map_ones(size_t bytes) {
  constexpr size_t PIECE = size_t(4) << 20;
  static int file = -1;
  if (file < 0) {
    file = memfd_create("ones", 0);
    std::vector<char> ones(1 << 16, '\xff');
    for (size_t i = 0; i < PIECE; i += ones.size()) {
      if (write(file, ones.data(), ones.size()) < 0) return nullptr;
    }
  }
  size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
  void* place = mmap(nullptr, whole + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return nullptr;
  char* start = static_cast<char*>(place) + PAGE;
  for (size_t at = 0; at < whole; at += PIECE) {
    size_t piece = whole - at < PIECE ? whole - at : PIECE;
    if (mmap(start + at, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file, 0) == MAP_FAILED) return nullptr;
  }
  return start + (whole - bytes);
}
void unmap_ones(uintptr_t at, size_t bytes) {
  size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
  void* start = reinterpret_cast<void*>(at - (whole - bytes));
  // The addresses stay taken, so that what still uses them is found out.
  mmap(start, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

double now_milliseconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) * 1e3 + double(t.tv_nsec) * 1e-6;
}

// What a launch's threads may do before they wait for the kernel before: bring a product's weights to
// shared memory, but not those that may have been dequantised just now.
emulation::Guard guard_of(Function& function, const std::vector<uint64_t>& values) {
  const emulation::Kernel& k = *function.kernel;
  emulation::Guard guard;
  bool first = function.guarded++ < GUARDED_LAUNCHES;
  for (size_t i = 0; i < values.size(); i++) {
    if (k.parameters[i] != 'P') continue;
    auto after = device_memory.upper_bound(values[i]);
    if (after == device_memory.begin() || !live(values[i], 1)) continue;
    auto [start, size] = *--after;
    if (i == 0 && strncmp(k.name, "product_", 8) == 0 && !strstr(k.name, "_r128")) guard.early = {start, size};
    if (first) guard.memory.push_back({start, size});
  }
  return guard;
}

// A launch with its parameters as they are now.
Result launch(Function* function, emulation::Dim grid, emulation::Dim block, unsigned shared,
              void* handle, void** parameters, void** extra) {
  if (function == nullptr) return INVALID_HANDLE;
  const emulation::Kernel& k = *function->kernel;
  Stream* stream = stream_of(handle);
  if (stream == nullptr) return report(INVALID_HANDLE, "%s: no such stream", k.name);
  if (extra != nullptr || parameters == nullptr) return report(INVALID_VALUE, "%s: expected parameters, and no extra ones", k.name);
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535) {
    return report(INVALID_VALUE, "%s: grid (%u, %u, %u): each side is at least 1, y and z at most 65,535", k.name, grid.x, grid.y, grid.z);
  }
  if (block.x != unsigned(k.threads) || block.y != 1 || block.z != 1) {
    return report(INVALID_VALUE, "%s: expected a block of (%d, 1, 1) threads, found (%u, %u, %u)", k.name, k.threads, block.x, block.y, block.z);
  }
  if (shared != unsigned(k.shared)) {
    return report(INVALID_VALUE, "%s: expected %d bytes of shared memory, found %u", k.name, k.shared, shared);
  }
  if ((strstr(k.name, "_w64") || strstr(k.name, "_w128") || strstr(k.name, "_wgmma")) && compiled_for() != 90) {
    return report(LAUNCH_FAILED, "%s: stops on compute capability %d.%d", k.name, has[current].major, has[current].minor);
  }
  if (shared > unsigned(function->most_shared)) {
    return report(INVALID_VALUE, "%s: %u bytes of shared memory are more than %d: set the function's attribute 8 first", k.name, shared, function->most_shared);
  }
  if (k.slices > 0 && grid.z != unsigned(k.slices)) {
    return report(INVALID_VALUE, "%s: expected grid z %d, found %u", k.name, k.slices, grid.z);
  }
  struct Arguments {
    std::vector<uint64_t> values;
    std::vector<void*> places;
  };
  auto arguments = std::make_shared<Arguments>();
  arguments->values.resize(k.parameters.size());
  for (size_t i = 0; i < k.parameters.size(); i++) {
    char kind = k.parameters[i];
    bool wide = kind == 'P' || kind == 'L';
    memcpy(&arguments->values[i], parameters[i], wide ? 8 : 4);
    arguments->places.push_back(&arguments->values[i]);
    uint64_t value = arguments->values[i];
    // Page-locked host memory has one address for both.
    if (kind == 'P' && value != 0 && !live(value, 1) && !pinned(reinterpret_cast<void*>(value))) {
      return report(INVALID_VALUE, "%s: parameter %zu is no pointer to live device memory: 0x%llx%s", k.name, i, (unsigned long long)value, place(value).c_str());
    }
  }
  launches++;
  return submit(*stream, [function, &k, grid, block, shared, arguments]() -> Result {
    emulation::Guard guard = guard_of(*function, arguments->values);
    std::string wrong = emulation::run(k, grid, block, shared, arguments->places.data(), &guard);
    if (wrong.empty()) return SUCCESS;
    size_t at = wrong.find("illegal access at address ");
    if (at != std::string::npos) {
      uintptr_t address = strtoull(wrong.c_str() + at + 26, nullptr, 16);
      return report(ILLEGAL_ADDRESS, "%s: %s%s", k.name, wrong.c_str(), place(address).c_str());
    }
    return report(LAUNCH_FAILED, "%s: %s", k.name, wrong.c_str());
  });
}

}  // namespace

EXPORT int cuInit(unsigned) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  auto number = [](const char* name, long otherwise) {
    const char* text = getenv(name);
    return text == nullptr ? otherwise : atol(text);
  };
  if (!initialized) {
    devices = int(std::min(number("STANDIN_DEVICES", devices), 8L));
    capacity = size_t(number("STANDIN_MEMORY", long(capacity)));
    driver = int(number("STANDIN_DRIVER", driver));
    processors = int(number("STANDIN_PROCESSORS", processors));
    emulation::order = uint64_t(number("STANDIN_ORDER", long(emulation::order)));
    if (const char* plan = getenv("STANDIN_FAIL")) plan_failures(plan);
  }
  initialized = true;
  if (Result r = enter("cuInit"); r != SUCCESS) {
    initialized = false;
    return r;
  }
  return devices == 0 ? NO_DEVICE : SUCCESS;
}
EXPORT int cuDriverGetVersion(int* version) {
  *version = driver;
  return SUCCESS;
}
EXPORT int cuGetErrorName(int code, const char** name) {
  for (const Name& n : NAMES) {
    if (n.code == code) {
      *name = n.name;
      return SUCCESS;
    }
  }
  *name = nullptr;
  return INVALID_VALUE;
}
EXPORT int cuGetErrorString(int code, const char** text) {
  for (const Name& n : NAMES) {
    if (n.code == code) {
      *text = n.text;
      return SUCCESS;
    }
  }
  *text = nullptr;
  return INVALID_VALUE;
}
EXPORT int cuDeviceGetCount(int* count) {
  ENTER(cuDeviceGetCount)
  *count = devices;
  return SUCCESS;
}
EXPORT int cuDeviceGet(int* device, int ordinal) {
  ENTER(cuDeviceGet)
  if (ordinal < 0 || ordinal >= devices) return INVALID_DEVICE;
  *device = ordinal;
  return SUCCESS;
}
EXPORT int cuDeviceGetName(char* name, int length, int device) {
  ENTER(cuDeviceGetName)
  if (device < 0 || device >= devices) return INVALID_DEVICE;
  snprintf(name, size_t(length), "Stand-in Device");
  return SUCCESS;
}
EXPORT int cuDeviceGetAttribute(int* value, int attribute, int device) {
  ENTER(cuDeviceGetAttribute)
  if (device < 0 || device >= devices) return INVALID_DEVICE;
  switch (attribute) {
    case 1: *value = 1024; break;          // threads in a block
    case 2: case 3: *value = 1024; break;  // block x and y
    case 4: *value = 64; break;            // block z
    case 5: *value = 0x7fffffff; break;    // grid x
    case 6: case 7: *value = 65535; break; // grid y and z
    case 8: *value = 49152; break;         // shared memory of a block
    case 10: *value = 32; break;           // warp
    case 12: case 82: *value = 65536; break;  // registers of a block, of a multiprocessor
    case 13: *value = 1980000; break;      // clock, kHz
    case 16: *value = processors; break;
    case 36: *value = 2619000; break;      // memory clock, kHz
    case 37: *value = 5120; break;         // memory bus, bits
    case 38: *value = 52428800; break;     // second-level cache
    case 39: *value = 2048; break;         // threads of a multiprocessor
    case 41: *value = 1; break;            // unified addressing
    case 75: *value = has[device].major; break;  // compute capability
    case 76: *value = has[device].minor; break;
    case 81: *value = 233472; break;       // shared memory of a multiprocessor
    case 97: *value = has[device].shared; break;  // shared memory of a block that asks for it
    default: *value = 0;
  }
  return SUCCESS;
}
EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  ENTER(cuDeviceTotalMem_v2)
  if (device < 0 || device >= devices) return INVALID_DEVICE;
  *bytes = capacity;
  return SUCCESS;
}
EXPORT int cuDevicePrimaryCtxRetain(void** handle, int device) {
  ENTER(cuDevicePrimaryCtxRetain)
  if (device < 0 || device >= devices) return INVALID_DEVICE;
  *handle = &has[device];
  return SUCCESS;
}
EXPORT int cuDevicePrimaryCtxRelease_v2(int) {
  ENTER(cuDevicePrimaryCtxRelease_v2)
  return flush_all();
}
EXPORT int cuCtxSetCurrent(void* handle) {
  ENTER(cuCtxSetCurrent)
  context = context || handle != nullptr;
  if (handle != nullptr) current = int(static_cast<Has*>(handle) - has);
  return SUCCESS;
}
EXPORT int cuModuleLoadDataEx(void** module, const void* image, unsigned, int*, void**) {
  ENTER(cuModuleLoadDataEx)
  NEED_CONTEXT(cuModuleLoadDataEx)
  uint32_t magic;
  memcpy(&magic, image, 4);
  if (magic != 0xba55ed50u) return report(INVALID_IMAGE, "cuModuleLoadDataEx: expected a fatbin (0xba55ed50), found 0x%08x", magic);
  *module = new Module();
  modules.insert(*module);
  return SUCCESS;
}
EXPORT int cuModuleGetFunction(void** function, void* module, const char* name) {
  ENTER(cuModuleGetFunction)
  if (!modules.count(module)) return INVALID_HANDLE;
  const emulation::Kernel* kernel = emulation::find(name);
  if (kernel == nullptr) return report(NOT_FOUND, "cuModuleGetFunction: no kernel \"%s\"", name);
  auto& made = functions[kernel];
  if (!made) {
    made = std::make_unique<Function>();
    made->kernel = kernel;
  }
  *function = made.get();
  return SUCCESS;
}
EXPORT int cuModuleUnload(void* module) {
  ENTER(cuModuleUnload)
  if (!modules.erase(module)) return INVALID_HANDLE;
  delete static_cast<Module*>(module);
  return SUCCESS;
}
EXPORT int cuFuncSetAttribute(void* function, int attribute, int value) {
  ENTER(cuFuncSetAttribute)
  if (attribute == 8) {
    if (value < 0 || value > has[current].shared) {
      return report(INVALID_VALUE, "cuFuncSetAttribute: %d bytes of shared memory are more than %d", value, has[current].shared);
    }
    static_cast<Function*>(function)->most_shared = value > 48 * 1024 ? value : 48 * 1024;
  }
  return SUCCESS;
}
EXPORT int cuFuncGetAttribute(int* value, int attribute, void* function) {
  ENTER(cuFuncGetAttribute)
  const auto* f = static_cast<Function*>(function);
  switch (attribute) {
    case 0: *value = f->kernel->threads; break;  // threads of a block at most
    case 4: *value = 64; break;                  // registers
    case 5: *value = compiled_for(); break;
    case 8: *value = f->most_shared; break;
    default: *value = 0;
  }
  return SUCCESS;
}
EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int threads, size_t shared) {
  ENTER(cuOccupancyMaxActiveBlocksPerMultiprocessor)
  if (threads <= 0 || threads > 1024) return INVALID_VALUE;
  int by_memory = int(233472 / (shared + 1024));
  int by_threads = 2048 / threads;
  *blocks = by_memory < by_threads ? by_memory : by_threads;
  return SUCCESS;
}
EXPORT int cuMemAlloc_v2(uintptr_t* pointer, size_t bytes) {
  ENTER(cuMemAlloc_v2)
  NEED_CONTEXT(cuMemAlloc_v2)
  if (capturing()) return spoil("cuMemAlloc_v2");
  if (bytes == 0) return INVALID_VALUE;
  size_t rounded = (bytes + 511) / 512 * 512;
  if (rounded > capacity - used) return OUT_OF_MEMORY;
  // Aligned to 256, as the driver's are; what lies behind the last byte asked for is no one's.
  void* place = map_ones((bytes + 255) / 256 * 256);
  if (place == nullptr) return OUT_OF_MEMORY;
  *pointer = reinterpret_cast<uintptr_t>(place);
  device_memory[*pointer] = bytes;
  freed_memory.erase(*pointer);
  used += rounded;
  return SUCCESS;
}
EXPORT int cuMemFree_v2(uintptr_t pointer) {
  ENTER(cuMemFree_v2)
  if (capturing()) return spoil("cuMemFree_v2");
  auto at = device_memory.find(pointer);
  if (at == device_memory.end()) {
    return report(INVALID_VALUE, "cuMemFree_v2: 0x%llx is no live allocation%s", (unsigned long long)pointer, place(pointer).c_str());
  }
  Result r = flush_all();
  size_t bytes = at->second;
  device_memory.erase(at);
  freed_memory[pointer] = bytes;
  used -= (bytes + 511) / 512 * 512;
  unmap_ones(pointer, (bytes + 255) / 256 * 256);
  return r;
}
EXPORT int cuMemGetInfo_v2(size_t* free, size_t* total) {
  ENTER(cuMemGetInfo_v2)
  NEED_CONTEXT(cuMemGetInfo_v2)
  *free = capacity - used;
  *total = capacity;
  return SUCCESS;
}
EXPORT int cuMemHostAlloc(void** pointer, size_t bytes, unsigned) {
  ENTER(cuMemHostAlloc)
  NEED_CONTEXT(cuMemHostAlloc)
  if (capturing()) return spoil("cuMemHostAlloc");
  if (bytes == 0) return INVALID_VALUE;
  void* place = map_ones((bytes + 255) / 256 * 256);
  if (place == nullptr) return OUT_OF_MEMORY;
  *pointer = place;
  pinned_memory[reinterpret_cast<uintptr_t>(place)] = bytes;
  return SUCCESS;
}
EXPORT int cuMemFreeHost(void* pointer) {
  ENTER(cuMemFreeHost)
  auto at = pinned_memory.find(reinterpret_cast<uintptr_t>(pointer));
  if (at == pinned_memory.end()) return report(INVALID_VALUE, "cuMemFreeHost: %p is no pinned memory", pointer);
  Result r = flush_all();
  unmap_ones(at->first, (at->second + 255) / 256 * 256);
  pinned_memory.erase(at);
  return r;
}
namespace {
Result copy(const char* name, uintptr_t device, const void* host, size_t bytes, void* handle, std::function<void()> work) {
  Stream* stream = stream_of(handle);
  if (stream == nullptr) return INVALID_HANDLE;
  if (bytes == 0) return SUCCESS;
  if (!live(device, bytes)) {
    return report(INVALID_VALUE, "%s: %zu bytes at 0x%llx are not in live device memory%s", name, bytes, (unsigned long long)device, place(device).c_str());
  }
  Operation operation = [work = std::move(work), name, device, bytes]() -> Result {
    if (!live(device, bytes)) return report(ILLEGAL_ADDRESS, "%s: its device memory was freed before it ran", name);
    work();
    return SUCCESS;
  };
  if (host != nullptr && !pinned(host)) {
    // Memory that is not pinned: done when the call is.
    if (stream->capture) return spoil(name);
    if (Result r = flush(*stream); r != SUCCESS) return r;
    return operation();
  }
  return submit(*stream, std::move(operation));
}
}  // namespace
EXPORT int cuMemcpyHtoDAsync_v2(uintptr_t to, const void* from, size_t bytes, void* stream) {
  ENTER(cuMemcpyHtoDAsync_v2)
  return copy("cuMemcpyHtoDAsync_v2", to, from, bytes, stream, [=] { memcpy(reinterpret_cast<void*>(to), from, bytes); });
}
EXPORT int cuMemcpyDtoHAsync_v2(void* to, uintptr_t from, size_t bytes, void* stream) {
  ENTER(cuMemcpyDtoHAsync_v2)
  return copy("cuMemcpyDtoHAsync_v2", from, to, bytes, stream, [=] { memcpy(to, reinterpret_cast<void*>(from), bytes); });
}
EXPORT int cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t bytes, void* stream) {
  ENTER(cuMemcpyDtoDAsync_v2)
  if (bytes > 0 && !live(from, bytes)) {
    return report(INVALID_VALUE, "cuMemcpyDtoDAsync_v2: %zu bytes at 0x%llx are not in live device memory%s", bytes, (unsigned long long)from, place(from).c_str());
  }
  return copy("cuMemcpyDtoDAsync_v2", to, nullptr, bytes, stream, [=] { memmove(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes); });
}
EXPORT int cuMemsetD32Async(uintptr_t to, unsigned value, size_t count, void* stream) {
  ENTER(cuMemsetD32Async)
  return copy("cuMemsetD32Async", to, nullptr, count * 4, stream, [=] {
    auto* words = reinterpret_cast<uint32_t*>(to);
    for (size_t i = 0; i < count; i++) words[i] = value;
  });
}
EXPORT int cuStreamCreate(void** handle, unsigned) {
  ENTER(cuStreamCreate)
  NEED_CONTEXT(cuStreamCreate)
  *handle = new Stream();
  streams.insert(*handle);
  return SUCCESS;
}
EXPORT int cuStreamSynchronize(void* handle) {
  ENTER(cuStreamSynchronize)
  Stream* stream = stream_of(handle);
  if (stream == nullptr) return INVALID_HANDLE;
  if (stream->capture) return spoil("cuStreamSynchronize");
  return flush(*stream);
}
EXPORT int cuStreamDestroy_v2(void* handle) {
  ENTER(cuStreamDestroy_v2)
  if (!streams.count(handle)) return INVALID_HANDLE;
  auto* stream = static_cast<Stream*>(handle);
  Result r = flush(*stream);
  streams.erase(handle);
  delete stream;
  return r;
}
EXPORT int cuEventCreate(void** handle, unsigned) {
  ENTER(cuEventCreate)
  NEED_CONTEXT(cuEventCreate)
  *handle = new Event();
  events.insert(*handle);
  return SUCCESS;
}
EXPORT int cuEventRecord(void* handle, void* stream_handle) {
  ENTER(cuEventRecord)
  Stream* stream = stream_of(stream_handle);
  if (stream == nullptr || !events.count(handle)) return INVALID_HANDLE;
  auto* event = static_cast<Event*>(handle);
  return submit(*stream, [event]() -> Result {
    event->milliseconds = now_milliseconds();
    return SUCCESS;
  });
}
EXPORT int cuEventSynchronize(void* handle) {
  ENTER(cuEventSynchronize)
  if (!events.count(handle)) return INVALID_HANDLE;
  if (capturing()) return spoil("cuEventSynchronize");
  return flush_all();
}
EXPORT int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  ENTER(cuEventElapsedTime)
  if (!events.count(start) || !events.count(end)) return INVALID_HANDLE;
  const auto* a = static_cast<Event*>(start);
  const auto* b = static_cast<Event*>(end);
  if (a->milliseconds < 0 || b->milliseconds < 0) return NOT_READY;
  *milliseconds = float(b->milliseconds - a->milliseconds);
  return SUCCESS;
}
EXPORT int cuEventDestroy_v2(void* handle) {
  ENTER(cuEventDestroy_v2)
  if (!events.count(handle)) return INVALID_HANDLE;
  flush_all();
  events.erase(handle);
  delete static_cast<Event*>(handle);
  return SUCCESS;
}
EXPORT int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                          void* stream, void** parameters, void** extra) {
  ENTER(cuLaunchKernel)
  NEED_CONTEXT(cuLaunchKernel)
  return launch(static_cast<Function*>(function), {gx, gy, gz}, {bx, by, bz}, shared, stream, parameters, extra);
}
struct LaunchAttribute {
  int id;
  char padding[4];
  char value[64];
};
struct LaunchConfig {
  unsigned grid[3], block[3], shared;
  void* stream;
  LaunchAttribute* attributes;
  unsigned count;
};
EXPORT int cuLaunchKernelEx(const LaunchConfig* config, void* function, void** parameters, void** extra) {
  ENTER(cuLaunchKernelEx)
  NEED_CONTEXT(cuLaunchKernelEx)
  for (unsigned i = 0; i < config->count; i++) {
    if (config->attributes[i].id != 6) return report(INVALID_VALUE, "cuLaunchKernelEx: expected attribute 6, found %d", config->attributes[i].id);
    // Code of an older architecture does not wait for the kernel before it.
    if (compiled_for() < 90) return report(INVALID_VALUE, "cuLaunchKernelEx: a kernel for compute_%d may not overlap", compiled_for());
  }
  return launch(static_cast<Function*>(function), {config->grid[0], config->grid[1], config->grid[2]},
                {config->block[0], config->block[1], config->block[2]}, config->shared, config->stream, parameters, extra);
}
EXPORT int cuStreamBeginCapture_v2(void* handle, int) {
  ENTER(cuStreamBeginCapture_v2)
  Stream* stream = stream_of(handle);
  if (stream == nullptr) return INVALID_HANDLE;
  if (handle == nullptr || stream->capture) return CAPTURE_UNSUPPORTED;
  stream->capture = std::make_unique<Graph>();
  stream->broken = false;
  return SUCCESS;
}
EXPORT int cuStreamEndCapture(void* handle, void** graph) {
  ENTER(cuStreamEndCapture)
  Stream* stream = stream_of(handle);
  if (stream == nullptr || !stream->capture) return INVALID_VALUE;
  std::unique_ptr<Graph> captured = std::move(stream->capture);
  *graph = nullptr;
  if (stream->broken) return CAPTURE_INVALIDATED;
  *graph = captured.release();
  graphs.insert(*graph);
  return SUCCESS;
}
EXPORT int cuGraphInstantiateWithFlags(void** exec, void* graph, unsigned long long) {
  ENTER(cuGraphInstantiateWithFlags)
  if (!graphs.count(graph)) return INVALID_HANDLE;
  *exec = new Graph(*static_cast<Graph*>(graph));
  execs.insert(*exec);
  return SUCCESS;
}
EXPORT int cuGraphLaunch(void* exec, void* handle) {
  ENTER(cuGraphLaunch)
  Stream* stream = stream_of(handle);
  if (stream == nullptr || !execs.count(exec)) return INVALID_HANDLE;
  for (const Operation& operation : static_cast<Graph*>(exec)->operations) submit(*stream, operation);
  return SUCCESS;
}
EXPORT int cuGraphExecDestroy(void* exec) {
  ENTER(cuGraphExecDestroy)
  if (!execs.count(exec)) return INVALID_HANDLE;
  flush_all();
  execs.erase(exec);
  delete static_cast<Graph*>(exec);
  return SUCCESS;
}
EXPORT int cuGraphDestroy(void* graph) {
  ENTER(cuGraphDestroy)
  if (!graphs.erase(graph)) return INVALID_HANDLE;
  delete static_cast<Graph*>(graph);
  return SUCCESS;
}

// ---------------------------------------------------------------------------------------------
// For tests only.

// The n-th call from now of a function fails with the code.
EXPORT void standin_fail(const char* function, int n, int code) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  failing[function][calls[function] + n] = code;
}
EXPORT void standin_set_memory(size_t bytes) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  capacity = bytes > used ? bytes : used;
}
EXPORT void standin_set_device(int device, int major, int minor, int shared) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  has[device].major = major;
  has[device].minor = minor;
  has[device].shared = shared;
}
EXPORT void standin_set_driver(int version) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  driver = version;
}
EXPORT void standin_set_devices(int count) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  devices = count;
}
EXPORT void standin_set_order(uint64_t order) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  emulation::order = order;
}
// Forgets an error that stays, and planned failures. Live things stay.
EXPORT void standin_reset() {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  default_stream.waiting.clear();
  for (void* s : streams) static_cast<Stream*>(s)->waiting.clear();
  sticky = SUCCESS;
  failing.clear();
  report_text.clear();
}
EXPORT size_t standin_used() {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return used;
}
// What is alive and should not be after everything was closed.
EXPORT long standin_alive() {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return long(device_memory.size() + pinned_memory.size() + streams.size() + events.size() + modules.size() + graphs.size() + execs.size());
}
EXPORT long standin_launches() {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return launches;
}
// The last thing found out, or an empty text.
EXPORT const char* standin_report() {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return report_text.c_str();
}
