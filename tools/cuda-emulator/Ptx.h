// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Executes PTX on the CPU: parse a module, launch its kernels on a device memory that checks every access.

#ifndef PTX_PTX_H
#define PTX_PTX_H

#include "Memory.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ptx {

struct Kernel;

struct Extent {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t count() const { return uint64_t(x) * y * z; }
};

enum class FaultKind {
  None,
  IllegalAddress,    // outside of what is allocated, or of the state space
  MisalignedAddress, // not a multiple of the access's bytes
  IllegalInstruction,
  Trap,
  Race,    // two threads touch a byte with nothing between them that orders them
  Barrier, // a barrier that not all threads reach
  Launch   // sizes or parameters that the kernel cannot have
};

struct Fault {
  FaultKind kind = FaultKind::None;
  std::string message; // one line: kernel, line of the PTX, block, thread, address
  explicit operator bool() const { return kind != FaultKind::None; }
};

struct Settings {
  unsigned threads = 1; // CPU threads that share a grid's blocks
  bool races = true;    // look for data races
  bool profile = false; // count instructions, bytes and bank conflicts
};

/// What launches of a kernel executed.
struct Profile {
  uint64_t launches = 0, blocks = 0;
  std::map<std::string, uint64_t> threadInstructions; // by class: "mma", "dp4a", "fma.f32", ...
  uint64_t warpInstructions = 0;
  uint64_t globalLoadBytes = 0, globalStoreBytes = 0, globalAccesses = 0;
  uint64_t sectors = 0, leastSectors = 0; // of 32 bytes: touched, and what the same bytes need when they are adjacent
  uint64_t sharedAccesses = 0, bankConflicts = 0; // wavefronts beyond the least
};

class Module {
public:
  ~Module();
  /// Null with `error` = "line N: what" where the text is not a PTX module, or has what is not executed here.
  /// The module's variables live in `memory`, as long as the module.
  static std::unique_ptr<Module> parse(std::string_view text, Memory &memory, std::string &error);

  Kernel *kernel(const std::string &name);
  /// The address and size of a .global or .const variable, or 0.
  uint64_t variable(const std::string &name, uint64_t &bytes) const;
  const std::vector<std::unique_ptr<Kernel>> &kernels() const { return kernelList; }

  std::string target;   // "sm_80"
  unsigned version = 0; // of PTX, times ten

private:
  friend class Parser;
  friend class Decoder;
  struct Variable {
    uint64_t address, bytes;
  };
  explicit Module(Memory &memory);
  Memory &memory;
  std::vector<std::unique_ptr<Kernel>> kernelList;
  std::map<std::string, Variable, std::less<>> variables;
};

/// Runs all blocks; returns with the first fault, or none. `parameters` are the kernel's, as it lays them out.
Fault launch(Kernel &kernel, Extent grid, Extent block, uint32_t dynamicSharedBytes, const void *parameters,
             uint64_t parameterBytes, Memory &memory, const Settings &settings);

/// What all launches of the kernel with Settings::profile executed.
const Profile &profileOf(const Kernel &kernel);
const std::string &nameOf(const Kernel &kernel);

/// A kernel's static sizes.
struct Resources {
  uint32_t parameterBytes, sharedBytes, localBytes, maxThreads;
  std::vector<uint32_t> parameterOffsets, parameterSizes;
};
Resources resourcesOf(const Kernel &kernel);

} // namespace ptx

#endif
