// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mma.sync of bytes and ldmatrix. In all fragments `group` is lane / 4 and `member` lane % 4; "Warp level matrix
// instructions" of the PTX manual has the layouts.
#include "Access.h"

using namespace ptx;

namespace {

bool wholeWarp(Warp &w, const Instruction *i) {
  uint32_t mask = w.mask(i);
  if (mask == fullMask)
    return true;
  fault(w, i, FaultKind::Barrier,
        "needs all 32 lanes of the warp, " + std::to_string(__builtin_popcount(mask)) + " are here",
        mask ? unsigned(__builtin_ctz(mask)) : 0);
  return false;
}

/// One m×8×k product. A: register r of a lane has row group + 8 (r mod (m/8)), columns 4 member + 16 (r / (m/8)) and
/// the three behind. B: register r has column group, rows 4 member + 16 r and the three behind. C: pairs of columns
/// 2 member, row group and, for m = 16, group + 8. Sums of 32 products of bytes are exact in floats, which multiply
/// faster than integers.
template <class A, class B, unsigned m, unsigned k>
struct Product {
  typedef float Column __attribute__((vector_size(4 * m)));
  static constexpr unsigned tall = m / 8, aRegisters = tall * k / 16, bRegisters = k / 16, cRegisters = 2 * tall;
  alignas(64) float a[k][m], b[k][8];
  alignas(64) int32_t sums[8][m]; // by column

  /// A register's bytes, as floats: those of lane 4 group + member go to rows 4 member on, column `first` + group.
  template <class T, unsigned width>
  static void spread(const uint32_t *lane, float (*to)[width], unsigned first) {
    typedef uint32_t Words __attribute__((vector_size(32)));
    typedef int32_t Numbers __attribute__((vector_size(32)));
    typedef float Floats __attribute__((vector_size(32)));
    for (unsigned member = 0; member < 4; ++member) {
      const uint32_t *from = lane + member;
      Words words = {from[0], from[4], from[8], from[12], from[16], from[20], from[24], from[28]};
#pragma clang loop unroll(full)
      for (unsigned byte = 0; byte < 4; ++byte) {
        Words high = words << (24 - 8 * byte);
        Numbers values = std::is_signed_v<T> ? Numbers(high) >> 24 : Numbers(high >> 24);
        auto floats = __builtin_convertvector(values, Floats);
        std::memcpy(&to[4 * member + byte][first], &floats, sizeof floats);
      }
    }
  }
  void read(Warp &w, const uint32_t *list) {
    for (unsigned r = 0; r < aRegisters; ++r)
      spread<A, m>(w.lanesOf<uint32_t>(list[r]), a + 16 * (r / tall), 8 * (r % tall));
    for (unsigned r = 0; r < bRegisters; ++r)
      spread<B, 8>(w.lanesOf<uint32_t>(list[aRegisters + r]), b + 16 * r, 0);
  }
  void multiply() {
    Column made[8] = {};
    for (unsigned x = 0; x < k; ++x) {
      Column column;
      std::memcpy(&column, a[x], sizeof column);
#pragma clang loop unroll(full)
      for (unsigned c = 0; c < 8; ++c)
        made[c] += column * b[x][c];
    }
    for (unsigned c = 0; c < 8; ++c) {
      float column[m];
      std::memcpy(column, &made[c], sizeof column);
      for (unsigned row = 0; row < m; ++row)
        sums[c][row] = int32_t(column[row]);
    }
  }
};

int32_t addSaturated(int32_t a, int32_t b) {
  int64_t sum = int64_t(a) + b;
  return int32_t(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
}

/// i->a: the list of the slots of A, B, C and D; i->extra: whether sums saturate.
template <class A, class B, unsigned m, unsigned k>
const Instruction *multiply(Warp &w, const Instruction *i) {
  using P = Product<A, B, m, k>;
  if (!wholeWarp(w, i))
    return nullptr;
  const uint32_t *list = w.block->kernel.lists.data() + i->a;
  P product;
  product.read(w, list);
  product.multiply();
  const uint32_t *c = list + P::aRegisters + P::bRegisters, *d = c + P::cRegisters;
  alignas(64) int32_t made[P::cRegisters][lanes]; // D's registers may be those of C in another order
  for (unsigned r = 0; r < P::cRegisters; ++r) {
    const int32_t *from = w.lanesOf<int32_t>(c[r]);
    for (unsigned l = 0; l < lanes; ++l) {
      int32_t dot = product.sums[2 * (l % 4) + r % 2][l / 4 + 8 * (r / 2)];
      made[r][l] = i->extra ? addSaturated(from[l], dot) : int32_t(uint32_t(from[l]) + uint32_t(dot));
    }
  }
  for (unsigned r = 0; r < P::cRegisters; ++r)
    std::memcpy(w.lanesOf<int32_t>(d[r]), made[r], sizeof made[r]);
  return i + 1;
}

template <unsigned m, unsigned k>
Handler bySigns(bool a, bool b) {
  if (a)
    return b ? multiply<int8_t, int8_t, m, k> : multiply<int8_t, uint8_t, m, k>;
  return b ? multiply<uint8_t, int8_t, m, k> : multiply<uint8_t, uint8_t, m, k>;
}

/// Appends the slots of a vector of `count` registers of 32 bits.
void takeVector(Decoder &d, const Operand &vector, size_t count, bool destination, std::vector<uint32_t> &slots) {
  std::vector<Operand> alone(1, vector);
  const std::vector<Operand> &elements = vector.kind == Operand::Vector ? vector.elements : alone;
  if (elements.size() != count)
    return d.problem("expected " + std::to_string(count) + " registers, got " + std::to_string(elements.size()));
  for (const Operand &element : elements)
    slots.push_back(destination ? d.destination(element, Type::B32) : d.source(element, Type::B32));
}

void decodeMultiply(Decoder &d) {
  bool sync = d.has("sync") && d.has("aligned");
  int shape = d.oneOf({"m8n8k16", "m16n8k16", "m16n8k32"});
  bool layout = d.has("row") && d.has("col"), saturates = d.has("satfinite");
  Type c = d.type(), b = d.type(), a = d.type(), result = d.type();
  auto isByte = [](Type type) { return type == Type::S8 || type == Type::U8; };
  if (!sync || shape < 0 || !layout || c != Type::S32 || result != Type::S32 || !isByte(a) || !isByte(b))
    return d.problem("expected .sync.aligned, .m8n8k16, .m16n8k16 or .m16n8k32, .row.col, and bytes summed in .s32");
  if (!d.expectOperands(4, 4))
    return;
  d.needs(shape == 0 ? 75 : 80, shape == 0 ? 65 : 70);
  unsigned tall = shape == 0 ? 1 : 2, deep = shape == 2 ? 2 : 1;
  std::vector<uint32_t> slots;
  takeVector(d, d.operand(1), tall * deep, false, slots);
  takeVector(d, d.operand(2), deep, false, slots);
  takeVector(d, d.operand(3), 2 * tall, false, slots);
  takeVector(d, d.operand(0), 2 * tall, true, slots);
  bool signedA = a == Type::S8, signedB = b == Type::S8;
  Handler handler = shape == 0   ? bySigns<8, 16>(signedA, signedB)
                    : shape == 1 ? bySigns<16, 16>(signedA, signedB)
                                 : bySigns<16, 32>(signedA, signedB);
  uint32_t list = d.list(slots);
  Instruction &made = d.emit(handler, shape == 0 ? "mma.m8n8k16" : shape == 1 ? "mma.m16n8k16" : "mma.m16n8k32");
  made.a = list;
  made.extra = saturates;
}

/// i->b: the list of destinations, i->c: how many, i->extra: the space and whether to transpose.
const Instruction *loadMatrix(Warp &w, const Instruction *i) {
  if (!wholeWarp(w, i))
    return nullptr;
  uint32_t rows = i->c == 4 ? fullMask : (1u << 8 * i->c) - 1;
  Access access;
  if (!resolve(w, i, rows, 16, Decoder::Space(i->extra & 255), AccessKind::Read, access))
    return nullptr;
  bool transposed = i->extra >> 8;
  for (unsigned matrix = 0; matrix < i->c; ++matrix) {
    uint16_t element[8][8];
    for (unsigned row = 0; row < 8; ++row) {
      unsigned l = 8 * matrix + row;
      std::memcpy(element[row], access.adjacent ? access.adjacent + 16 * l : access.at[l], 16);
    }
    uint32_t *d = w.lanesOf<uint32_t>(w.block->kernel.lists[i->b + matrix]);
    for (unsigned l = 0; l < lanes; ++l) {
      unsigned group = l / 4, pair = 2 * (l % 4);
      uint32_t low = transposed ? element[pair][group] : element[group][pair];
      uint32_t high = transposed ? element[pair + 1][group] : element[group][pair + 1];
      d[l] = low | high << 16;
    }
  }
  return i + 1;
}

void decodeLoadMatrix(Decoder &d) {
  bool sync = d.has("sync") && d.has("aligned") && d.has("m8n8");
  int count = d.oneOf({"x1", "x2", "x4"});
  bool transposed = d.has("trans");
  Decoder::Space space = d.space();
  if (!sync || count < 0 || d.type() != Type::B16 ||
      (space != Decoder::Space::Shared && space != Decoder::Space::Generic))
    return d.problem("expected .sync.aligned.m8n8, .x1, .x2 or .x4, and .shared.b16");
  d.needs(75, 65);
  if (!d.expectOperands(2, 2))
    return;
  std::vector<uint32_t> slots;
  takeVector(d, d.operand(0), size_t(1) << count, true, slots);
  int64_t offset = 0;
  uint32_t address = d.address(d.operand(1), space, offset), list = d.list(slots);
  Instruction &made = d.emit(loadMatrix);
  made.a = address;
  made.offset = offset;
  made.b = list;
  made.c = 1u << count;
  made.extra = uint32_t(space) | (transposed ? 256 : 0);
}

} // namespace

void ptx::addTensor(OpcodeTable &table) {
  table["mma"] = decodeMultiply;
  table["ldmatrix"] = decodeLoadMatrix;
}
