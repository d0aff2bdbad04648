// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One instruction of PTX as the parser reads it.

#ifndef PTX_STATEMENT_H
#define PTX_STATEMENT_H

#include <cstdint>
#include <string_view>
#include <vector>

namespace ptx {

struct Operand {
  enum Kind : uint8_t { Name, Integer, Float, Double, Vector, Address, Sink };
  Kind kind = Sink;
  bool negated = false;    // !%p1
  bool hasNumber = false;  // of an address: no name, bits alone
  std::string_view name;   // of a register, variable, label or special register
  std::string_view second; // q of "p|q"
  uint64_t bits = 0;       // of a number
  int64_t offset = 0;      // of an address
  std::vector<Operand> elements;
};

struct Statement {
  std::string_view guard; // without the %: empty where it always executes
  bool guardNegated = false;
  std::string_view opcode;
  std::vector<std::string_view> modifiers;
  std::vector<Operand> operands;
  uint32_t line = 0;
};

} // namespace ptx

#endif
