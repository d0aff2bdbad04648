// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Paddings, with counts known at compile time or found at run time.

#include "Movement.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
enum class Mode { Constant, Edge, Reflect, Wrap };

/// One dimension of a padding, as a program finds it: counts, negative where elements are cropped.
struct Pads {
  Scalar low, high;
};
} // namespace

static Mode readMode(Node &node) {
  std::string mode = node.getString("mode", "constant");
  auto found = llvm::StringSwitch<std::optional<Mode>>(mode)
                   .Case("constant", Mode::Constant)
                   .Case("edge", Mode::Edge)
                   .Case("reflect", Mode::Reflect)
                   .Case("wrap", Mode::Wrap)
                   .Default(std::nullopt);
  if (!found)
    node.fail("attribute 'mode' is '" + mode + "', expected 'constant', 'edge', 'reflect' or 'wrap'");
  return *found;
}

/// Entry `i` of operand `n`.
static Scalar readEntry(Body &b, unsigned n, int64_t i) { return b.cast(b.read(n, b.integer(i)), b.getI64Type()); }

/// The pads of dimension `d` among those of `count` axes, operand 1; operand `axes` has the axes' numbers, if it is
/// one.
static Pads findPads(Body &b, unsigned d, int64_t count, unsigned axes) {
  Pads pads = {b.integer(0), b.integer(0)};
  for (int64_t i = 0; i < count; ++i) {
    if (!axes && i != int64_t(d))
      continue;
    Pads found = {readEntry(b, 1, i), readEntry(b, 1, count + i)};
    if (!axes)
      return found;
    Scalar isMine = b.equal(b.fromEnd(readEntry(b, axes, i), b.integer(b.rank())), b.integer(d));
    pads = {b.select(isMine, found.low, pads.low), b.select(isMine, found.high, pads.high)};
  }
  return pads;
}

/// The index of [0, extent) whose element stands at `i`, which may lie outside.
static Scalar mapInside(Body &b, Mode mode, Scalar i, Scalar extent) {
  Scalar zero = b.integer(0), last = b.sub(extent, b.integer(1));
  if (mode == Mode::Wrap)
    return b.mod(i, extent);
  if (mode != Mode::Reflect)
    return b.max(b.min(i, last), zero);
  Scalar period = b.add(last, last), offset = b.mod(i, period);
  return b.select(b.less(last, offset), b.sub(period, offset), offset);
}

/// Crops, then pads what is left.
static Scalar padElement(Body &b, Mode mode, ArrayRef<Pads> pads, Scalar value) {
  Scalar zero = b.integer(0), isInside = b.boolean(true);
  Scalars at;
  for (auto [d, pad] : llvm::enumerate(pads)) {
    Scalar crop = b.min(pad.low, zero);
    Scalar extent = b.add(b.extent(0, d), b.add(crop, b.min(pad.high, zero)));
    Scalar i = b.sub(b.index(d), b.max(pad.low, zero));
    isInside = b.and_(isInside, b.and_(b.lessOrEqual(zero, i), b.less(i, extent)));
    at.push_back(b.sub(mapInside(b, mode, i, extent), crop));
  }
  Scalar element = b.read(0, at);
  return mode == Mode::Constant ? b.select(isInside, element, value) : element;
}

/// Any pads, of any elements. `shape` is the result's.
static void importPadAt(Node &node, Mode mode, const Shape &shape) {
  SmallVector<Value> operands = {node.plain(0), node.plain(1)};
  unsigned axes = 0, value = 0;
  if (node.has(3))
    axes = operands.size(), operands.push_back(node.plain(3));
  if (node.has(2))
    value = operands.size(), operands.push_back(node.plain(2));
  Type element = node.elementOf(operands.front());
  if (value && node.elementOf(operands[value]) != element)
    node.fail("inputs have unlike element types");
  Shape counts = node.shape(1);
  if (counts.size() != 1 || !counts.front().isStatic() || counts.front().getStatic() % 2 != 0)
    node.fail("the number of pads is not known at compile time");
  node.set(0, node.generate(shape, element, operands, [&](Body &b) {
    SmallVector<Pads> pads;
    for (unsigned d = 0; d < shape.size(); ++d)
      pads.push_back(findPads(b, d, counts.front().getStatic() / 2, axes));
    Scalars first(value ? node.rank(2) : 0, b.integer(0));
    return padElement(b, mode, pads, value ? b.read(value, first) : b.constant(element, 0));
  }));
}

/// The real number that a padding of known value holds; null for zero, and for the integer that stands for zero.
static FloatAttr readPadValue(Node &node, Type element) {
  if (!node.has(2))
    return FloatAttr();
  double value;
  if (auto type = dyn_cast<quant::UniformQuantizedType>(element))
    value = (node.ints(2, "the padding value").front() - type.getZeroPoint()) * type.getScale();
  else if (isa<IntegerType>(element))
    value = node.ints(2, "the padding value").front();
  else
    value = node.scalar(2, "the padding value");
  return value == 0 ? FloatAttr() : node.importer.builder.getF64FloatAttr(value);
}

namespace {
/// Pads that are known when the model begins to run, of each dimension, and the shape that they leave.
struct KnownPads {
  Shape low, high, shape;

  bool areZero() const {
    const auto isZero = [](const Dim &count) { return count == 0; };
    return llvm::all_of(low, isZero) && llvm::all_of(high, isZero);
  }
  bool areStatic() const { return staticExtents(low) && staticExtents(high); }
  /// Whether none may leave out elements.
  bool addOnly() const {
    const auto adds = [](const Dim &count) { return isAtLeast(count, 0); };
    return llvm::all_of(low, adds) && llvm::all_of(high, adds);
  }
};
} // namespace

static bool isHuge(const Dim &count) { return count.isStatic() && std::abs(count.getStatic() / 2) > INT32_MAX; }

static KnownPads readPads(Node &node) {
  KnownPads known;
  Shape &shape = known.shape = node.shape(0);
  int64_t rank = shape.size();
  const Content &pads = *node.content(1);
  SmallVector<int64_t> axes = node.has(3) ? node.ints(3, "axes") : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (pads.isReal() || pads.size() != 2 * axes.size())
    node.fail("has " + Twine(pads.size()) + " pads, expected " + Twine(2 * axes.size()));
  known.low.assign(rank, 0);
  known.high.assign(rank, 0);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    int64_t dim = node.axis(axis, rank);
    const Dim low = pads.ints[i], high = pads.ints[axes.size() + i];
    known.low[dim] = low;
    known.high[dim] = high;
    if (isHuge(low) || isHuge(high))
      node.fail("pads axis " + Twine(dim) + " by " + node.importer.symbols.print(low) + " and " +
                node.importer.symbols.print(high));
    shape[dim] += low + high;
    if (shape[dim].isStatic() && shape[dim].getStatic() < 0)
      node.fail("crops more of axis " + Twine(dim) + " than there is");
  }
  return known;
}

/// Whether a double holds the only element.
static bool isExact(const Content &value) {
  constexpr int64_t most = int64_t(1) << 53;
  return value.isReal() || (value.ints.front().isStatic() && std::abs(value.ints.front().getStatic() / 2) < most / 2);
}

/// Whether nibble.pad has this form: no repetition, reflections of what is there, and a known number as value.
static bool hasOperation(Node &node, Mode mode, const KnownPads &pads) {
  const Content *value = node.has(2) ? node.content(2) : nullptr;
  if (mode == Mode::Wrap || (node.has(2) && !(value && isExact(*value))))
    return false;
  if (mode == Mode::Constant)
    return true;
  for (auto [low, high, extent] : llvm::zip(pads.low, pads.high, node.shape(0)))
    if ((low != 0 || high != 0) && !(pads.addOnly() && pads.areStatic() && extent.isStatic() &&
                                     std::max(low.getStatic(), high.getStatic()) < extent.getStatic()))
      return false;
  return true;
}

/// A run refuses reflections of more than there is.
static void requireReflected(Node &node, const KnownPads &pads) {
  for (auto [low, high, extent] : llvm::zip(pads.low, pads.high, node.shape(0))) {
    const Dim most = nibble::max(low, high);
    if (most != 0 && !extent.isStatic() && !isAtLeast(extent, most + 1))
      node.importer.requirements.push_back({nibble::min(extent, most + 1), most + 1});
  }
}

static void importPad(Node &node) {
  const Mode mode = readMode(node);
  if (!node.content(1) || (node.has(3) && !node.content(3)))
    return importPadAt(node, mode, node.resultShape(0, 1, "pads", node.rank(0)));
  KnownPads pads = readPads(node);
  if (pads.areZero())
    return node.set(0, node.get(0));
  if (mode == Mode::Reflect && pads.addOnly())
    requireReflected(node, pads);
  if (!pads.areStatic() || !hasOperation(node, mode, pads))
    return importPadAt(node, mode, pads.shape);
  Value input = node.get(0);
  const PadMode kind = mode == Mode::Constant ? PadMode::Constant
                       : mode == Mode::Edge   ? PadMode::Edge
                                              : PadMode::Reflect;
  node.set(0, node.emit<PadOp>(pads.shape, node.elementOf(input), input, *staticExtents(pads.low),
                               *staticExtents(pads.high), kind, readPadValue(node, node.elementOf(input))));
}

void nibble::onnximport::addPads(TranslatorTable &table) { table["Pad"] = importPad; }
