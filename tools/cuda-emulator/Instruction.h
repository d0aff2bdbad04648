// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the decoder makes of a kernel, once, for the machine to execute.

#ifndef PTX_INSTRUCTION_H
#define PTX_INSTRUCTION_H

#include "Ptx.h"

#include <mutex>

namespace ptx {

struct Warp;
struct Instruction;

/// Executes one instruction for a warp and returns the next one; null where the warp waits, has ended or failed.
using Handler = const Instruction *(*)(Warp &, const Instruction *);

/// Operands are slots: offsets in bytes into the warp's registers, where the 32 lanes of a register lie side by side.
/// Immediates, special registers and addresses of variables have slots too, which are written before a block starts, so
/// that an instruction reads all operands alike. A predicate's slot is one word, a bit for each lane.
struct Instruction {
  Handler run = nullptr;
  uint32_t d = 0, a = 0, b = 0, c = 0;
  uint32_t guard = 0; // slot of the predicate, or of one that is always true
  uint32_t flip = 0;  // all ones where the predicate is negated
  uint32_t extra = 0; // of the instruction: a branch's target, where its list begins, a count
  uint32_t line = 0;  // of the PTX
  int64_t offset = 0; // of an address; else of the instruction
  uint32_t kind = 0;  // in kindNames(), for the profile
};

/// A slot that does not change while a block runs.
struct Constant {
  uint32_t slot;
  uint32_t bytes; // of one lane
  uint64_t bits;
  bool dynamicShared; // bits count from where the dynamic shared memory begins
};

enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NwarpId,
  LaneMaskEq,
  LaneMaskLt,
  LaneMaskLe,
  LaneMaskGt,
  LaneMaskGe,
  DynamicShared,
  TotalShared
};

struct SpecialSlot {
  uint32_t slot;
  uint32_t bytes;
  Special which;
};

struct Parameter {
  std::string name;
  uint32_t offset, bytes;
};

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  std::vector<Instruction> code;
  std::vector<uint32_t> lists; // slots of vector operands, targets of branch tables
  std::vector<Constant> constants;
  std::vector<SpecialSlot> specials;
  uint32_t registerBytes = 0;
  uint32_t localBytes = 0;                 // of a thread
  uint32_t sharedBytes = 0;                // without the dynamic ones
  uint32_t dynamicOffset = 0;              // where those begin
  uint32_t maxThreads = 0;                 // .maxntid, or 0
  uint32_t requiredThreads[3] = {0, 0, 0}; // .reqntid
  Profile profile;
  std::vector<uint64_t> executed; // threads that executed each instruction
};

/// Names of instruction classes.
std::vector<std::string> &kindNames();
uint32_t kindNamed(const std::string &name);

} // namespace ptx

#endif
