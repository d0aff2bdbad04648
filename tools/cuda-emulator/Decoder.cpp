// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Decoder.h"

#include <cstdlib>

using namespace ptx;

Decoder::Decoder(Module &module, Kernel &kernel, const std::vector<SharedVariable> &shared)
    : module(module), kernel(kernel), sharedVariables(shared) {
  alwaysTrue = constant(fullMask, 0);
}

void Decoder::problem(const std::string &what) {
  if (!error.empty())
    return;
  error = what;
  errorLine = statement ? statement->line : 0;
  if (!statement)
    return;
  std::string opcode(statement->opcode);
  for (std::string_view modifier : statement->modifiers)
    opcode += "." + std::string(modifier);
  error = "'" + opcode + "': " + what;
}

void Decoder::needs(unsigned computeCapability, unsigned version) {
  unsigned target = module.target.size() > 3 ? unsigned(std::atoi(module.target.c_str() + 3)) : 0;
  if (target < computeCapability)
    problem("needs sm_" + std::to_string(computeCapability) + ", the target is " + module.target);
  else if (module.version < version)
    problem("needs PTX " + std::to_string(version / 10) + "." + std::to_string(version % 10) + ", this is " +
            std::to_string(module.version / 10) + "." + std::to_string(module.version % 10));
}

uint32_t Decoder::list(const std::vector<uint32_t> &slots) {
  kernel.lists.insert(kernel.lists.end(), slots.begin(), slots.end());
  return uint32_t(kernel.lists.size() - slots.size());
}

// Modifiers.

bool Decoder::has(std::string_view modifier) {
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i] && statement->modifiers[i] == modifier) {
      used[i] = 1;
      return true;
    }
  }
  return false;
}

int Decoder::oneOf(std::initializer_list<std::string_view> modifiers) {
  int index = 0;
  for (std::string_view modifier : modifiers) {
    if (has(modifier))
      return index;
    ++index;
  }
  return -1;
}

Type Decoder::type() {
  for (size_t i = used.size(); i-- > 0;) {
    if (used[i])
      continue;
    used[i] = 1;
    Type found = typeNamed(statement->modifiers[i]);
    if (found == Type::None)
      problem("'." + std::string(statement->modifiers[i]) + "' is no type that is executed here");
    return found;
  }
  problem("expected a type");
  return Type::None;
}

bool Decoder::expectOperands(size_t least, size_t most) {
  if (operandCount() < least || operandCount() > most)
    problem("expected " + std::to_string(least) + " operands, got " + std::to_string(operandCount()));
  return !failed();
}

Decoder::Space Decoder::space() {
  if (has("global") || has("global::cta"))
    return Space::Global;
  if (has("shared") || has("shared::cta"))
    return Space::Shared;
  if (has("local"))
    return Space::Local;
  if (has("param") || has("param::entry"))
    return Space::Param;
  return has("const") ? Space::Const : Space::Generic;
}

// Instructions.

Instruction &Decoder::emit(Handler handler, const char *kind) {
  kernel.code.emplace_back();
  Instruction &made = kernel.code.back();
  made.run = handler;
  made.line = statement ? statement->line : 0;
  made.kind = kindNamed(kind ? std::string(kind) : statement ? std::string(statement->opcode) : "other");
  guard(made);
  return made;
}

void Decoder::guard(Instruction &made) {
  made.guard = alwaysTrue;
  if (!statement || statement->guard.empty())
    return;
  Register found;
  if (!findRegister(statement->guard, found) || found.bytes)
    return problem("'" + std::string(statement->guard) + "' is no predicate");
  made.guard = found.slot;
  made.flip = statement->guardNegated ? fullMask : 0;
}

void Decoder::decode(Statement &read) {
  statement = &read;
  used.assign(read.modifiers.size(), 0);
  auto found = opcodes().find(read.opcode);
  if (found == opcodes().end())
    return problem("unknown instruction");
  found->second(*this);
  for (size_t i = 0; i < used.size(); ++i)
    if (!used[i])
      problem("'." + std::string(read.modifiers[i]) + "' is not executed here");
}

const OpcodeTable &ptx::opcodes() {
  static const OpcodeTable table = [] {
    OpcodeTable made;
    for (auto add : {addInteger, addBits, addFloat, addCompare, addConvert, addMove, addLoadStore, addAtomic,
                     addControl, addExchange, addTensor, addAsyncCopy})
      add(made);
    return made;
  }();
  return table;
}

// Labels. A label is an instruction, where lanes that wait for others meet them.

static const Instruction *meet(Warp &w, const Instruction *i) { return jump(w, uint32_t(i - w.code) + 1); }

void Decoder::label(std::string_view name, uint32_t line) {
  statement = nullptr;
  if (!labels.emplace(name, codeSize()).second) {
    problem("label '" + std::string(name) + "' is defined twice");
    errorLine = line;
    return;
  }
  emit(meet, "label");
}

void Decoder::branchTable(std::string_view name, std::vector<std::string_view> targets) {
  tables[name] = std::move(targets);
}

const std::vector<std::string_view> *Decoder::tableNamed(std::string_view name) {
  auto found = tables.find(name);
  return found == tables.end() ? nullptr : &found->second;
}

void Decoder::branchTo(uint32_t instruction, std::string_view target) {
  uint32_t entry = uint32_t(kernel.lists.size());
  if (instruction == noIndex)
    kernel.lists.push_back(0);
  pending.push_back({instruction, entry, target, statement->line});
}

void Decoder::finish() {
  statement = nullptr;
  for (const Pending &one : pending) {
    auto found = labels.find(one.label);
    if (found == labels.end()) {
      problem("label '" + std::string(one.label) + "' is not defined");
      errorLine = errorLine ? errorLine : one.line;
      return;
    }
    (one.instruction == noIndex ? kernel.lists[one.entry] : kernel.code[one.instruction].extra) = found->second;
  }
  // A body may end without ret.
  Statement end;
  end.opcode = "exit";
  statement = &end;
  decode(end);
  statement = nullptr;
  kernel.dynamicOffset = (kernel.sharedBytes + sharedAlignment - 1) / sharedAlignment * sharedAlignment;
  kernel.executed.resize(kernel.code.size());
}

std::vector<std::string> &ptx::kindNames() {
  static std::vector<std::string> names;
  return names;
}

uint32_t ptx::kindNamed(const std::string &name) {
  static std::mutex mutex;
  static std::unordered_map<std::string, uint32_t> known;
  std::lock_guard<std::mutex> lock(mutex);
  auto found = known.emplace(name, uint32_t(kindNames().size()));
  if (found.second)
    kindNames().push_back(name);
  return found.first->second;
}
