// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reshapes and transposes, done at once where the value is a weight.

#include "Generate.h"

#include "nibble/Support/ElementData.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The constant behind a value: itself, or what is dequantized.
static ConstantOp weightOf(Value value) {
  if (auto dequantize = value.getDefiningOp<DequantizeOp>())
    value = dequantize.getInput();
  return value.getDefiningOp<ConstantOp>();
}

/// Element type of a weight whose dimension `i` becomes `moved(i)`.
static Type moveAxis(Type element, function_ref<int64_t(int64_t)> moved) {
  auto type = dyn_cast<quant::UniformQuantizedPerAxisType>(element);
  if (!type)
    return element;
  return quant::UniformQuantizedPerAxisType::get(
      type.getFlags(), type.getStorageType(), type.getExpressedType(), type.getScales(), type.getZeroPoints(),
      moved(type.getQuantizedDimension()), type.getStorageTypeMin(), type.getStorageTypeMax());
}

/// `weight` with other bytes, and dequantized again if `original` was.
static Value rebuild(Node &node, Value original, ConstantOp weight, ElementsAttr value, Type element) {
  Importer &importer = node.importer;
  ArrayRef<int64_t> shape = value.getShapedType().getShape();
  Value constant = importer.constant(weight.getLoc(), RankedTensorType::get(shape, element), value);
  if (constant.getDefiningOp() == weight || isa<ConstantOp>(original.getDefiningOp()))
    return constant;
  Type real = RankedTensorType::get(shape, Node::elementOf(original));
  Value result = DequantizeOp::create(importer.builder, original.getLoc(), real, constant);
  importer.shapeOf(result);
  return result;
}

/// A weight under another shape. Per-axis scales follow their dimension if only ones came or went.
static Value reshapeWeight(Node &node, Value input, ArrayRef<int64_t> extents) {
  ConstantOp weight = weightOf(input);
  auto type = cast<RankedTensorType>(weight.getType());
  Type element = type.getElementType();
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element)) {
    int64_t axis = perAxis.getQuantizedDimension(), before = 1;
    for (int64_t extent : type.getShape().take_front(axis))
      before *= extent;
    std::optional<int64_t> found;
    for (int64_t i = 0, outer = 1; i < int64_t(extents.size()); outer *= extents[i++])
      if (outer == before && extents[i] == type.getDimSize(axis) && !(found && extents[i] == 1))
        found = i;
    if (!found)
      return Value();
    element = moveAxis(element, [&](int64_t) { return *found; });
  }
  return rebuild(node, input, weight, reshapeElements(weight.getValue(), extents), element);
}

Value Node::reshape(Value input, const Shape &shape) {
  Shape from = shapeOf(input);
  if (from == shape)
    return input;
  std::optional<Dim> before = checkedProduct(from), after = checkedProduct(shape);
  bool areKnown = before && after && before->isStatic() && after->isStatic();
  if (areKnown && *before != *after)
    fail("cannot reshape " + importer.symbols.print(from) + " to " + importer.symbols.print(shape));
  const bool follows = llvm::count_if(shape, [](const Dim &dim) { return !dim.isStatic(); }) <= 1;
  if (weightOf(input) && staticExtents(shape))
    if (Value weight = reshapeWeight(*this, input, checkedExtents(shape)))
      return weight;
  if (isa<quant::UniformQuantizedPerAxisType>(elementOf(input)))
    fail("values quantized per axis cannot be reshaped");
  return emit<ReshapeOp>(shape, elementOf(input), input, follows ? ExtentsAttr() : extentsOf(shape));
}

static Value transposeWeight(Node &node, Value input, ArrayRef<int64_t> permutation) {
  ConstantOp weight = weightOf(input);
  ElementsAttr value = weight.getValue();
  std::optional<ElementData> data = getElementData(value);
  if (!data || data->splat)
    return Value();
  ArrayRef<int64_t> extents = value.getShapedType().getShape();
  auto type = cast<RankedTensorType>(value.getType());
  std::vector<char> moved = transposeBytes(data->bytes, *getElementBytes(type.getElementType()), extents, permutation);
  releasePages(data->bytes);
  auto permuted = RankedTensorType::get(applyPermutation(extents, permutation), type.getElementType());
  StringRef name = "transposed";
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    name = resource.getRawHandle().getKey();
  Type element = moveAxis(Node::elementOf(weight), [&](int64_t axis) {
    return std::distance(permutation.begin(), llvm::find(permutation, axis));
  });
  return rebuild(node, input, weight, node.importer.attribute(permuted, storeBytes(moved), name), element);
}

Value Node::transpose(Value input, ArrayRef<int64_t> permutation) {
  Shape from = shapeOf(input);
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, from.size())))
    return input;
  if (weightOf(input))
    if (Value weight = transposeWeight(*this, input, permutation))
      return weight;
  Type element = moveAxis(elementOf(input), [&](int64_t axis) {
    return std::distance(permutation.begin(), llvm::find(permutation, axis));
  });
  Shape shape = llvm::map_to_vector<4>(permutation, [&](int64_t axis) { return from[axis]; });
  return emit<TransposeOp>(shape, element, input, permutation);
}

Value Node::sliceFrom(Value input, const Shape &starts, ArrayRef<int64_t> steps, const Shape &shape) {
  if (std::optional<SmallVector<int64_t>> known = staticExtents(starts))
    return slice(input, *known, steps, shape);
  if (isa<quant::QuantizedType>(elementOf(input)))
    input = emit<DequantizeOp>(shapeOf(input), importer.builder.getF32Type(), input);
  return generate(shape, elementOf(input), input, [&](Body &b) {
    Scalars at;
    for (auto [d, start] : llvm::enumerate(starts))
      at.push_back(b.add(b.value(start), b.mul(b.index(d), b.integer(steps[d]))));
    return b.read(0, at);
  });
}

Value Node::slice(Value input, ArrayRef<int64_t> starts, ArrayRef<int64_t> steps, const Shape &shape) {
  if (shapeOf(input) == shape && llvm::all_of(steps, [](int64_t step) { return step == 1; }))
    return input;
  // What reaches to the end needs no word.
  Shape whole = shapeOf(input);
  bool follows = true;
  for (auto [d, dim] : llvm::enumerate(shape))
    follows &= dim.isStatic() || (dim == whole[d] && starts[d] == 0 && steps[d] == 1);
  return emit<SliceOp>(shape, elementOf(input), input, starts, steps, follows ? ExtentsAttr() : extentsOf(shape));
}
