// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs PTX, as text or compiled from LLVM IR, on the emulator.

#ifndef UNITTESTS_CUDAEMULATOR_HARNESS_H
#define UNITTESTS_CUDAEMULATOR_HARNESS_H

#include "Ptx.h"

#include <gtest/gtest.h>

#include <cstring>

namespace harness {

/// A module with one kernel `k` of these 64-bit parameters, p0, p1, ...: in its body %a0, %a1, ... are their values,
/// and there are registers %p<16>, %h<32> (16 bits), %r<64>, %rd<64>, %f<32> and %fd<32>; %t is the thread's number in
/// its block, %td the same in 64 bits.
std::string kernelText(const std::string &body, unsigned parameters, const std::string &declarations = "");

/// PTX of LLVM IR for sm_80.
std::string compile(const std::string &ir);

class Device {
public:
  ptx::Memory memory;
  ptx::Settings settings;
  std::unique_ptr<ptx::Module> module;
  ptx::Fault fault;

  /// False, with a failure of the test, where the text is refused.
  bool load(const std::string &text);

  template <class T>
  uint64_t upload(const std::vector<T> &values) {
    uint64_t address = memory.allocate(values.size() * sizeof(T));
    std::memcpy(memory.host(address, values.size() * sizeof(T)), values.data(), values.size() * sizeof(T));
    return address;
  }
  template <class T>
  std::vector<T> download(uint64_t address, size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(), memory.host(address, count * sizeof(T)), count * sizeof(T));
    return values;
  }

  /// Launches kernel `k`; the message of the fault, or "".
  std::string run(const std::vector<uint64_t> &parameters, ptx::Extent grid = {1, 1, 1}, ptx::Extent block = {32, 1, 1},
                  uint32_t shared = 0, const char *kernel = "k");
};

/// What loading the text is refused with, "" where it is not.
std::string loadError(const std::string &text);
/// What is wrong with an instruction, without its line.
std::string instructionError(const std::string &text, const std::string &declarations = "");

} // namespace harness

#endif
