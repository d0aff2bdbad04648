// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the extents of each operation's result are by its operands'.

#include "ExtentTransfer.h"

#include "nibble/Support/ExtentSyntax.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;

using Extents = SmallVector<Extent>;

ExtentTransfer::Result ExtentTransfer::fromAttribute(ExtentsAttr attr) {
  for (const Extent &extent : attr.getValue())
    if (extent.getDimCount() > dimCount)
      return none("'extents' reads d" + Twine(extent.getDimCount() - 1) + ", but the function's inputs have " +
                  Twine(dimCount) + " dynamic dimensions");
  return Extents(attr.getValue());
}

ExtentTransfer::Result ExtentTransfer::broadcast(ArrayRef<Extent> a, ArrayRef<Extent> b) {
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

ExtentTransfer::Result ExtentTransfer::matmul(Value lhs, Value rhs) {
  ArrayRef<Extent> a = of(lhs), b = of(rhs);
  requireEqual(a.back(), b[b.size() - 2]);
  Result shape = broadcast(a.drop_back(2), b.drop_back(2));
  if (shape)
    shape->append({a[a.size() - 2], b.back()});
  return shape;
}

ExtentTransfer::Result ExtentTransfer::window(ArrayRef<Extent> input, const Window &window, Layout layout,
                                              const Extent &channels) {
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

template <typename OpTy>
std::optional<SmallVector<int64_t, 2>> ExtentTransfer::filterWindow(OpTy conv, Layout layout) {
  const Extents &input = of(conv.getInput()), &filter = of(conv.getFilter());
  ImageDims dims = getImageDims(layout);
  const Extent &height = filter[dims.kernelH], &width = filter[dims.kernelW];
  if (!height.isStatic() || !width.isStatic()) {
    reason = "the filter's window has extents that are not static";
    return std::nullopt;
  }
  requireEqual(input[dims.c], filter[dims.in] * Extent(conv.getGroups()));
  return SmallVector<int64_t, 2>{height.getStatic(), width.getStatic()};
}

template <typename OpTy>
ExtentTransfer::Result ExtentTransfer::conv(OpTy conv, Layout layout) {
  const Extents &input = of(conv.getInput()), &filter = of(conv.getFilter());
  ImageDims dims = getImageDims(layout);
  auto kernel = filterWindow(conv, layout);
  if (!kernel)
    return std::nullopt;
  return window(input, {*kernel, conv.getStrides(), conv.getPads(), conv.getDilations()}, layout, filter[dims.out]);
}

template <typename OpTy>
ExtentTransfer::Result ExtentTransfer::conv(OpTy conv, Layout layout, ValueRange parameters) {
  requireChannels(parameters, of(conv.getFilter())[getImageDims(layout).out]);
  return this->conv(conv, layout);
}

template <typename OpTy>
ExtentTransfer::Result ExtentTransfer::convTranspose(OpTy conv, Layout layout) {
  const Extents &input = of(conv.getInput()), &filter = of(conv.getFilter());
  ImageDims dims = getImageDims(layout);
  auto kernel = filterWindow(conv, layout);
  if (!kernel)
    return std::nullopt;
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
ExtentTransfer::Result ExtentTransfer::pool(OpTy pool, Layout layout, ArrayRef<int64_t> dilations) {
  const Extents &input = of(pool.getInput());
  return window(input, {SmallVector<int64_t, 2>(pool.getKernel()), pool.getStrides(), pool.getPads(), dilations},
                layout, input[getImageDims(layout).c]);
}

ExtentTransfer::Result ExtentTransfer::visit(ReshapeOp reshape) {
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

ExtentTransfer::Result ExtentTransfer::visit(TransposeOp transpose) {
  return llvm::map_to_vector(transpose.getPermutation(), [&](int64_t dim) { return operands[0][dim]; });
}

ExtentTransfer::Result ExtentTransfer::visit(ConcatOp concat) {
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

ExtentTransfer::Result ExtentTransfer::visit(SliceOp slice) {
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

ExtentTransfer::Result ExtentTransfer::visit(PadOp pad) {
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

ExtentTransfer::Result ExtentTransfer::visit(ResizeNearestOp resize) {
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

ExtentTransfer::Result ExtentTransfer::visit(GatherRowsOp gather) {
  Extents shape = of(gather.getIndices());
  const Extents &table = of(gather.getTable());
  llvm::append_range(shape, ArrayRef(table).drop_front());
  requireAtMost(1, table.front());
  if (gather.getScale())
    requireEqual(of(gather.getScale()).front(), table.front());
  return shape;
}

ExtentTransfer::Result ExtentTransfer::visit(GenerateOp generate) {
  ExtentsAttr attr = generate.getExtentsAttr();
  return attr ? fromAttribute(attr) : Result(toExtents(resultShape()));
}

ExtentTransfer::Result ExtentTransfer::visit(ReduceOp reduce) {
  Extents shape;
  for (auto [i, extent] : llvm::enumerate(operands[0]))
    if (!llvm::is_contained(reduce.getAxes(), int64_t(i)))
      shape.push_back(extent);
    else if (reduce.getKeepDims())
      shape.push_back(1);
  return shape;
}

ExtentTransfer::Result ExtentTransfer::visit(BatchNormOp norm) {
  for (const Extents &parameter : operands.drop_front())
    requireEqual(parameter.front(), operands[0][1]);
  return operands[0];
}

ExtentTransfer::Result ExtentTransfer::visit(NormOp norm) {
  for (const Extents &parameter : operands.drop_front())
    requireEqual(parameter, ArrayRef(operands[0]).drop_front(norm.getAxis()));
  return operands[0];
}

ExtentTransfer::Result ExtentTransfer::visit(SoftmaxOp softmax) {
  for (const Extents &mask : operands.drop_front())
    for (auto [x, y] : llvm::zip(llvm::reverse(mask), llvm::reverse(operands[0])))
      if (x != 1)
        requireEqual(x, y);
  return operands[0];
}

ExtentTransfer::Result ExtentTransfer::visit(DynamicScaleOp scale) {
  return Extents(ArrayRef(operands[0]).take_front(scale.getRowDims()));
}

ExtentTransfer::Result ExtentTransfer::visit(DynamicQuantizeOp quantize) {
  requireEqual(operands[1], operands[0]);
  return operands[0];
}

ExtentTransfer::Result ExtentTransfer::run() {
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
