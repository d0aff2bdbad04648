// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes a kernel's instructions: resolves names to slots, and opcodes to handlers.

#ifndef PTX_DECODER_H
#define PTX_DECODER_H

#include "Machine.h"
#include "Statement.h"
#include "Types.h"

#include <unordered_map>

namespace ptx {

struct SharedVariable {
  std::string_view name;
  uint64_t bytes; // 0: the dynamic shared memory
  uint32_t alignment;
  uint32_t offset = noIndex; // once a kernel uses it
};

class Decoder {
public:
  Decoder(Module &module, Kernel &kernel, const std::vector<SharedVariable> &shared);

  // What the parser calls. `error` is empty as long as all is well.
  void pushScope() { scopes.emplace_back(); }
  void popScope() { scopes.pop_back(); }
  void declareRegisters(Type type, std::string_view name, uint32_t count);
  void declareRegister(Type type, std::string_view name);
  void declareLocal(std::string_view name, uint64_t bytes, uint32_t alignment);
  void declareShared(const SharedVariable &variable) { sharedVariables.push_back(variable); }
  void label(std::string_view name, uint32_t line);
  void branchTable(std::string_view name, std::vector<std::string_view> targets);
  void decode(Statement &statement);
  void finish();
  std::string error;
  uint32_t errorLine = 0;

  // What the instruction groups call.

  /// Whether the statement has the modifier; each must be asked for, else it is refused.
  bool has(std::string_view modifier);
  /// The first of these modifiers that the statement has, -1 for none.
  int oneOf(std::initializer_list<std::string_view> modifiers);
  /// The last modifier not asked for yet, which must be a type.
  Type type();
  /// Refuses what devices or versions of PTX before these do not have.
  void needs(unsigned computeCapability, unsigned version);
  void problem(const std::string &what);
  bool failed() const { return !error.empty(); }
  size_t operandCount() const { return statement->operands.size(); }
  const Operand &operand(size_t index) { return index < operandCount() ? statement->operands[index] : none; }
  /// Complains where the number of operands is not within these.
  bool expectOperands(size_t least, size_t most);

  /// The slot of a source: a register, immediate, special register or address; its lanes have bytesOf(type) bytes.
  uint32_t source(const Operand &operand, Type type);
  /// The slot of a register as it is, 2 to 8 bytes a lane, for loads, stores and conversions.
  uint32_t anySource(const Operand &operand, Type type, unsigned &bytes);
  uint32_t destination(const Operand &operand, Type type);
  uint32_t anyDestination(const Operand &operand, Type type, unsigned &bytes);
  uint32_t predicateSource(const Operand &operand); // negation needs a slot of its own and is refused
  uint32_t predicateDestination(std::string_view name);
  uint32_t constant(uint64_t bits, unsigned bytes, bool dynamicShared = false);
  /// A register that no name has, to swallow a result or for a step in between.
  uint32_t scratch(unsigned bytes);
  /// Appends slots to the kernel's lists and returns where they begin.
  uint32_t list(const std::vector<uint32_t> &slots);

  enum class Space : uint8_t { Generic, Global, Shared, Local, Param, Const };
  /// The slot of an address's base as 64 bits, and its offset.
  uint32_t address(const Operand &operand, Space space, int64_t &offset);
  /// Space by modifiers: global, shared, shared::cta, local, param, const; else generic.
  Space space();

  Instruction &emit(Handler handler, const char *kind = nullptr);
  uint32_t codeSize() const { return uint32_t(kernel.code.size()); }
  void branchTo(uint32_t instruction, std::string_view label);
  const std::vector<std::string_view> *tableNamed(std::string_view name);

  Module &module;
  Kernel &kernel;
  Statement *statement = nullptr;

private:
  struct Register {
    uint32_t slot;
    uint8_t bytes; // of a lane; 0: predicate
  };
  struct Range {
    uint32_t slot, count;
    uint8_t bytes;
  };
  struct Scope {
    std::unordered_map<std::string_view, Register> single;
    std::unordered_map<std::string_view, Range> ranges;
  };
  struct ConstantKey {
    uint64_t bits;
    uint32_t bytes;
    bool operator==(const ConstantKey &other) const { return bits == other.bits && bytes == other.bytes; }
  };
  struct ConstantHash {
    size_t operator()(const ConstantKey &key) const { return key.bits * 0x9E3779B97F4A7C15u + key.bytes; }
  };

  uint32_t allocate(unsigned bytes, uint32_t count);
  bool findRegister(std::string_view name, Register &out) const;
  bool special(std::string_view name, unsigned bytes, uint32_t &slot);
  bool variableAddress(std::string_view name, uint32_t &slot);
  bool sharedAddress(std::string_view name, uint32_t &slot);
  bool immediate(const Operand &operand, Type type, uint64_t &bits);
  void guard(Instruction &instruction);

  std::vector<Scope> scopes;
  std::vector<SharedVariable> sharedVariables;
  std::unordered_map<std::string_view, uint32_t> locals; // offsets
  std::unordered_map<std::string_view, uint32_t> labels;
  std::unordered_map<std::string_view, std::vector<std::string_view>> tables;
  std::unordered_map<ConstantKey, uint32_t, ConstantHash> constantSlots;
  std::unordered_map<std::string_view, uint32_t> specialSlots[2];
  struct Pending {
    uint32_t instruction; // noIndex: the list's entry
    uint32_t entry;
    std::string_view label;
    uint32_t line;
  };
  std::vector<Pending> pending;
  std::vector<uint8_t> used; // modifiers asked for
  uint32_t alwaysTrue, sharedAlignment = 16;
  bool usesDynamic = false;
  Operand none;
};

/// Opcode -> how it is decoded; each group of instructions adds its own.
using DecodeFunction = void (*)(Decoder &);
using OpcodeTable = std::unordered_map<std::string_view, DecodeFunction>;
const OpcodeTable &opcodes();
void addInteger(OpcodeTable &table);
void addBits(OpcodeTable &table);
void addFloat(OpcodeTable &table);
void addCompare(OpcodeTable &table);
void addConvert(OpcodeTable &table);
void addMove(OpcodeTable &table);
void addLoadStore(OpcodeTable &table);
void addAtomic(OpcodeTable &table);
void addControl(OpcodeTable &table);
void addExchange(OpcodeTable &table);
void addTensor(OpcodeTable &table);
void addAsyncCopy(OpcodeTable &table);

} // namespace ptx

#endif
