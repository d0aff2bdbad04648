// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops and branches that the compiled model runs.

#include "RunTimeControl.h"

#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

void nibble::onnximport::leaveControl(OpBuilder &builder) {
  Operation *outermost = nullptr;
  for (Operation *op = builder.getInsertionBlock()->getParentOp(); isa_and_nonnull<LoopOp, IfOp>(op);
       op = op->getParentOp())
    outermost = op;
  if (outermost)
    builder.setInsertionPoint(outermost);
}

std::string nibble::onnximport::getStepName(Node &node, const Twine &suffix) {
  for (unsigned i = 0; i < unsigned(node.proto.output_size()); ++i)
    if (node.wants(i))
      return getValueName(node.location(i)).str() + suffix.str();
  return "";
}

Value nibble::onnximport::inMemory(Node &node, Known known) {
  if (!known.isTensor())
    node.fail("has a sequence or an empty optional where the compiled model decides, expected tensors",
              "what is known at compile time may be any of them");
  return node.importer.materialize(known, nodeName(node.proto));
}

Value nibble::onnximport::scalarOf(Node &node, unsigned i, StringRef what) {
  Value value = node.plain(i);
  const Shape shape = node.shapeOf(value);
  if (checkedProduct(shape) != Dim(1))
    node.fail(what + " (input " + Twine(i) + ") has shape " + node.importer.symbols.print(shape) +
              ", expected one element");
  return shape.empty() ? value : node.reshape(value, {});
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

static Location locate(Node &node, StringRef value) {
  return getNodeLoc(node.importer.builder.getContext(), nodeName(node.proto), value);
}

/// An argument for each of `values`, or for its elements along dimension 0, named where there are names.
static SmallVector<Value> addArguments(Node &node, Block &block, ArrayRef<Value> values, ArrayRef<std::string> names,
                                       bool isScanned) {
  SmallVector<Value> arguments;
  for (auto [i, value] : llvm::enumerate(values)) {
    Shape shape = node.shapeOf(value);
    if (isScanned)
      shape.erase(shape.begin());
    auto type = RankedTensorType::get(node.checkedExtents(shape), Node::elementOf(value));
    arguments.push_back(block.addArgument(type, i < names.size() ? locate(node, names[i]) : node.location()));
    node.importer.shapes[arguments.back()] = shape;
  }
  return arguments;
}

/// A carried value stays what it is: its memory is that of all iterations.
static void checkCarried(Node &node, size_t i, Value before, Value after) {
  const Shape from = node.shapeOf(before), to = node.shapeOf(after);
  if (from != to)
    node.fail("carried value " + Twine(i) + " has shape " + node.importer.symbols.print(from) +
                  " before an iteration and " + node.importer.symbols.print(to) + " behind it",
              "a loop that is not unrolled carries values of one shape");
  if (before.getType() == after.getType())
    return;
  std::string text;
  llvm::raw_string_ostream(text) << "carried value " << i << " is of type " << before.getType()
                                 << " before an iteration and " << after.getType() << " behind it";
  node.fail(text, "a loop that is not unrolled carries values of one type");
}

/// The loop round `body`, with results of these types.
static LoopOp createLoop(Node &node, const RunTimeLoop &loop, TypeRange types) {
  OpBuilder &builder = node.importer.builder;
  ExtentsAttr extents = loop.trip ? ExtentsAttr::get(builder.getContext(), *loop.trip) : ExtentsAttr();
  return LoopOp::create(builder, locate(node, loop.name), types, loop.inits, loop.scanned, loop.count, extents,
                        builder.getDenseBoolArrayAttr(loop.reversed), loop.isConditional);
}

SmallVector<Value> nibble::onnximport::buildLoop(Node &node, const RunTimeLoop &loop) {
  Importer &importer = node.importer;
  OpBuilder &builder = importer.builder;
  const size_t carried = loop.inits.size();
  if (loop.trip && !importer.symbols.areTold(*loop.trip))
    node.fail("the shape of the result, " + importer.symbols.print({*loop.trip}) +
                  ", does not follow from the inputs' shapes",
              "give the input a fixed shape");
  // What the body yields tells the results' types: until then the loop has none.
  LoopOp open = createLoop(node, loop, {});
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&open.getBody());
    Value number = block->addArgument(RankedTensorType::get({}, builder.getI64Type()), node.location());
    importer.shapes[number] = {};
    ArrayRef<std::string> names = loop.names;
    SmallVector<Value> values = addArguments(node, *block, loop.inits, names.take_front(carried), /*isScanned=*/false);
    SmallVector<Value> elements =
        addArguments(node, *block, loop.scanned, names.drop_front(std::min(names.size(), carried)), /*isScanned=*/true);
    RegionYieldOp::create(builder, node.location(), loop.body(number, values, elements));
  }
  SmallVector<Type> types;
  SmallVector<Shape> shapes;
  for (auto [i, value] : llvm::enumerate(open.getYielded())) {
    Shape &shape = shapes.emplace_back(node.shapeOf(value));
    if (i < carried)
      checkCarried(node, i, loop.inits[i], value);
    else
      shape.insert(shape.begin(), *loop.trip);
    if (!importer.symbols.areTold(shape))
      node.fail("the shape of the result, " + importer.symbols.print(shape) +
                    ", does not follow from the inputs' shapes",
                "give the input a fixed shape");
    types.push_back(RankedTensorType::get(node.checkedExtents(shape), Node::elementOf(value)));
  }
  LoopOp op = createLoop(node, loop, types);
  op.getBody().takeBody(open.getBody());
  open.erase();
  for (auto [result, shape] : llvm::zip_equal(op.getResults(), shapes))
    importer.shapes[result] = shape;
  return llvm::to_vector_of<Value>(op.getResults());
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

/// What both branches give at `i` is of one shape and type.
static void checkBranches(Node &node, size_t i, Value then, Value other) {
  const Shape first = node.shapeOf(then), second = node.shapeOf(other);
  if (first != second)
    node.fail("the branches give output " + Twine(i) + " the shapes " + node.importer.symbols.print(first) + " and " +
                  node.importer.symbols.print(second),
              "a condition that is known only when the model runs needs one shape");
  if (then.getType() != other.getType())
    node.fail("the branches give output " + Twine(i) + " elements of different types");
}

SmallVector<Value> nibble::onnximport::buildBranch(Node &node, Value condition, Bodies bodies) {
  OpBuilder &builder = node.importer.builder;
  IfOp open = IfOp::create(builder, node.location(), TypeRange(), condition);
  for (auto [region, body] : llvm::zip_equal(open->getRegions(), bodies)) {
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&region);
    RegionYieldOp::create(builder, node.location(), body());
  }
  OperandRange then = open.getThenBody().front().getTerminator()->getOperands();
  for (auto [i, value, other] : llvm::enumerate(then, open.getElseBody().front().getTerminator()->getOperands()))
    checkBranches(node, i, value, other);
  IfOp op = IfOp::create(builder, node.location(), then.getTypes(), condition);
  op.getThenBody().takeBody(open.getThenBody());
  op.getElseBody().takeBody(open.getElseBody());
  open.erase();
  for (auto [result, value] : llvm::zip_equal(op.getResults(), op.getThenBody().front().getTerminator()->getOperands()))
    node.importer.shapes[result] = node.shapeOf(value);
  return llvm::to_vector_of<Value>(op.getResults());
}
