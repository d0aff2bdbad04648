// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the extents of each operation's result are by its operands'.

#include "nibble/Analysis/Extents.h"

#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Dialect/Nibble/ShapeUtils.h"
#include "nibble/Support/ExtentSyntax.h"
#include "nibble/Support/Locations.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;

using Extents = SmallVector<Extent>;

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

namespace {
/// An extent, and the operands of the minimum or maximum that it is, if it is one.
struct Choice {
  Extent value;
  std::optional<Extent::Kind> kind;
  Extent lhs, rhs;
};
} // namespace

static Choice decompose(const Extent &extent) {
  return extent.evaluate<Choice>([](int64_t value) { return Choice{value, {}, {}, {}}; },
                                 [](unsigned index) { return Choice{Extent::dim(index), {}, {}, {}}; },
                                 [](Extent::Kind kind, Choice a, Choice b) {
                                   if (kind == Extent::Kind::FloorDiv)
                                     return Choice{floorDiv(a.value, b.value), {}, {}, {}};
                                   const bool isMin = kind == Extent::Kind::Min;
                                   return Choice{isMin ? nibble::min(a.value, b.value) : nibble::max(a.value, b.value),
                                                 kind, a.value, b.value};
                                 },
                                 [](Choice a, Choice b) { return Choice{a.value + b.value, {}, {}, {}}; },
                                 [](Choice a, Choice b) { return Choice{a.value * b.value, {}, {}, {}}; });
}

/// True if `a` is never above `b`, as far as that shows.
static bool isAtMost(const Extent &a, const Extent &b) {
  if (isAtLeast(b, a))
    return true;
  Choice choice = decompose(a);
  if (choice.kind == Extent::Kind::Min)
    return isAtMost(choice.lhs, b) || isAtMost(choice.rhs, b);
  if (choice.kind == Extent::Kind::Max)
    return isAtMost(choice.lhs, b) && isAtMost(choice.rhs, b);
  Choice other = decompose(b);
  if (other.kind == Extent::Kind::Max)
    return isAtMost(a, other.lhs) || isAtMost(a, other.rhs);
  return other.kind == Extent::Kind::Min && isAtMost(a, other.lhs) && isAtMost(a, other.rhs);
}

/// Whether `a` is a minimum of `b` and another.
static bool isMinOf(const Extent &a, const Extent &b) {
  Choice choice = decompose(a);
  return choice.kind == Extent::Kind::Min && (choice.lhs == b || choice.rhs == b);
}

std::optional<Extent> nibble::broadcastExtents(const Extent &a, const Extent &b) {
  if (a == b || b == 1)
    return a;
  if (a == 1)
    return b;
  if (a.isStatic() && b.isStatic())
    return std::nullopt;
  if (a.isStatic() || isMinOf(b, a))
    return a;
  return b.isStatic() || isMinOf(a, b) ? std::optional(b) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

namespace {
/// Finds the extents of one operation's result; `none` says why it does not.
class Transfer {
public:
  using Result = std::optional<Extents>;

  Transfer(Operation *op, ArrayRef<Extents> operands, unsigned dimCount,
           SmallVectorImpl<ExtentRequirement> &requirements)
      : op(op), operands(operands), dimCount(dimCount), requirements(requirements) {}

  Result run();
  std::string reason;

private:
  Result none(const Twine &why) {
    reason = why.str();
    return std::nullopt;
  }
  ArrayRef<int64_t> resultShape() const { return cast<RankedTensorType>(op->getResult(0).getType()).getShape(); }
  /// Extents of an operand that may be missing.
  const Extents &of(Value operand) const {
    return operands[std::distance(op->operand_begin(), llvm::find(op->getOperands(), operand))];
  }

  void requireEqual(const Extent &a, const Extent &b) {
    if (a != b)
      requirements.push_back({a, b, op});
  }
  void requireAtMost(const Extent &a, const Extent &b) {
    if (!isAtMost(a, b))
      requirements.push_back({nibble::min(a, b), a, op});
  }
  void requireEqual(ArrayRef<Extent> a, ArrayRef<Extent> b) {
    for (auto [x, y] : llvm::zip(a, b))
      requireEqual(x, y);
  }
  /// One value a channel in each of `values` that is there.
  void requireChannels(ValueRange values, const Extent &channels) {
    for (Value value : values)
      if (value)
        requireEqual(of(value).front(), channels);
  }

  Result fromAttribute(ExtentsAttr attr);
  Result broadcast(ArrayRef<Extent> a, ArrayRef<Extent> b);
  Result matmul(Value lhs, Value rhs);
  Result window(ArrayRef<Extent> input, const Window &window, Layout layout, const Extent &channels);
  template <typename OpTy>
  Result conv(OpTy conv, Layout layout);
  /// The same with parameters of each output channel.
  template <typename OpTy>
  Result conv(OpTy conv, Layout layout, ValueRange parameters);
  template <typename OpTy>
  Result convTranspose(OpTy conv, Layout layout);
  template <typename OpTy>
  Result pool(OpTy pool, Layout layout, ArrayRef<int64_t> dilations);

  Result visit(ReshapeOp reshape);
  Result visit(TransposeOp transpose);
  Result visit(ConcatOp concat);
  Result visit(SliceOp slice);
  Result visit(PadOp pad);
  Result visit(ResizeNearestOp resize);
  Result visit(GatherRowsOp gather);
  Result visit(GenerateOp generate);
  Result visit(ReduceOp reduce);
  Result visit(BatchNormOp norm);
  Result visit(NormOp norm);
  Result visit(SoftmaxOp softmax);
  Result visit(DynamicScaleOp scale);
  Result visit(DynamicQuantizeOp quantize);

  Operation *op;
  ArrayRef<Extents> operands;
  unsigned dimCount;
  SmallVectorImpl<ExtentRequirement> &requirements;
};
} // namespace

Transfer::Result Transfer::fromAttribute(ExtentsAttr attr) {
  for (const Extent &extent : attr.getValue())
    if (extent.getDimCount() > dimCount)
      return none("'extents' reads d" + Twine(extent.getDimCount() - 1) + ", but the function's inputs have " +
                  Twine(dimCount) + " dynamic dimensions");
  return Extents(attr.getValue());
}

Transfer::Result Transfer::broadcast(ArrayRef<Extent> a, ArrayRef<Extent> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Extents shape(a);
  const size_t skip = a.size() - b.size();
  for (auto [i, extent] : llvm::enumerate(b)) {
    std::optional<Extent> common = broadcastExtents(a[skip + i], extent);
    if (!common)
      return none("extents " + a[skip + i].str() + " and " + extent.str() +
                  " broadcast where they are equal, or one is 1, which is not known");
    for (const Extent &each : {a[skip + i], extent})
      if (each != 1)
        requireEqual(each, *common);
    shape[skip + i] = *common;
  }
  return shape;
}

Transfer::Result Transfer::matmul(Value lhs, Value rhs) {
  ArrayRef<Extent> a = of(lhs), b = of(rhs);
  requireEqual(a.back(), b[b.size() - 2]);
  Result shape = broadcast(a.drop_back(2), b.drop_back(2));
  if (shape)
    shape->append({a[a.size() - 2], b.back()});
  return shape;
}

Transfer::Result Transfer::window(ArrayRef<Extent> input, const Window &window, Layout layout, const Extent &channels) {
  ImageDims dims = getImageDims(layout);
  Extents shape(input);
  shape[dims.c] = channels;
  const int64_t spatial[] = {dims.h, dims.w};
  for (int i = 0; i < 2; ++i) {
    Extent padded = input[spatial[i]] + Extent(window.pads[i]) + Extent(window.pads[i + 2]);
    Extent reach = Extent(window.dilations[i]) * Extent(window.kernel[i] - 1) + 1;
    requireAtMost(reach, padded);
    shape[spatial[i]] = floorDiv(padded - reach, window.strides[i]) + 1;
  }
  return shape;
}

/// The extents of a filter's window; none if one is dynamic.
static std::optional<SmallVector<int64_t, 2>> getKernel(ArrayRef<Extent> filter, Layout layout) {
  ImageDims dims = getImageDims(layout);
  const Extent &height = filter[dims.kernelH], &width = filter[dims.kernelW];
  if (!height.isStatic() || !width.isStatic())
    return std::nullopt;
  return SmallVector<int64_t, 2>{height.getStatic(), width.getStatic()};
}

template <typename OpTy>
Transfer::Result Transfer::conv(OpTy conv, Layout layout) {
  const Extents &input = of(conv.getInput()), &filter = of(conv.getFilter());
  ImageDims dims = getImageDims(layout);
  auto kernel = getKernel(filter, layout);
  if (!kernel)
    return none("the filter's window has extents that are not static");
  requireEqual(input[dims.c], filter[dims.in] * Extent(conv.getGroups()));
  return window(input, {*kernel, conv.getStrides(), conv.getPads(), conv.getDilations()}, layout, filter[dims.out]);
}

template <typename OpTy>
Transfer::Result Transfer::conv(OpTy conv, Layout layout, ValueRange parameters) {
  requireChannels(parameters, of(conv.getFilter())[getImageDims(layout).out]);
  return this->conv(conv, layout);
}

template <typename OpTy>
Transfer::Result Transfer::convTranspose(OpTy conv, Layout layout) {
  const Extents &input = of(conv.getInput()), &filter = of(conv.getFilter());
  ImageDims dims = getImageDims(layout);
  auto kernel = getKernel(filter, layout);
  if (!kernel)
    return none("the filter's window has extents that are not static");
  requireEqual(input[dims.c], filter[dims.in] * Extent(conv.getGroups()));
  Extents shape = input;
  shape[dims.c] = filter[dims.out];
  const int64_t spatial[] = {dims.h, dims.w};
  for (int i = 0; i < 2; ++i) {
    const Extent reach = Extent(conv.getDilations()[i]) * Extent((*kernel)[i] - 1) + 1;
    const Extent pads = Extent(conv.getPads()[i]) + Extent(conv.getPads()[i + 2]);
    const Extent least = (input[spatial[i]] - 1) * conv.getStrides()[i] + reach - pads;
    const int64_t known = resultShape()[spatial[i]];
    if (!ShapedType::isDynamic(known))
      requireAtMost(least, known);
    shape[spatial[i]] = ShapedType::isDynamic(known) ? least : Extent(known);
    requireAtMost(0, shape[spatial[i]]);
  }
  return shape;
}

template <typename OpTy>
Transfer::Result Transfer::pool(OpTy pool, Layout layout, ArrayRef<int64_t> dilations) {
  const Extents &input = of(pool.getInput());
  return window(input, {SmallVector<int64_t, 2>(pool.getKernel()), pool.getStrides(), pool.getPads(), dilations},
                layout, input[getImageDims(layout).c]);
}

Transfer::Result Transfer::visit(ReshapeOp reshape) {
  const Extent total = product(operands[0]);
  if (ExtentsAttr attr = reshape.getExtentsAttr()) {
    Result shape = fromAttribute(attr);
    if (shape)
      requireEqual(total, product(*shape));
    return shape;
  }
  Extents shape = toExtents(resultShape());
  Extent known = 1;
  size_t inferred = shape.size();
  for (auto [i, extent] : llvm::enumerate(resultShape()))
    if (ShapedType::isDynamic(extent))
      inferred = i;
    else
      known *= extent;
  if (inferred < shape.size()) {
    if (known == 0)
      return none("the dynamic extent beside one of 0 is not known");
    shape[inferred] = floorDiv(total, known);
  }
  requireEqual(total, product(shape));
  return shape;
}

Transfer::Result Transfer::visit(TransposeOp transpose) {
  return llvm::map_to_vector(transpose.getPermutation(), [&](int64_t dim) { return operands[0][dim]; });
}

Transfer::Result Transfer::visit(ConcatOp concat) {
  Extents shape = operands.front();
  const int64_t axis = concat.getAxis();
  for (const Extents &other : operands.drop_front()) {
    for (size_t d = 0; d < shape.size(); ++d)
      if (int64_t(d) != axis)
        requireEqual(shape[d], other[d]);
    shape[axis] += other[axis];
  }
  return shape;
}

/// Elements from `start` to the end of a dimension, by `step`.
static Extent countFrom(const Extent &extent, int64_t start, int64_t step) {
  if (step > 0) // extents are not negative, whatever they are computed from
    return start == 0 ? ceilDiv(extent, step) : nibble::max(ceilDiv(extent - start, step), 0);
  // All of those before, if the start is one.
  return nibble::min(nibble::max(extent - start, 0), 1) * Extent(start / -step + 1);
}

Transfer::Result Transfer::visit(SliceOp slice) {
  Extents shape = toExtents(resultShape());
  if (ExtentsAttr attr = slice.getExtentsAttr()) {
    Result given = fromAttribute(attr);
    if (!given)
      return given;
    shape = *given;
  }
  for (auto [d, extent] : llvm::enumerate(shape)) {
    const Extent most = countFrom(operands[0][d], slice.getStarts()[d], slice.getSteps()[d]);
    if (extent == ShapedType::kDynamic)
      extent = most;
    requireAtMost(extent, most);
  }
  return shape;
}

Transfer::Result Transfer::visit(PadOp pad) {
  Extents shape = operands[0];
  for (auto [d, extent] : llvm::enumerate(shape)) {
    const int64_t low = pad.getLow()[d], high = pad.getHigh()[d], most = std::max(low, high);
    if (most > 0 && pad.getMode() != PadMode::Constant)
      requireAtMost(pad.getMode() == PadMode::Reflect ? most + 1 : 1, extent);
    // Each end crops what is there.
    for (int64_t end : {low, high})
      if (end < 0)
        requireAtMost(Extent(0) - end, extent);
    extent += Extent(low) + Extent(high);
    requireAtMost(0, extent);
  }
  return shape;
}

Transfer::Result Transfer::visit(ResizeNearestOp resize) {
  Extents shape = operands[0];
  ArrayRef<int64_t> rest = resize.getIndices();
  for (int64_t axis : resize.getAxes()) {
    ArrayRef<int64_t> table = rest.take_front(resultShape()[axis]);
    rest = rest.drop_front(table.size());
    if (!table.empty())
      requireAtMost(*llvm::max_element(table) + 1, shape[axis]);
    shape[axis] = table.size();
  }
  return shape;
}

Transfer::Result Transfer::visit(GatherRowsOp gather) {
  Extents shape = of(gather.getIndices());
  const Extents &table = of(gather.getTable());
  llvm::append_range(shape, ArrayRef(table).drop_front());
  requireAtMost(1, table.front());
  if (gather.getScale())
    requireEqual(of(gather.getScale()).front(), table.front());
  return shape;
}

Transfer::Result Transfer::visit(GenerateOp generate) {
  ExtentsAttr attr = generate.getExtentsAttr();
  return attr ? fromAttribute(attr) : Result(toExtents(resultShape()));
}

Transfer::Result Transfer::visit(ReduceOp reduce) {
  Extents shape;
  for (auto [i, extent] : llvm::enumerate(operands[0]))
    if (!llvm::is_contained(reduce.getAxes(), int64_t(i)))
      shape.push_back(extent);
    else if (reduce.getKeepDims())
      shape.push_back(1);
  return shape;
}

Transfer::Result Transfer::visit(BatchNormOp norm) {
  for (const Extents &parameter : operands.drop_front())
    requireEqual(parameter.front(), operands[0][1]);
  return operands[0];
}

Transfer::Result Transfer::visit(NormOp norm) {
  for (const Extents &parameter : operands.drop_front())
    requireEqual(parameter, ArrayRef(operands[0]).drop_front(norm.getAxis()));
  return operands[0];
}

Transfer::Result Transfer::visit(SoftmaxOp softmax) {
  for (const Extents &mask : operands.drop_front())
    for (auto [x, y] : llvm::zip(llvm::reverse(mask), llvm::reverse(operands[0])))
      if (x != 1)
        requireEqual(x, y);
  return operands[0];
}

Transfer::Result Transfer::visit(DynamicScaleOp scale) {
  return Extents(ArrayRef(operands[0]).take_front(scale.getRowDims()));
}

Transfer::Result Transfer::visit(DynamicQuantizeOp quantize) {
  requireEqual(operands[1], operands[0]);
  return operands[0];
}

Transfer::Result Transfer::run() {
  static constexpr int64_t ones[] = {1, 1};
  if (isa<UnaryFunction>(op))
    return operands[0];
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<QuantizeOp, DequantizeOp, RequantizeOp, ObserveOp, FakeQuantOp, IntRequantizeOp, IntQuantizeOp,
            IntDequantizeOp, IntLookupOp, IntSoftmaxOp, DynamicEncodeOp, IntToFloatOp>(
          [&](auto) { return operands[0]; })
      .Case<AddOp, SubOp, MulOp, DivOp, PowOp, MinOp, MaxOp, IntAddOp, IntMulOp>(
          [&](auto) { return broadcast(operands[0], operands[1]); })
      .Case<MatMulOp>([&](auto o) {
        Result shape = matmul(o.getLhs(), o.getRhs());
        if (shape)
          requireChannels(o.getBias(), shape->back());
        return shape;
      })
      .Case<IntMatMulOp>([&](auto o) {
        Result shape = matmul(o.getLhs(), o.getRhs());
        // Columns of a dynamic number may share one bias.
        if (shape && (shape->back().isStatic() || of(o.getBias()).front() != 1))
          requireChannels({o.getBias(), o.getMultiplier()}, shape->back());
        return shape;
      })
      .Case<ScaledMatMulOp>([&](auto o) {
        Result shape = matmul(o.getLhs(), o.getRhs());
        if (shape)
          requireChannels({o.getScale(), o.getBias()}, shape->back());
        if (o.getRows())
          requireEqual(of(o.getRows()), of(o.getLhs()));
        return shape;
      })
      .Case<DynamicMatMulOp>([&](auto o) {
        requireEqual(of(o.getRows()), of(o.getLhs()));
        return matmul(o.getLhs(), o.getRhs());
      })
      .Case<SumMatMulOp>([&](auto o) { return matmul(o.getLhs(), o.getRhs()); })
      .Case<SumConvOp>([&](auto o) { return conv(o, o.getLayout()); })
      .Case<ConvOp>([&](auto o) { return conv(o, o.getLayout(), o.getBias()); })
      .Case<IntConvOp>([&](auto o) {
        Result shape = conv(o, Layout::NHWC, {o.getBias(), o.getMultiplier()});
        if (shape && o.getAddend())
          requireEqual(of(o.getAddend()), *shape);
        return shape;
      })
      .Case<ScaledConvOp>([&](auto o) {
        if (o.getRows())
          requireEqual(of(o.getRows()), of(o.getInput()));
        return conv(o, Layout::NHWC, {o.getScale(), o.getBias()});
      })
      .Case<ConvTransposeOp>([&](auto o) { return convTranspose(o, o.getLayout()); })
      .Case<IntConvTransposeOp>([&](auto o) { return convTranspose(o, Layout::NHWC); })
      .Case<MaxPoolOp>([&](auto o) { return pool(o, o.getLayout(), o.getDilations()); })
      .Case<AvgPoolOp>([&](auto o) { return pool(o, o.getLayout(), ones); })
      .Case<IntAvgPoolOp>([&](auto o) { return pool(o, Layout::NHWC, ones); })
      .Case<ReshapeOp, TransposeOp, ConcatOp, SliceOp, PadOp, ResizeNearestOp, GatherRowsOp, GenerateOp, ReduceOp,
            BatchNormOp, NormOp, SoftmaxOp, DynamicScaleOp, DynamicQuantizeOp>([&](auto o) { return visit(o); })
      .Default([&](Operation *) -> Result {
        if (ShapedType::isDynamicShape(resultShape()))
          return none("the extents of its result are not known");
        return toExtents(resultShape());
      });
}

//===----------------------------------------------------------------------===//
// The analysis
//===----------------------------------------------------------------------===//

ExtentAnalysis::ExtentAnalysis(func::FuncOp function) : dims(function) {
  if (function.isExternal())
    return;
  if (auto pairs = function->getAttrOfType<ArrayAttr>(kRequirementsAttr))
    for (auto pair : pairs.getAsRange<ExtentsAttr>())
      requirements.push_back({pair.getValue()[0], pair.getValue()[1], nullptr});
  for (auto [i, argument] : llvm::enumerate(function.getArguments()))
    if (isa<RankedTensorType>(argument.getType()))
      extents[argument] = llvm::map_to_vector(dims.getExtents(i), [&](const Extent &e) { return useRequirements(e); });
  for (Block &block : function.getBody())
    visit(block);
  // Some were found behind what they tell of.
  for (auto &entry : extents)
    for (Extent &extent : entry.second)
      extent = useRequirements(extent);
}

static bool isDim(const Extent &extent) {
  return !extent.isStatic() && extent == Extent::dim(extent.getDimCount() - 1);
}

/// What a run requires is so: min(d0, 512) is d0 where they must be equal, and d1 is.
Extent ExtentAnalysis::useRequirements(Extent extent) const {
  for (const ExtentRequirement &requirement : requirements) {
    const Extent &lhs = requirement.lhs, &rhs = requirement.rhs;
    if (isDim(lhs) && isDim(rhs))
      extent = extent.substitute([&](unsigned i) { return Extent::dim(i) == rhs ? lhs : Extent::dim(i); });
    else if (auto known = Extent::solve(lhs, rhs))
      extent = extent.replace(known->first, known->second);
    else if (!requirement.op && extent == rhs && !rhs.isStatic()) // the function says so of two that broadcast
      extent = lhs;
  }
  return extent;
}

/// "nibble.add (node 'sum')"
static std::string describe(Operation *op) {
  StringRef node = getNodeName(op->getLoc());
  return op->getName().getStringRef().str() + (node.empty() ? "" : " (node '" + node.str() + "')");
}

void ExtentAnalysis::visit(Operation *op) {
  Value value = op->getResult(0);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  SmallVector<Extents> operands;
  for (Value operand : op->getOperands()) {
    auto it = extents.find(operand);
    if (it == extents.end()) {
      if (ShapedType::isDynamicShape(shape))
        reasons[value] = whyUnknown(operand);
      else
        extents[value] = toExtents(shape);
      return;
    }
    operands.push_back(it->second);
  }
  Transfer transfer(op, operands, dims.getNames().size(), requirements);
  std::optional<Extents> found = transfer.run();
  if (!found) {
    reasons[value] = describe(op) + ": " + transfer.reason;
    return;
  }
  for (Extent &extent : *found)
    extent = useRequirements(extent);
  // What the type knows is so.
  for (auto [extent, known] : llvm::zip_equal(*found, shape))
    if (!ShapedType::isDynamic(known) && extent != known) {
      requirements.push_back({extent, known, op});
      extent = known;
    }
  extents[value] = std::move(*found);
}

std::optional<SmallVector<Extent>> ExtentAnalysis::get(Value value) const {
  auto it = extents.find(value);
  return it == extents.end() ? std::nullopt : std::optional(it->second);
}

std::string ExtentAnalysis::whyUnknown(Value value) const {
  if (auto it = reasons.find(value); it != reasons.end())
    return it->second;
  Operation *op = value.getDefiningOp();
  return op ? describe(op) + ": it is not an operation on ranked tensors" : "an argument is not a ranked tensor";
}
