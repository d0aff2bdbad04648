// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an instruction's operands to slots.
#include "Decoder.h"

#include <algorithm>

using namespace ptx;

uint32_t Decoder::allocate(unsigned bytes, uint32_t count) {
  uint32_t size = bytes ? bytes * lanes : 4;
  uint32_t alignment = bytes ? 64 : 4; // registers are whole cache lines
  uint32_t slot = (kernel.registerBytes + alignment - 1) / alignment * alignment;
  kernel.registerBytes = slot + size * count;
  return slot;
}

/// Registers of 8 bits are kept in 16, which PTX computes them in.
static uint8_t registerBytes(Type type) { return type == Type::Pred ? 0 : uint8_t(std::max(2u, bytesOf(type))); }

void Decoder::declareRegisters(Type type, std::string_view name, uint32_t count) {
  uint8_t bytes = registerBytes(type);
  scopes.back().ranges[name] = {allocate(bytes, count), count, bytes};
}

void Decoder::declareRegister(Type type, std::string_view name) {
  uint8_t bytes = registerBytes(type);
  scopes.back().single[name] = {allocate(bytes, 1), bytes};
}

uint32_t Decoder::scratch(unsigned bytes) { return allocate(bytes, 1); }

void Decoder::declareLocal(std::string_view name, uint64_t bytes, uint32_t alignment) {
  uint64_t offset = (kernel.localBytes + alignment - 1) / alignment * alignment;
  if (offset + bytes > (512u << 10))
    return problem("more than 512 KiB of local memory");
  locals[name] = uint32_t(offset);
  kernel.localBytes = uint32_t(offset + bytes);
}

bool Decoder::findRegister(std::string_view name, Register &out) const {
  size_t digits = name.size();
  while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    auto single = scope->single.find(name);
    if (single != scope->single.end()) {
      out = single->second;
      return true;
    }
    auto range = scope->ranges.find(name.substr(0, digits));
    if (range == scope->ranges.end() || digits == name.size() || name.size() - digits > 7)
      continue;
    uint32_t index = 0;
    for (char c : name.substr(digits))
      index = index * 10 + uint32_t(c - '0');
    const Range &found = range->second;
    if (index >= found.count)
      continue;
    out = {found.slot + index * (found.bytes ? found.bytes * lanes : 4), found.bytes};
    return true;
  }
  return false;
}

uint32_t Decoder::constant(uint64_t bits, unsigned bytes, bool dynamicShared) {
  if (bytes < 8)
    bits &= bytes ? (uint64_t(1) << 8 * bytes) - 1 : fullMask;
  ConstantKey key{bits, bytes | (dynamicShared ? 16u : 0u)};
  auto found = constantSlots.find(key);
  if (found != constantSlots.end())
    return found->second;
  uint32_t slot = allocate(bytes, 1);
  kernel.constants.push_back({slot, bytes, bits, dynamicShared});
  return constantSlots[key] = slot;
}

bool Decoder::special(std::string_view name, unsigned bytes, uint32_t &slot) {
  static const std::unordered_map<std::string_view, Special> names = {{"%tid.x", Special::TidX},
                                                                      {"%tid.y", Special::TidY},
                                                                      {"%tid.z", Special::TidZ},
                                                                      {"%ntid.x", Special::NtidX},
                                                                      {"%ntid.y", Special::NtidY},
                                                                      {"%ntid.z", Special::NtidZ},
                                                                      {"%ctaid.x", Special::CtaidX},
                                                                      {"%ctaid.y", Special::CtaidY},
                                                                      {"%ctaid.z", Special::CtaidZ},
                                                                      {"%nctaid.x", Special::NctaidX},
                                                                      {"%nctaid.y", Special::NctaidY},
                                                                      {"%nctaid.z", Special::NctaidZ},
                                                                      {"%laneid", Special::LaneId},
                                                                      {"%warpid", Special::WarpId},
                                                                      {"%nwarpid", Special::NwarpId},
                                                                      {"%lanemask_eq", Special::LaneMaskEq},
                                                                      {"%lanemask_lt", Special::LaneMaskLt},
                                                                      {"%lanemask_le", Special::LaneMaskLe},
                                                                      {"%lanemask_gt", Special::LaneMaskGt},
                                                                      {"%lanemask_ge", Special::LaneMaskGe},
                                                                      {"%dynamic_smem_size", Special::DynamicShared},
                                                                      {"%total_smem_size", Special::TotalShared}};
  auto found = names.find(name);
  if (found == names.end())
    return false;
  auto known = specialSlots[bytes == 8].find(name);
  if (known != specialSlots[bytes == 8].end()) {
    slot = known->second;
    return true;
  }
  slot = allocate(bytes, 1);
  kernel.specials.push_back({slot, bytes, found->second});
  specialSlots[bytes == 8][name] = slot;
  return true;
}

/// A shared variable gets its place in a kernel when the kernel first names it.
bool Decoder::sharedAddress(std::string_view name, uint32_t &slot) {
  auto found = std::find_if(sharedVariables.rbegin(), sharedVariables.rend(),
                            [&](const SharedVariable &one) { return one.name == name; });
  if (found == sharedVariables.rend())
    return false;
  if (found->bytes == 0) {
    sharedAlignment = std::max(sharedAlignment, found->alignment);
    slot = constant(0, 8, true);
    return true;
  }
  if (found->offset == noIndex) {
    uint64_t offset = (uint64_t(kernel.sharedBytes) + found->alignment - 1) / found->alignment * found->alignment;
    if (offset + found->bytes > (256u << 10)) {
      problem("more than 256 KiB of shared memory");
      return true;
    }
    found->offset = uint32_t(offset);
    kernel.sharedBytes = uint32_t(offset + found->bytes);
  }
  slot = constant(found->offset, 8);
  return true;
}

/// The address of a variable or parameter in its own state space, 64 bits.
bool Decoder::variableAddress(std::string_view name, uint32_t &slot) {
  for (const Parameter &parameter : kernel.parameters) {
    if (parameter.name == name) {
      slot = constant(parameter.offset, 8);
      return true;
    }
  }
  auto local = locals.find(name);
  if (local != locals.end()) {
    slot = constant(local->second, 8);
    return true;
  }
  auto variable = module.variables.find(name);
  if (variable != module.variables.end()) {
    slot = constant(variable->second.address, 8);
    return true;
  }
  return sharedAddress(name, slot);
}

static uint64_t doubleToFloat(uint64_t bits) {
  double wide;
  __builtin_memcpy(&wide, &bits, 8);
  float narrow = float(wide);
  uint32_t made;
  __builtin_memcpy(&made, &narrow, 4);
  return made;
}

bool Decoder::immediate(const Operand &operand, Type type, uint64_t &bits) {
  bits = operand.bits;
  if (operand.kind == Operand::Integer)
    return true;
  if (operand.kind == Operand::Double) {
    if (type == Type::F32)
      bits = doubleToFloat(bits);
    return bytesOf(type) == 8 || type == Type::F32;
  }
  if (type == Type::F64) {
    float narrow;
    uint32_t word = uint32_t(bits);
    __builtin_memcpy(&narrow, &word, 4);
    double wide = narrow;
    __builtin_memcpy(&bits, &wide, 8);
  }
  return operand.kind == Operand::Float && bytesOf(type) >= 4;
}

uint32_t Decoder::source(const Operand &operand, Type type) {
  unsigned bytes = 0;
  uint32_t slot = anySource(operand, type, bytes);
  if (!failed() && bytes != std::max(2u, bytesOf(type)))
    problem("operand '" + std::string(operand.name) + "' has " + std::to_string(8 * bytes) + " bits, expected " +
            std::to_string(8 * bytesOf(type)));
  return slot;
}

uint32_t Decoder::anySource(const Operand &operand, Type type, unsigned &bytes) {
  bytes = registerBytes(type);
  uint64_t bits = 0;
  uint32_t slot = 0;
  switch (operand.kind) {
  case Operand::Integer:
  case Operand::Float:
  case Operand::Double:
    if (!immediate(operand, type, bits))
      problem("the immediate does not fit the type");
    return constant(bits, bytes);
  case Operand::Name:
    break;
  default:
    problem("expected a register or an immediate");
    return 0;
  }
  Register found;
  if (findRegister(operand.name, found)) {
    if (!found.bytes)
      problem("'" + std::string(operand.name) + "' is a predicate");
    if (operand.negated || operand.offset)
      problem("an operation on operand '" + std::string(operand.name) + "'");
    bytes = found.bytes;
    return found.slot;
  }
  if (operand.name == "WARP_SZ")
    return constant(lanes, bytes);
  if (bytes >= 4 && special(operand.name, bytes, slot))
    return slot;
  if (bytes == 8 && variableAddress(operand.name, slot)) {
    if (operand.offset) {
      const Constant &base = *std::find_if(kernel.constants.begin(), kernel.constants.end(),
                                           [&](const Constant &one) { return one.slot == slot; });
      return constant(base.bits + uint64_t(operand.offset), 8, base.dynamicShared);
    }
    return slot;
  }
  problem("'" + std::string(operand.name) + "' is no register or variable of this type");
  return 0;
}

uint32_t Decoder::destination(const Operand &operand, Type type) {
  unsigned bytes = 0;
  uint32_t slot = anyDestination(operand, type, bytes);
  if (!failed() && bytes != registerBytes(type))
    problem("destination '" + std::string(operand.name) + "' has " + std::to_string(8 * bytes) + " bits, expected " +
            std::to_string(8 * bytesOf(type)));
  return slot;
}

uint32_t Decoder::anyDestination(const Operand &operand, Type type, unsigned &bytes) {
  if (operand.kind == Operand::Sink) {
    bytes = registerBytes(type);
    return scratch(bytes);
  }
  Register found;
  if (operand.kind != Operand::Name || !findRegister(operand.name, found) || !found.bytes) {
    problem("expected a register as destination");
    return 0;
  }
  bytes = found.bytes;
  return found.slot;
}

uint32_t Decoder::predicateSource(const Operand &operand) {
  Register found;
  if (operand.kind == Operand::Integer)
    return constant(operand.bits ? fullMask : 0, 0);
  if (operand.kind != Operand::Name || !findRegister(operand.name, found) || found.bytes) {
    problem("expected a predicate, got '" + std::string(operand.name) + "'");
    return alwaysTrue;
  }
  return found.slot;
}

uint32_t Decoder::predicateDestination(std::string_view name) {
  if (name == "_")
    return scratch(0);
  Register found;
  if (!findRegister(name, found) || found.bytes) {
    problem("expected a predicate, got '" + std::string(name) + "'");
    return scratch(0);
  }
  return found.slot;
}

/// Registers of 32 bits may address shared memory: they are widened by an instruction in front.
static const Instruction *widen(Warp &w, const Instruction *i) {
  uint64_t *d = w.lanesOf<uint64_t>(i->d);
  const uint32_t *a = w.lanesOf<uint32_t>(i->a);
  for (unsigned l = 0; l < lanes; ++l)
    d[l] = a[l];
  return i + 1;
}

uint32_t Decoder::address(const Operand &operand, Space space, int64_t &offset) {
  offset = operand.offset;
  if (operand.kind != Operand::Address) {
    problem("expected an address");
    return 0;
  }
  if (operand.hasNumber)
    return constant(operand.bits, 8);
  Register found;
  uint32_t slot = 0;
  if (!findRegister(operand.name, found)) {
    if (!variableAddress(operand.name, slot))
      problem("'" + std::string(operand.name) + "' is no register or variable");
    else if (space == Space::Generic)
      problem("variable '" + std::string(operand.name) + "' needs its state space");
    return slot;
  }
  if (found.bytes == 8)
    return found.slot;
  if (found.bytes != 4) {
    problem("expected an address of 64 or 32 bits");
    return 0;
  }
  slot = scratch(8);
  Instruction &made = emit(widen, "address");
  made.d = slot;
  made.a = found.slot;
  return slot;
}
