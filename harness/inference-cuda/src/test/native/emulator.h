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

// How the threads of a block take turns: 0 ascending, 1 descending, else drawn with the seed.
extern uint64_t order;

// Runs a grid. Answers an empty string, or what went wrong: threads that wait for each other for
// ever, a failed check, or an access outside of live memory at the address given.
std::string run(const Kernel& kernel, Dim grid, Dim block, unsigned shared, void** parameters);

}  // namespace emulation
