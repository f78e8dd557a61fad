#include "emulator.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <memory>

// What the kernels' build calls where it finds an address that its type forbids: a device ends there.
struct MisalignedAt {
  const char* file;
  uint32_t line, column;
};
extern "C" [[noreturn]] void __ubsan_handle_type_mismatch_v1_abort(const MisalignedAt* where, void* address) {
  const char* name = strrchr(where->file, '/');
  emulation::fail("block (%u, %u, %u), thread %u: misaligned access at address %p, %s line %u", emulation::block_index.x,
                  emulation::block_index.y, emulation::block_index.z, emulation::thread_index.x, address,
                  name == nullptr ? where->file : name + 1, where->line);
}

// Saves the callee's registers, stores the stack pointer and goes on with another one: by a jump, which a
// processor foresees, where it would take a return for one to its caller.
extern "C" void emulation_switch(void** from, void* to);
asm(R"(
.text
.globl emulation_switch
.type emulation_switch, @function
emulation_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  pop %rcx
  jmp *%rcx
.size emulation_switch, .-emulation_switch
)");

namespace emulation {

unsigned char* shared_memory;
Dim thread_index, block_index, block_size, grid_size;
Slot* slots;
uint64_t order;

namespace {

constexpr int MOST_THREADS = 1024;
constexpr size_t STACK = 128 * 1024;
constexpr int MOST_COPIES = 1024;

struct Copy {
  void* to;
  const void* from;
};

struct Fibre {
  void* stack_pointer;
  unsigned char* stack;
  Dim index;
  int number;
  bool waited;  // for the kernel before
  // Asynchronous copies under way, a ring, and where its groups end.
  Copy copies[MOST_COPIES];
  unsigned first, last;
  unsigned groups[64];
  unsigned first_group, last_group;
};

struct Warp {
  Slot slots[32];
  Fibre* waiting[32];
  int arrived;
  int size;
  Work work;
  int argument;
};

std::unique_ptr<Fibre> fibres[MOST_THREADS];
Warp warps[MOST_THREADS / 32];
Fibre* ready[MOST_THREADS];
unsigned ready_head, ready_count;
Fibre* at_barrier[MOST_THREADS];
int barrier_count, alive, threads_now;
Fibre* current;
void* main_stack;
uint64_t random_state;
void (*call_now)(void**);
void** parameters_now;
std::string failure;
sigjmp_buf escape;
volatile bool running;
const Guard* guard_now;
bool guarding;

// Pages of the guard's memory, without access or with.
void protect(bool away) {
  constexpr uintptr_t PAGE = 4096;
  guarding = away;
  for (const Range& range : guard_now->memory) {
    uintptr_t from = range.at / PAGE * PAGE, to = (range.at + range.bytes + PAGE - 1) / PAGE * PAGE;
    mprotect(reinterpret_cast<void*>(from), to - from, away ? PROT_NONE : PROT_READ | PROT_WRITE);
  }
}
bool guarded(const void* address) {
  auto at = reinterpret_cast<uintptr_t>(address);
  if (!guarding) return false;
  for (const Range& range : guard_now->memory) {
    if (at >= range.at && at < range.at + range.bytes) return true;
  }
  return false;
}
// Copies may be given before the wait from what no kernel before writes.
void expect_early(const void* from, size_t bytes) {
  if (guard_now == nullptr || current->waited) return;
  auto at = reinterpret_cast<uintptr_t>(from);
  if (at < guard_now->early.at || at + bytes > guard_now->early.at + guard_now->early.bytes) {
    fail("block (%u, %u, %u), thread %u: copies from %p before it waited for the kernel before",
         block_index.x, block_index.y, block_index.z, thread_index.x, from);
  }
}

void make_ready(Fibre* f) {
  ready[(ready_head + ready_count) % MOST_THREADS] = f;
  ready_count++;
}

void make_ready_first(Fibre* f) {
  ready_head = (ready_head + MOST_THREADS - 1) % MOST_THREADS;
  ready[ready_head] = f;
  ready_count++;
}

Fibre* take_ready() {
  unsigned at = 0;
  if (order == 1) {
    at = ready_count - 1;
  } else if (order > 1) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    at = static_cast<unsigned>(random_state % ready_count);
  }
  unsigned place = (ready_head + at) % MOST_THREADS;
  Fibre* chosen = ready[place];
  if (order <= 1 && at != 0) {
    // the newest
  } else if (at != 0) {
    ready[place] = ready[(ready_head + ready_count - 1) % MOST_THREADS];
  } else {
    ready_head = (ready_head + 1) % MOST_THREADS;
  }
  ready_count--;
  return chosen;
}

void resume(Fibre* f) {
  current = f;
  thread_index = f->index;
  slots = warps[f->number / 32].slots;
}

// Leaves the calling fibre, which is written down somewhere, for another.
void leave() {
  Fibre* from = current;
  if (ready_count == 0) {
    fail("block (%u, %u, %u): its threads wait for each other for ever: not all of them reach the "
         "same barrier, shuffle or matrix product",
         block_index.x, block_index.y, block_index.z);
  }
  Fibre* to = take_ready();
  if (to != from) {
    resume(to);
    emulation_switch(&from->stack_pointer, to->stack_pointer);
    // Back again: whoever came here has set what is current.
  }
}

void release_barrier() {
  int count = barrier_count;
  barrier_count = 0;
  for (int i = 0; i < count; i++) make_ready(at_barrier[i]);
}

[[noreturn]] void fibre_main() {
  call_now(parameters_now);
  if (guard_now != nullptr && !current->waited) {
    fail("block (%u, %u, %u), thread %u: ended without waiting for the kernel before", block_index.x,
         block_index.y, block_index.z, thread_index.x);
  }
  alive--;
  Fibre* from = current;
  if (alive > 0 && barrier_count == alive) release_barrier();
  if (alive == 0) {
    void* nowhere;
    emulation_switch(&nowhere, main_stack);
  }
  leave();
  (void)from;
  abort();
}

void prepare(Fibre& f) {
  // Stacks of their own colours: what all threads touch would else lie in the same few lines of a cache.
  uintptr_t top = reinterpret_cast<uintptr_t>(f.stack + STACK) - static_cast<unsigned>(f.number) * 320 % 16384;
  void** sp = reinterpret_cast<void**>(top);
  // A function finds its stack 8 bytes off a multiple of 16.
  for (int i = 0; i < 3; i++) *--sp = nullptr;
  *--sp = reinterpret_cast<void*>(&fibre_main);
  for (int i = 0; i < 6; i++) *--sp = nullptr;
  f.stack_pointer = sp;
  f.waited = false;
  f.first = f.last = 0;
  f.first_group = f.last_group = 0;
}

}  // namespace

void fail(const char* format, ...) {
  char text[600];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  failure = text;
  siglongjmp(escape, 1);
}

void meet_warp(Work work, int argument) {
  Warp& w = warps[current->number / 32];
  if (w.arrived == 0) {
    w.work = work;
    w.argument = argument;
  } else if (w.work != work || w.argument != argument) {
    fail("block (%u, %u, %u), thread %u: a warp's threads meet in different operations",
         block_index.x, block_index.y, block_index.z, thread_index.x);
  }
  if (w.arrived + 1 < w.size) {
    w.waiting[w.arrived++] = current;
    leave();
    return;
  }
  int others = w.arrived;
  w.arrived = 0;
  if (work != nullptr) work(w.slots, argument);
  if (order == 0) {
    // A warp goes on as far as it can before the next, which is quicker.
    for (int i = others; i-- > 0;) make_ready_first(w.waiting[i]);
  } else {
    for (int i = 0; i < others; i++) make_ready(w.waiting[i]);
  }
  // Let the others go first or last, as the order has it.
  if (order > 1) {
    make_ready(current);
    leave();
  }
}

void wait_for_kernel_before() {
  current->waited = true;
  if (guarding) protect(false);
}

void meet_block() {
  at_barrier[barrier_count++] = current;
  if (barrier_count == alive) release_barrier();
  leave();
}

void copy_later(void* to, const void* from) {
  Fibre& f = *current;
  auto at = reinterpret_cast<uintptr_t>(to);
  if (at % 16 != 0 || reinterpret_cast<uintptr_t>(from) % 16 != 0) {
    fail("block (%u, %u, %u), thread %u: a 16-byte copy from %p to shared memory %p is not aligned",
         block_index.x, block_index.y, block_index.z, thread_index.x, from, to);
  }
  if (f.last - f.first == MOST_COPIES) fail("more than %d copies under way", MOST_COPIES);
  if (from != nullptr) expect_early(from, 16);
  f.copies[f.last++ % MOST_COPIES] = {to, from};
  memset(to, 0xff, 16);
}

void commit() {
  Fibre& f = *current;
  if (f.last_group - f.first_group == 64) fail("more than 64 groups of copies under way");
  f.groups[f.last_group++ % 64] = f.last;
}

void wait(int pending) {
  Fibre& f = *current;
  while (f.last_group - f.first_group > static_cast<unsigned>(pending)) {
    unsigned end = f.groups[f.first_group++ % 64];
    for (; f.first != end; f.first++) {
      Copy& c = f.copies[f.first % MOST_COPIES];
      if (c.from != nullptr) {
        memcpy(c.to, c.from, 16);
      } else {
        memset(c.to, 0, 16);
      }
    }
  }
}

namespace {
// A barrier of the bulk copy engine: its 8 bytes in shared memory hold a mark and its number.
struct BulkBarrier {
  int arrivals, arrived;
  int round, expected, coming;
  struct {
    void* to;
    const void* from;
    int bytes;
  } copies[32];
  int count;
};
constexpr int MOST_BARRIERS = 512;
constexpr uint64_t BARRIER_MARK = 0xba221e2000000000ull;
BulkBarrier bulk_barriers[MOST_BARRIERS];
int bulk_barrier_count;

BulkBarrier& bulk_barrier(uint64_t* barrier) {
  uint64_t number = *barrier ^ BARRIER_MARK;
  if (number >= static_cast<uint64_t>(bulk_barrier_count)) fail("a barrier of copies is used that was never opened");
  return bulk_barriers[number];
}
}  // namespace

void open_barrier(uint64_t* barrier, int arrivals) {
  if (bulk_barrier_count == MOST_BARRIERS) fail("more than %d barriers of copies", MOST_BARRIERS);
  *barrier = BARRIER_MARK ^ static_cast<uint64_t>(bulk_barrier_count);
  BulkBarrier& b = bulk_barriers[bulk_barrier_count++];
  b = {};
  b.arrivals = arrivals;
}

void arrive(uint64_t* barrier) {
  BulkBarrier& b = bulk_barrier(barrier);
  if (b.arrived == b.arrivals) fail("more than %d arrivals in a round of a barrier", b.arrivals);
  b.arrived++;
}

void expect(uint64_t* barrier, int bytes) {
  BulkBarrier& b = bulk_barrier(barrier);
  arrive(barrier);
  b.expected += bytes;
}

void copy_bulk(void* to, const void* from, int bytes, uint64_t* barrier) {
  BulkBarrier& b = bulk_barrier(barrier);
  if (bytes % 16 != 0 || reinterpret_cast<uintptr_t>(to) % 16 != 0 || reinterpret_cast<uintptr_t>(from) % 16 != 0) {
    fail("a bulk copy of %d bytes from %p to shared memory %p is not aligned to 16", bytes, from, to);
  }
  expect_early(from, static_cast<size_t>(bytes));
  if (b.count == 32) fail("more than 32 bulk copies in a round");
  b.copies[b.count++] = {to, from, bytes};
  b.coming += bytes;
  memset(to, 0xff, static_cast<size_t>(bytes));
}

void wait_barrier(uint64_t* barrier, int parity) {
  BulkBarrier& b = bulk_barrier(barrier);
  int rounds = 0;
  while ((b.round & 1) == parity) {
    if (b.arrived == b.arrivals && b.coming == b.expected) {
      for (int i = 0; i < b.count; i++) memcpy(b.copies[i].to, b.copies[i].from, static_cast<size_t>(b.copies[i].bytes));
      b.count = b.coming = b.expected = b.arrived = 0;
      b.round++;
      return;
    }
    if (ready_count == 0 || ++rounds > 1000000) {
      fail("threads wait for a barrier for ever: %d of %d arrivals, %d bytes expected, %d coming", b.arrived, b.arrivals, b.expected, b.coming);
    }
    // Behind all others, also where the newest goes first.
    make_ready_first(current);
    if (order == 0 || order > 1) {
      ready_head = (ready_head + 1) % MOST_THREADS;
      ready[(ready_head + ready_count - 1) % MOST_THREADS] = current;
    }
    leave();
  }
}

void exchange(Slot* slots, int mask) {
  double values[32];
  for (int i = 0; i < 32; i++) values[i] = slots[i].d;
  for (int i = 0; i < 32; i++) slots[i].d = values[i ^ mask];
}

namespace {

template <float (*widen)(uint16_t)>
inline void multiply(Slot* slots) {
  float a[16][16];
  alignas(32) float b[16][8];
  for (int lane = 0; lane < 32; lane++) {
    int g = lane >> 2;
    int t = lane & 3;
    for (int r = 0; r < 4; r++) {
      int row = g + (r & 1) * 8;
      int column = 2 * t + (r >> 1) * 8;
      a[row][column] = widen(slots[lane].a[r] & 0xffff);
      a[row][column + 1] = widen(slots[lane].a[r] >> 16);
    }
    b[2 * t][g] = widen(slots[lane].b0 & 0xffff);
    b[2 * t + 1][g] = widen(slots[lane].b0 >> 16);
    b[2 * t + 8][g] = widen(slots[lane].b1 & 0xffff);
    b[2 * t + 9][g] = widen(slots[lane].b1 >> 16);
  }
  for (int row = 0; row < 16; row++) {
    alignas(32) float d[8] = {};
    for (int k = 0; k < 16; k++) {
      for (int n = 0; n < 8; n++) d[n] += a[row][k] * b[k][n];
    }
    for (int n = 0; n < 8; n++) {
      auto* to = static_cast<float*>(slots[(row & 7) * 4 + n / 2].p);
      to[(row >> 3) * 2 + (n & 1)] += d[n];
    }
  }
}
inline float widen_f16(uint16_t h) { return f16_to_float(h); }
inline float widen_bf16(uint16_t h) { return bits_to_float(static_cast<uint32_t>(h) << 16); }

// A warp's share of a warpgroup's product: what all its lanes gave.
struct WarpgroupProduct {
  float* d[32];
  const uint32_t* a[32];
  uint64_t b;
  int columns;
  bool bf16;
};
struct WarpgroupQueue {
  std::vector<WarpgroupProduct> products;
  std::vector<size_t> groups;  // where each ends
  bool fenced;
  long taken;  // products in all
};
WarpgroupQueue warpgroup_queues[MOST_THREADS / 32];

// `argument`: columns of d, negative for bf16.
void take_product(Slot* slots, int argument) {
  WarpgroupQueue& queue = warpgroup_queues[current->number / 32];
  if (!queue.fenced) fail("a warpgroup's product without a fence before it");
  WarpgroupProduct product;
  for (int lane = 0; lane < 32; lane++) {
    product.d[lane] = static_cast<float*>(slots[lane].p);
    product.a[lane] = slots[lane].a;
  }
  product.b = static_cast<uint64_t>(slots[0].b1) << 32 | slots[0].b0;
  product.columns = argument < 0 ? -argument : argument;
  product.bf16 = argument < 0;
  queue.products.push_back(product);
  queue.taken++;
}
void end_group(Slot*, int) {
  WarpgroupQueue& queue = warpgroup_queues[current->number / 32];
  queue.groups.push_back(queue.products.size());
  queue.fenced = false;
}
void begin_group(Slot*, int) { warpgroup_queues[current->number / 32].fenced = true; }

void run_product(const WarpgroupProduct& product) {
  // The descriptor: address and distance of groups of 8 rows in units of 16 bytes, and the swizzle.
  uint64_t address = (product.b & 0x3fff) << 4;
  uint64_t group_bytes = (product.b >> 32 & 0x3fff) << 4;
  if (product.b >> 62 != 1 || (product.b >> 49 & 7) != 0) fail("a descriptor without 128-byte swizzle");
  // The steps of a row are 32 bytes apart; where rows begin, the pattern does.
  if ((address & 0x380) != 0) fail("a descriptor of rows that do not begin at a multiple of 1,024 bytes");
  float (*widen)(uint16_t) = product.bf16 ? widen_bf16 : widen_f16;
  float a[16][16];
  for (int lane = 0; lane < 32; lane++) {
    for (int r = 0; r < 4; r++) {
      int row = lane / 4 + (r & 1) * 8;
      int column = lane % 4 * 2 + (r >> 1) * 8;
      a[row][column] = widen(product.a[lane][r] & 0xffff);
      a[row][column + 1] = widen(product.a[lane][r] >> 16);
    }
  }
  for (int n = 0; n < product.columns; n++) {
    float b[16];
    for (int k = 0; k < 16; k++) {
      uint64_t at = address + static_cast<uint64_t>(n / 8) * group_bytes + static_cast<uint64_t>(n % 8 * 128 + k * 2);
      at ^= (at >> 7 & 7) << 4;
      uint16_t bits;
      memcpy(&bits, shared_memory + (at - SHARED_BASE), 2);
      b[k] = widen(bits);
    }
    for (int row = 0; row < 16; row++) {
      float sum = 0;
      for (int k = 0; k < 16; k++) sum += a[row][k] * b[k];
      product.d[(row & 7) * 4 + n % 8 / 2][n / 8 * 4 + (row >> 3) * 2 + n % 2] += sum;
    }
  }
}
void end_products(Slot*, int pending) {
  WarpgroupQueue& queue = warpgroup_queues[current->number / 32];
  while (queue.groups.size() > static_cast<size_t>(pending)) {
    size_t end = queue.groups.front();
    for (size_t i = 0; i < end; i++) run_product(queue.products[i]);
    queue.products.erase(queue.products.begin(), queue.products.begin() + static_cast<long>(end));
    queue.groups.erase(queue.groups.begin());
    for (size_t& g : queue.groups) g -= end;
  }
}

// An access to memory that is no one's ends the grid; what is not ours goes to whom it belongs: other
// threads of a Java process fault on purpose, while kernels run.
struct sigaction before_segv, before_bus;
pthread_t runner;
void on_signal(int number, siginfo_t* info, void* context) {
  if (running && pthread_equal(pthread_self(), runner)) {
    running = false;
    char text[200];
    snprintf(text, sizeof text,
             guarded(info->si_addr)
                 ? "block (%u, %u, %u), thread %u: touches %p before it waited for the kernel before"
                 : "block (%u, %u, %u), thread %u: illegal access at address %p",
             block_index.x, block_index.y, block_index.z, thread_index.x, info->si_addr);
    failure = text;
    siglongjmp(escape, 1);
  }
  struct sigaction& before = number == SIGSEGV ? before_segv : before_bus;
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else {
    signal(number, SIG_DFL);
    raise(number);
  }
}

}  // namespace

void fence_products() { meet_warp(begin_group, 0); }
void commit_products() { meet_warp(end_group, 0); }
void wait_products(int pending) { meet_warp(end_products, pending); }
void warpgroup_product(float* d, int columns, const uint32_t* a, uint64_t b, bool bf16) {
  Slot& slot = slots[lane()];
  slot.p = d;
  slot.a = a;
  slot.b0 = static_cast<uint32_t>(b);
  slot.b1 = static_cast<uint32_t>(b >> 32);
  meet_warp(take_product, bf16 ? -columns : columns);
}

void multiply_f16(Slot* slots, int) { multiply<widen_f16>(slots); }
void multiply_bf16(Slot* slots, int) { multiply<widen_bf16>(slots); }

namespace {
// What a block must not leave behind: its shared memory is another's when it has ended.
void expect_nothing_under_way() {
  for (int i = 0; i < threads_now; i++) {
    if (fibres[i]->first != fibres[i]->last) {
      fail("block (%u, %u, %u), thread %d: ended with copies under way", block_index.x, block_index.y,
           block_index.z, i);
    }
  }
  for (int i = 0; i < bulk_barrier_count; i++) {
    if (bulk_barriers[i].count != 0) {
      fail("block (%u, %u, %u): ended with bulk copies under way", block_index.x, block_index.y,
           block_index.z);
    }
  }
  for (int w = 0; w * 32 < threads_now; w++) {
    const WarpgroupQueue& queue = warpgroup_queues[w];
    if (!queue.products.empty() || queue.taken != warpgroup_queues[w / 4 * 4].taken) {
      fail("block (%u, %u, %u), warp %d: %s", block_index.x, block_index.y, block_index.z, w,
           queue.products.empty() ? "other products than the rest of its warpgroup"
                                  : "ended with products under way");
    }
  }
}
}  // namespace

std::string run(const Kernel& kernel, Dim grid, Dim block, unsigned shared, void** parameters,
                const Guard* guard) {
  static unsigned char* memory = nullptr;
  constexpr size_t MOST_SHARED = 256 * 1024;
  if (memory == nullptr) {
    auto* place = static_cast<unsigned char*>(mmap(nullptr, MOST_SHARED + 8192, PROT_READ | PROT_WRITE,
                                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(place, 4096, PROT_NONE);
    mprotect(place + 4096 + MOST_SHARED, 4096, PROT_NONE);
    memory = place + 4096;
    struct sigaction action = {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before_segv);
    sigaction(SIGBUS, &action, &before_bus);
  }
  // The end of shared memory is the end of what may be touched.
  shared_memory = memory + MOST_SHARED - (shared + 127) / 128 * 128;
  int threads = static_cast<int>(block.x * block.y * block.z);
  for (int i = 0; i < threads; i++) {
    if (!fibres[i]) {
      fibres[i] = std::make_unique<Fibre>();
      auto* place = static_cast<unsigned char*>(mmap(nullptr, STACK + 4096, PROT_READ | PROT_WRITE,
                                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
      mprotect(place, 4096, PROT_NONE);
      fibres[i]->stack = place + 4096;
    }
  }
  grid_size = grid;
  block_size = block;
  call_now = kernel.call;
  parameters_now = parameters;
  failure.clear();
  random_state = order * 0x9e3779b97f4a7c15ull + 1;
  guard_now = guard;
  if (sigsetjmp(escape, 1) == 0) {
    runner = pthread_self();
    running = true;
    if (guard != nullptr) protect(true);
    for (unsigned z = 0; z < grid.z; z++) {
      for (unsigned y = 0; y < grid.y; y++) {
        for (unsigned x = 0; x < grid.x; x++) {
          block_index = {x, y, z};
          // Other orders run the blocks of a row in another order, too.
          if (order == 1) block_index = {grid.x - 1 - x, grid.y - 1 - y, grid.z - 1 - z};
          memset(shared_memory, 0xff, (shared + 127) / 128 * 128);
          threads_now = alive = threads;
          barrier_count = 0;
          bulk_barrier_count = 0;
          ready_head = ready_count = 0;
          for (int i = 0; i < threads; i++) {
            Fibre& f = *fibres[i];
            f.index = {static_cast<unsigned>(i), 0, 0};
            f.number = i;
            prepare(f);
            make_ready(&f);
          }
          for (int w = 0; w * 32 < threads; w++) {
            warps[w].arrived = 0;
            warpgroup_queues[w] = {};
            warps[w].size = threads - w * 32 < 32 ? threads - w * 32 : 32;
          }
          Fibre* first = take_ready();
          resume(first);
          emulation_switch(&main_stack, first->stack_pointer);
          expect_nothing_under_way();
        }
      }
    }
  }
  running = false;
  if (guarding) protect(false);
  guard_now = nullptr;
  return failure;
}

const Kernel* find(const std::string& name) {
  for (const Kernel& k : kernels()) {
    if (name == k.name) return &k;
  }
  return nullptr;
}

}  // namespace emulation
