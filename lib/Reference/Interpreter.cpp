// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference interpreter: walks a function's operations in order and frees what is not read again.

#include "nibble/Reference/Interpreter.h"
#include "Evaluate.h"
#include "ScalarProgram.h"
#include "nibble/Analysis/Extents.h"
#include "nibble/Support/Locations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

/// "node 'conv_1' (nibble.conv): " before an error, or "nibble.conv: " where no node is known.
static llvm::Error addNode(Operation *op, llvm::Error error) {
  StringRef node = getNodeName(op->getLoc()), name = op->getName().getStringRef();
  if (node.empty())
    return addContext(name, std::move(error));
  return addContext("node '" + node + "' (" + name + ")", std::move(error));
}

/// Whether `tensor` can stand for a value of `type`: its element type or that one's storage, a shape that agrees, and
/// one scale per channel.
static llvm::Error checkTensor(const Tensor &tensor, RankedTensorType type) {
  auto format = [](Type t) {
    std::string text;
    llvm::raw_string_ostream(text) << t;
    return text;
  };
  auto quantized = dyn_cast<quant::QuantizedType>(type.getElementType());
  bool stored = quantized && tensor.elementType == getStorageElementType(quantized);
  if (tensor.elementType != type.getElementType() && !stored)
    return makeError("expected elements of " + format(type.getElementType()) + ", got " + format(tensor.elementType));
  if (!areCompatible(tensor.shape, type.getShape()))
    return makeError("expected shape " + formatShape(type.getShape()) + ", got " + formatShape(tensor.shape));
  if (auto params = QuantParams::get(type); params && params->isPerAxis())
    if (tensor.shape[params->getAxis()] != params->getChannels())
      return makeError("expected one scale per channel, " + llvm::Twine(tensor.shape[params->getAxis()]) + ", got " +
                       llvm::Twine(params->getChannels()));
  return llvm::Error::success();
}

/// Executes one operation with a single result.
static Result evaluate(Operation *op, Operands operands, ArrayRef<int64_t> dims) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto elements = dyn_cast<ElementsAttr>(constant.getValue()))
      return makeTensor(elements, elements.getElementType());
  // Of any element type.
  for (auto family : {evaluateGenerated, evaluateMovement})
    if (auto result = family(op, operands, dims))
      return std::move(*result);
  if (auto result = evaluateGather(op, operands))
    return std::move(*result);
  if (auto error = isa<ConstantOp>(op) ? llvm::Error::success() : checkElementTypes(op))
    return error;
  for (auto family : {evaluateConversion, evaluateConvolution, evaluateMatMul, evaluatePool, evaluateNorm, evaluateRows,
                      evaluateElementwise, evaluateInteger, evaluateScaled, evaluateSums})
    if (auto result = family(op, operands))
      return std::move(*result);
  return makeError("expected an operation that can be executed, got " + op->getName().getStringRef());
}

namespace {
/// The values that are still read.
class Frame {
public:
  explicit Frame(Block &block) {
    for (Operation &op : block)
      for (Value operand : op.getOperands())
        lastReader[operand] = &op;
  }

  const Tensor *get(Value value) const { return values.lookup(value); }
  /// A tensor that somebody else keeps.
  void borrow(Value value, const Tensor *tensor) { values[value] = tensor; }
  void keep(Value value, Tensor tensor) {
    if (!lastReader.count(value))
      return;
    owned[value] = std::make_unique<Tensor>(std::move(tensor));
    values[value] = owned[value].get();
  }
  /// Frees the operands that `op` was the last to read.
  void release(Operation *op) {
    for (Value operand : op->getOperands())
      if (lastReader.lookup(operand) == op)
        owned.erase(operand);
  }

private:
  llvm::DenseMap<Value, Operation *> lastReader;
  llvm::DenseMap<Value, const Tensor *> values;
  llvm::DenseMap<Value, std::unique_ptr<Tensor>> owned;
};
} // namespace

/// Gives the block's arguments their tensors, with the arguments' element types.

static llvm::Error bindInputs(Block &block, ArrayRef<Tensor> inputs, Frame &frame) {
  if (inputs.size() != block.getNumArguments())
    return makeError("expected " + llvm::Twine(block.getNumArguments()) + " inputs, got " + llvm::Twine(inputs.size()));
  for (auto [i, input] : llvm::enumerate(inputs)) {
    BlockArgument argument = block.getArgument(i);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto context = [n = i](llvm::Error error) { return addContext("input " + llvm::Twine(n), std::move(error)); };
    if (!type)
      return context(makeError("expected a function of ranked tensors"));
    if (auto error = checkTensor(input, type))
      return context(std::move(error));
    if (input.elementType == type.getElementType()) {
      frame.borrow(argument, &input);
      continue;
    }
    Tensor typed = input;
    typed.elementType = type.getElementType();
    frame.keep(argument, std::move(typed));
  }
  return llvm::Error::success();
}

/// The values of the function's dynamic dimensions: inputs that share one agree on it.
static llvm::Expected<SmallVector<int64_t>> bindDims(const ArgumentDims &arguments, ArrayRef<Tensor> inputs) {
  SmallVector<int64_t> dims(arguments.getNames().size(), -1);
  for (auto [i, input] : llvm::enumerate(inputs))
    for (auto [extent, actual] : llvm::zip_equal(arguments.getExtents(i), input.shape)) {
      if (extent.isStatic())
        continue;
      const unsigned dim = extent.getDimCount() - 1; // it is nothing but the dimension
      if (dims[dim] >= 0 && dims[dim] != actual)
        return makeError("input " + llvm::Twine(i) + ": expected dimension '" + arguments.getNames()[dim] + "' to be " +
                         llvm::Twine(dims[dim]) + " as in an input before, got " + llvm::Twine(actual));
      dims[dim] = actual;
    }
  return dims;
}

/// What the function requires of its dimensions.
static llvm::Error checkRequirements(func::FuncOp function, ArrayRef<int64_t> dims) {
  auto pairs = function->getAttrOfType<ArrayAttr>(kRequirementsAttr);
  if (!pairs)
    return llvm::Error::success();
  const SmallVector<std::string> names = getDimNames(function);
  for (auto pair : pairs.getAsRange<ExtentsAttr>()) {
    auto values = reference::evaluateExtents(pair, dims);
    if (!values)
      return values.takeError();
    if ((*values)[0] != (*values)[1]) {
      std::string extent;
      llvm::raw_string_ostream os(extent);
      pair.getValue()[0].print(
          os, [&](unsigned dim) { return dim < names.size() ? names[dim] : "d" + std::to_string(dim); });
      return makeError("expected inputs for which the extent " + extent + " is " + llvm::Twine((*values)[1]) +
                       ", got " + llvm::Twine((*values)[0]));
    }
  }
  return llvm::Error::success();
}

llvm::Expected<SmallVector<int64_t>> reference::evaluateExtents(ExtentsAttr attr, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> shape;
  for (const Extent &extent : attr.getValue()) {
    if (extent.getDimCount() > dims.size())
      return makeError("expected 'extents' by the " + llvm::Twine(dims.size()) +
                       " dynamic dimensions of the inputs, got " + extent.str());
    shape.push_back(extent.evaluate(dims));
  }
  if (llvm::any_of(shape, [](int64_t extent) { return extent < 0; }))
    return makeError("expected 'extents' of 0 or more, got " + formatShape(shape));
  return shape;
}

/// Executes `op` and keeps its result.
static llvm::Error execute(Operation &op, Frame &frame, ArrayRef<int64_t> dims, Hook hook) {
  if (op.getNumResults() != 1 || (op.getNumRegions() != 0 && !isa<GenerateOp>(op)))
    return makeError("expected an operation that can be executed, got " + op.getName().getStringRef());
  auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  if (!type)
    return makeError("expected a ranked tensor as the result");
  SmallVector<const Tensor *> operands;
  for (Value operand : op.getOperands())
    operands.push_back(frame.get(operand));
  auto result = evaluate(&op, operands, dims);
  if (!result)
    return result.takeError();
  if (auto error = checkTensor(*result, type))
    return error;
  if (hook)
    hook(&op, *result);
  frame.keep(op.getResult(0), std::move(*result));
  frame.release(&op);
  return llvm::Error::success();
}

llvm::Expected<std::vector<Tensor>> reference::interpret(func::FuncOp function, ArrayRef<Tensor> inputs, Hook hook) {
  if (!function.getBody().hasOneBlock())
    return makeError("expected function '" + function.getName() + "' to have one block, got " +
                     llvm::Twine(function.getBody().getBlocks().size()));
  Block &block = function.getBody().front();
  Frame frame(block);
  if (auto error = bindInputs(block, inputs, frame))
    return error;
  auto dims = bindDims(ArgumentDims(function), inputs);
  if (!dims)
    return dims.takeError();
  if (auto error = checkRequirements(function, *dims))
    return error;
  for (Operation &op : block.without_terminator())
    if (auto error = execute(op, frame, *dims, hook))
      return addNode(&op, std::move(error));
  std::vector<Tensor> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(*frame.get(value));
  return results;
}
