// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Access to a node's attributes and operands, and construction of its operations.

#include "Broadcast.h"

#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Node::Node(Importer &importer, const onnx::NodeProto &proto) : importer(importer), proto(proto) {}

void Node::fail(const Twine &message, const Twine &note) const {
  ImportError error(describe(importer.model, proto) + ": " + message, note);
  error.node = nodeName(proto).str();
  error.value = proto.output_size() ? proto.output(0) : "";
  throw error;
}

const onnx::AttributeProto *Node::attribute(StringRef name) const {
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

int64_t Node::getInt(StringRef name, int64_t otherwise) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? found->i() : otherwise;
}

float Node::getFloat(StringRef name, float otherwise) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? found->f() : otherwise;
}

std::string Node::getString(StringRef name, StringRef otherwise) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? found->s() : otherwise.str();
}

SmallVector<int64_t> Node::getInts(StringRef name, ArrayRef<int64_t> otherwise) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? llvm::to_vector(llvm::make_range(found->ints().begin(), found->ints().end()))
               : SmallVector<int64_t>(otherwise);
}

SmallVector<float> Node::getFloats(StringRef name) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? llvm::to_vector(llvm::make_range(found->floats().begin(), found->floats().end()))
               : SmallVector<float>();
}

SmallVector<std::string> Node::getStrings(StringRef name) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? llvm::to_vector(llvm::make_range(found->strings().begin(), found->strings().end()))
               : SmallVector<std::string>();
}

Known &Node::item(unsigned i) const {
  if (!has(i))
    fail("input " + Twine(i) + " is missing");
  return importer.lookup(proto.input(i));
}

Known Node::share(unsigned i) const {
  item(i);
  return importer.share(proto.input(i));
}

Known &Node::known(unsigned i) const {
  Known &operand = item(i);
  if (!operand.isTensor())
    fail("input " + Twine(i) + " ('" + proto.input(i) + "') is " +
         (operand.sequence ? "a sequence" : "an empty optional") + ", expected a tensor");
  return operand;
}

Value Node::get(unsigned i) {
  Known &operand = known(i);
  if (operand.value || operand.real)
    return operand.value ? operand.value : operand.real;
  if (!operand.tensor && !importer.symbols.areTold(operand.content->ints))
    fail("input " + Twine(i) + " ('" + proto.input(i) + "') is computed from extents that are unknown at compile time",
         "give the input a fixed shape");
  return importer.materialize(proto.input(i));
}

Type Node::typeOf(unsigned i) const {
  const Known &operand = known(i);
  if (operand.real)
    return operand.type ? operand.type : elementOf(operand.value);
  if (operand.value)
    return elementOf(operand.value);
  return importer.elementType(operand.tensor ? operand.tensor->data_type() : operand.content->type);
}

const Content *Node::content(unsigned i) const { return importer.contentOf(item(i)); }
bool nibble::onnximport::isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && !readsDims(op) && llvm::all_of(op->getOperands(), isConstant);
}

bool Node::isKnown(unsigned i) const {
  const Known &operand = known(i);
  return operand.tensor || operand.content || (operand.value && isConstant(operand.value));
}

SmallVector<int64_t> Node::ints(unsigned i, StringRef what) const {
  const Content *known = content(i);
  std::optional<SmallVector<int64_t>> values;
  if (known && !known->isReal())
    values = staticExtents(known->ints);
  if (!values)
    fail(what + " (input " + Twine(i) + ", '" + proto.input(i) + "') is not known at compile time");
  return *values;
}

double Node::scalar(unsigned i, StringRef what) const {
  const Content *known = content(i);
  if (!known || !known->isReal() || known->reals.size() != 1)
    fail(what + " (input " + Twine(i) + ", '" + proto.input(i) + "') is not one float known at compile time");
  return known->reals.front();
}

int64_t Node::axis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    fail("axis " + Twine(axis) + " lies outside a tensor of rank " + Twine(rank));
  return axis < 0 ? axis + rank : axis;
}

/// The extents of both, aligned at their ends; `open` gives that of two which may broadcast or not.
static Shape broadcastWith(const Node &node, const Shape &lhs, const Shape &rhs,
                           llvm::function_ref<Dim(const Dim &, const Dim &)> open) {
  Shape result(std::max(lhs.size(), rhs.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    Dim a = i < lhs.size() ? lhs[lhs.size() - 1 - i] : Dim(1);
    Dim b = i < rhs.size() ? rhs[rhs.size() - 1 - i] : Dim(1);
    std::optional<Dim> dim = broadcastExtents(a, b);
    if (!dim && a.isStatic() && b.isStatic())
      node.fail("shapes " + node.importer.symbols.print(lhs) + " and " + node.importer.symbols.print(rhs) +
                " do not broadcast");
    result[result.size() - 1 - i] = dim ? *dim : open(a, b);
  }
  return result;
}

Shape nibble::onnximport::broadcastOpen(const Node &node, const Shape &lhs, const Shape &rhs) {
  return broadcastWith(node, lhs, rhs, [](const Dim &a, const Dim &b) { return nibble::max(a, b); });
}

/// The dimension, or the one that it was taken to be.
static Dim findAlias(const Importer &importer, unsigned index) {
  Dim dim = Dim::dim(index);
  for (const auto &[first, other] : importer.requirements)
    if (other == dim && first.getDimCount() > 0 && first == Dim::dim(first.getDimCount() - 1))
      dim = first;
  return dim;
}

/// Takes two extents to be equal, which a run checks, and gives the one that stands for both.
static Dim takeEqual(const Node &node, const Dim &lhs, const Dim &rhs) {
  Importer &importer = node.importer;
  const auto alias = [&](unsigned index) { return findAlias(importer, index); };
  Dim a = lhs.substitute(alias), b = rhs.substitute(alias);
  if (std::optional<Dim> known = broadcastExtents(a, b))
    return *known;
  if (!importer.symbols.areTold({a, b}))
    return nibble::max(a, b);
  // The one that the inputs name first.
  if (b.getDimCount() < a.getDimCount())
    std::swap(a, b);
  if (llvm::is_contained(importer.requirements, std::pair(a, b)))
    return a;
  importer.requirements.push_back({a, b});
  emitWarning(node.location()) << "node '" << nodeName(node.proto) << "': the extents " << importer.symbols.print(a)
                               << " and " << importer.symbols.print(b)
                               << " are taken to be equal, and a run refuses inputs where they are not; give them one "
                                  "name in the model, or fix one of them";
  return a;
}

Shape Node::broadcast(const Shape &lhs, const Shape &rhs) const {
  return broadcastWith(*this, lhs, rhs, [&](const Dim &a, const Dim &b) { return takeEqual(*this, a, b); });
}

Location Node::location() const { return getNodeLoc(importer.builder.getContext(), nodeName(proto), ""); }

Location Node::location(unsigned i) const {
  std::string &name = names[i];
  if (name.empty())
    name = importer.uniqueName(proto.output(i));
  return getNodeLoc(importer.builder.getContext(), nodeName(proto), name);
}

SmallVector<int64_t> Node::checkedExtents(const Shape &shape) const {
  for (const Dim &dim : shape)
    if (dim.isStatic() && (dim.getStatic() < 0 || dim.getStatic() > kLargestExtent))
      fail("the result would have shape " + importer.symbols.print(shape));
  return toTypeShape(shape);
}

ExtentsAttr Node::extentsOf(const Shape &result) const {
  if (staticExtents(result))
    return {};
  if (!importer.symbols.areTold(result))
    fail("the shape of the result, " + importer.symbols.print(result) + ", does not follow from the inputs' shapes",
         "give the input a fixed shape");
  return ExtentsAttr::get(importer.builder.getContext(), result);
}

Value Node::record(Operation *op, const Shape &shape) {
  created.insert(op);
  Value result = op->getResult(0);
  importer.shapes[result] = shape;
  return result;
}

void Node::name(Value value, unsigned i) {
  if (Operation *op = value.getDefiningOp())
    if (created.contains(op) && getValueName(op->getLoc()).empty())
      op->setLoc(location(i));
}

void Node::nameStep(Value value, const Twine &suffix) {
  unsigned first = 0;
  while (first < unsigned(proto.output_size()) && !wants(first))
    ++first;
  Operation *op = value.getDefiningOp();
  if (!wants(first) || !op || !created.contains(op) || !getValueName(op->getLoc()).empty())
    return;
  std::string name = getValueName(location(first)).str() + suffix.str();
  op->setLoc(getNodeLoc(importer.builder.getContext(), nodeName(proto), name));
}

/// Takes extents that ONNX's inference knows and we do not.
static void refine(Importer &importer, Shape &shape, const onnx::TypeProto *type) {
  if (!type || !type->has_tensor_type() || !type->tensor_type().has_shape() ||
      type->tensor_type().shape().dim_size() != int(shape.size()))
    return;
  for (auto [dim, known] : llvm::zip(shape, type->tensor_type().shape().dim()))
    if (!dim.isStatic() && known.has_dim_value() && known.dim_value() >= 0)
      dim = known.dim_value();
}

void Node::set(unsigned i, Value value) {
  name(value, i);
  Shape shape = shapeOf(value);
  Operation *op = value.getDefiningOp();
  if (op && created.contains(op) && !isa<DequantizeOp, QuantizeOp>(op)) {
    refine(importer, shape, importer.inferredType(proto.output(i)));
    value.setType(RankedTensorType::get(toTypeShape(shape), elementOf(value)));
    if (op->hasAttrOfType<ExtentsAttr>("extents") && staticExtents(shape))
      op->removeAttr("extents");
    else if (op->hasAttrOfType<ExtentsAttr>("extents"))
      op->setAttr("extents", extentsOf(shape));
    importer.shapes[value] = shape;
  }
  Known &result = importer.define(proto.output(i));
  result.shape = shape;
  result.type = importer.wideType(proto.output(i));
  const bool isComputed = elementOf(value).isF32() && result.type && !result.type.isF32();
  (isComputed ? result.real : result.value) = value;
}

void Node::set(unsigned i, Content content) {
  Known &result = importer.define(proto.output(i));
  result.shape.assign(content.shape.begin(), content.shape.end());
  result.content = std::make_shared<Content>(std::move(content));
}

void Node::alias(unsigned i, Known known) { importer.define(proto.output(i)) = std::move(known); }
