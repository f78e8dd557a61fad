// Runs kernels of the host build: blocks one after the other, a block's threads as fibres.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "emulation.h"

namespace emulation {

// A kernel of the image: what kernels.tsv says of it, and how to call it.
struct Kernel {
  const char* name;
  int threads;
  int shared;
  int rows, outputs, slices;  // 0 where they do not apply
  std::string parameters;     // P L I F
  void (*call)(void** parameters);
};
const std::vector<Kernel>& kernels();
const Kernel* find(const std::string& name);

// How the threads of a block take turns: 0 ascending, a warp as far as it can at a time; 1 descending;
// else drawn with the seed.
extern uint64_t order;

struct Range {
  uintptr_t at;
  size_t bytes;
};
// What threads may do before they have waited for the kernel before theirs: none may touch `memory`, whole
// pages, before the first of a grid has; copies to shared memory may be given from `early` alone. And
// all must wait some time.
struct Guard {
  std::vector<Range> memory;
  Range early = {0, 0};
};

// Runs a grid, under a guard if there is one. Answers an empty string, or what went wrong: threads that wait for each other for
// ever, a failed check, or an access outside of live memory at the address given.
std::string run(const Kernel& kernel, Dim grid, Dim block, unsigned shared, void** parameters,
                const Guard* guard = nullptr);

}  // namespace emulation
