// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference interpreter: walks a function's operations in order and frees what is not read again.

#include "nibble/Reference/Interpreter.h"
#include "Evaluate.h"
#include "ScalarProgram.h"
#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/Nibble/Control.h"
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

/// Calls `visit` for each value that `op` reads, in its bodies too.
static void forEachRead(Operation &op, llvm::function_ref<void(Value)> visit) {
  for (Value operand : op.getOperands())
    visit(operand);
  if (isa<LoopOp, IfOp>(op))
    for (Region &body : op.getRegions())
      body.walk([&](Operation *inner) { llvm::for_each(inner->getOperands(), visit); });
}

namespace {
/// The values that are still read, those of a body within those round it.
class Frame {
public:
  explicit Frame(Block &block, const Frame *outer = nullptr) : outer(outer) {
    for (Operation &op : block)
      forEachRead(op, [&](Value value) { lastReader[value] = &op; });
  }

  const Tensor *get(Value value) const {
    auto it = values.find(value);
    return it != values.end() ? it->second : outer->get(value);
  }
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
    forEachRead(*op, [&](Value value) {
      if (lastReader.lookup(value) == op)
        owned.erase(value);
    });
  }

private:
  const Frame *outer;
  llvm::DenseMap<Value, Operation *> lastReader;
  llvm::DenseMap<Value, const Tensor *> values;
  llvm::DenseMap<Value, std::unique_ptr<Tensor>> owned;
};

/// What all operations of a function are executed with.
struct Execution {
  ArrayRef<int64_t> dims;
  Hook hook;

  llvm::Error run(Block &block, Frame &frame) const;
  /// The values that `block`, a body, yields.
  llvm::Expected<std::vector<Tensor>> runBody(Block &block, Frame &frame) const;

private:
  llvm::Error execute(Operation &op, Frame &frame) const;
  llvm::Error executeLoop(LoopOp loop, Frame &frame) const;
  llvm::Error executeIf(IfOp branch, Frame &frame) const;
  llvm::Expected<int64_t> countIterations(LoopOp loop, const Frame &frame) const;
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

/// Executes `op` and keeps its results.
llvm::Error Execution::execute(Operation &op, Frame &frame) const {
  if (auto loop = dyn_cast<LoopOp>(op))
    return executeLoop(loop, frame);
  if (auto branch = dyn_cast<IfOp>(op))
    return executeIf(branch, frame);
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
  return llvm::Error::success();
}

llvm::Error Execution::run(Block &block, Frame &frame) const {
  for (Operation &op : block.without_terminator()) {
    if (auto error = execute(op, frame))
      return addNode(&op, std::move(error));
    frame.release(&op);
  }
  return llvm::Error::success();
}

llvm::Expected<std::vector<Tensor>> Execution::runBody(Block &block, Frame &frame) const {
  if (auto error = run(block, frame))
    return std::move(error);
  std::vector<Tensor> yielded;
  for (Value value : block.getTerminator()->getOperands())
    yielded.push_back(*frame.get(value));
  return yielded;
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
  return Execution{*dims, hook}.runBody(block, frame);
}

//===----------------------------------------------------------------------===//
// Loops and branches
//===----------------------------------------------------------------------===//

/// Element `index` along dimension 0.
static Tensor getElement(const Tensor &whole, int64_t index) {
  const size_t bytes = whole.data.size() / std::max<int64_t>(whole.shape.front(), 1);
  const char *begin = whole.data.data() + index * bytes;
  return {SmallVector<int64_t>(ArrayRef(whole.shape).drop_front()), whole.elementType, {begin, begin + bytes}};
}

static bool isTrue(const Tensor &tensor) { return tensor.data.front() != 0; }

/// The most iterations; those of a loop that a condition ends alone are not limited.
llvm::Expected<int64_t> Execution::countIterations(LoopOp loop, const Frame &frame) const {
  if (loop.getCount())
    return std::max<int64_t>(*frame.get(loop.getCount())->as<int64_t>(), 0);
  if (!loop.getExtentsAttr())
    return std::numeric_limits<int64_t>::max();
  auto extents = evaluateExtents(loop.getExtentsAttr(), dims);
  if (!extents)
    return extents.takeError();
  return extents->front();
}

/// The elements of a sequence, each in its place.
static llvm::Expected<Tensor> join(ArrayRef<Tensor> elements, RankedTensorType type, bool isReversed) {
  Tensor whole;
  whole.elementType = type.getElementType();
  whole.shape = {int64_t(elements.size())};
  llvm::append_range(whole.shape, elements.empty() ? type.getShape().drop_front() : ArrayRef(elements.front().shape));
  for (size_t i = 0; i < elements.size(); ++i) {
    const Tensor &element = elements[isReversed ? elements.size() - 1 - i : i];
    whole.data.insert(whole.data.end(), element.data.begin(), element.data.end());
  }
  if (auto error = checkTensor(whole, type))
    return std::move(error);
  return whole;
}

llvm::Error Execution::executeLoop(LoopOp loop, Frame &frame) const {
  auto count = countIterations(loop, frame);
  if (!count)
    return count.takeError();
  const size_t carriedCount = loop.getInits().size();
  std::vector<Tensor> carried;
  for (Value init : loop.getInits())
    carried.push_back(*frame.get(init));
  for (Value scanned : loop.getScanned())
    if (const Tensor &whole = *frame.get(scanned); whole.shape.front() != *count)
      return makeError("expected scanned values of " + llvm::Twine(*count) + " elements, got " +
                       llvm::Twine(whole.shape.front()));
  std::vector<std::vector<Tensor>> sequences(loop.getSequences().size());
  for (int64_t i = 0; i < *count && (!loop.getConditional() || isTrue(carried.front())); ++i) {
    Frame inner(loop.getBody().front(), &frame);
    auto number = Tensor::allocate({}, IntegerType::get(loop.getContext(), 64));
    *number->as<int64_t>() = i;
    inner.borrow(loop.getNumber(), &*number);
    for (auto [k, value] : llvm::enumerate(carried))
      inner.borrow(loop.getCarried(k), &value);
    for (auto [k, scanned] : llvm::enumerate(loop.getScanned()))
      inner.keep(loop.getElement(k), getElement(*frame.get(scanned), loop.isReversedElement(k) ? *count - 1 - i : i));
    auto yielded = runBody(loop.getBody().front(), inner);
    if (!yielded)
      return yielded.takeError();
    for (auto [k, value] : llvm::enumerate(MutableArrayRef(*yielded).take_front(carriedCount))) {
      if (value.shape != carried[k].shape)
        return makeError("expected carried value " + llvm::Twine(k) + " of shape " + formatShape(carried[k].shape) +
                         ", got " + formatShape(value.shape));
      carried[k] = std::move(value);
    }
    for (auto [elements, value] : llvm::zip_equal(sequences, MutableArrayRef(*yielded).drop_front(carriedCount)))
      elements.push_back(std::move(value));
  }
  for (auto [result, value] : llvm::zip(loop.getResults(), carried))
    frame.keep(result, std::move(value));
  for (auto [k, result] : llvm::enumerate(loop.getSequences())) {
    auto whole = join(sequences[k], cast<RankedTensorType>(result.getType()), loop.isReversedSequence(k));
    if (!whole)
      return whole.takeError();
    frame.keep(result, std::move(*whole));
  }
  return llvm::Error::success();
}

llvm::Error Execution::executeIf(IfOp branch, Frame &frame) const {
  Region &body = isTrue(*frame.get(branch.getCondition())) ? branch.getThenBody() : branch.getElseBody();
  Frame inner(body.front(), &frame);
  auto yielded = runBody(body.front(), inner);
  if (!yielded)
    return yielded.takeError();
  for (auto [result, value] : llvm::zip_equal(branch.getResults(), *yielded)) {
    if (auto error = checkTensor(value, cast<RankedTensorType>(result.getType())))
      return error;
    frame.keep(result, std::move(value));
  }
  return llvm::Error::success();
}
