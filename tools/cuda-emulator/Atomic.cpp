// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// atom and red, lane by lane
#include "Access.h"
#include "Half.h"

using namespace ptx;

namespace {

enum class Operation : uint8_t { Add, Min, Max, Exchange, CompareAndSwap, And, Or, Xor, Increment, Decrement };

template <class T>
T apply(Operation operation, T old, T b, T c) {
  switch (operation) {
  case Operation::Add:
    if constexpr (std::is_integral_v<T>)
      return T(std::make_unsigned_t<T>(old) + std::make_unsigned_t<T>(b));
    else
      return canonical(T(old + b));
  case Operation::Min:
    return b < old ? b : old;
  case Operation::Max:
    return b > old ? b : old;
  case Operation::Exchange:
    return b;
  case Operation::CompareAndSwap:
    return old == b ? c : old;
  default:
    break;
  }
  if constexpr (std::is_integral_v<T>) {
    switch (operation) {
    case Operation::And:
      return old & b;
    case Operation::Or:
      return old | b;
    case Operation::Xor:
      return old ^ b;
    case Operation::Increment:
      return old >= b ? T(0) : T(old + 1);
    case Operation::Decrement:
      return old == 0 || old > b ? b : T(old - 1);
    default:
      break;
    }
  }
  return old;
}

/// i->extra: the state space and the operation; i->d is noIndex for red.
template <class T>
const Instruction *atomic(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (!mask)
    return i + 1;
  Access access;
  if (!resolve(w, i, mask, sizeof(T), Decoder::Space(i->extra & 255), AccessKind::Synchronizing, access))
    return nullptr;
  const T *b = w.lanesOf<T>(i->b), *c = w.lanesOf<T>(i->c);
  std::unique_lock<std::mutex> lock(w.block->launch.mutex, std::defer_lock);
  if (w.block->launch.settings.threads > 1)
    lock.lock();
  for (unsigned l = 0; l < lanes; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint8_t *at = access.adjacent ? access.adjacent + l * sizeof(T) : access.at[l];
    T old, right = b[l], third = c[l];
    std::memcpy(&old, at, sizeof old);
    T made = apply(Operation(i->extra >> 8), old, right, third);
    std::memcpy(at, &made, sizeof made);
    if (i->d != noIndex)
      w.lanesOf<T>(i->d)[l] = old;
  }
  return i + 1;
}

Handler handlerFor(Type type) {
  switch (type) {
  case Type::B32:
  case Type::U32:
    return atomic<uint32_t>;
  case Type::S32:
    return atomic<int32_t>;
  case Type::B64:
  case Type::U64:
    return atomic<uint64_t>;
  case Type::S64:
    return atomic<int64_t>;
  case Type::F32:
    return atomic<float>;
  case Type::F64:
    return atomic<double>;
  default:
    return nullptr;
  }
}

template <bool returns>
void decodeAtomic(Decoder &d) {
  Type type = d.type();
  Decoder::Space space = d.space();
  int operation = d.oneOf({"add", "min", "max", "exch", "cas", "and", "or", "xor", "inc", "dec"});
  d.oneOf({"relaxed", "acquire", "release", "acq_rel"});
  d.oneOf({"cta", "gpu", "sys", "cluster"});
  Handler handler = handlerFor(type);
  if (operation < 0 || !handler || (isFloat(type) && operation != int(Operation::Add)))
    return d.problem("this operation or type is not executed here");
  bool swaps = operation == int(Operation::CompareAndSwap);
  size_t count = (returns ? 1 : 0) + 2 + (swaps ? 1 : 0), first = returns ? 1 : 0;
  if (!d.expectOperands(count, count))
    return;
  int64_t offset = 0;
  uint32_t address = d.address(d.operand(first), space, offset);
  uint32_t b = d.source(d.operand(first + 1), type), c = swaps ? d.source(d.operand(first + 2), type) : b;
  uint32_t to = returns ? d.destination(d.operand(0), type) : noIndex;
  Instruction &made = d.emit(handler);
  made.d = to;
  made.a = address;
  made.b = b;
  made.c = c;
  made.offset = offset;
  made.extra = uint32_t(space) | uint32_t(operation) << 8;
}

} // namespace

void ptx::addAtomic(OpcodeTable &table) {
  table["atom"] = decodeAtomic<true>;
  table["red"] = decodeAtomic<false>;
}
