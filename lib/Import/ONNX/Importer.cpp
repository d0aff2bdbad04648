// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The translation of a model: its inputs, its nodes in order, its outputs.

#include "Importer.h"

#include "Movement.h"
#include "nibble/Analysis/Extents.h"

#include "nibble/Support/Locations.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static TranslatorTable createTranslators() {
  TranslatorTable table;
  addConvolutions(table);
  addPools(table);
  addMatrixProducts(table);
  addElementwise(table);
  addPowers(table);
  addRemainders(table);
  addBits(table);
  addClips(table);
  addDropouts(table);
  addExtremes(table);
  addCumulatives(table);
  addDeterminants(table);
  addEinsums(table);
  addTraining(table);
  addActivations(table);
  addNormalizations(table);
  addAttention(table);
  addRotaryEmbedding(table);
  addReductions(table);
  addReshapes(table);
  addConversions(table);
  addDataMovement(table);
  addSlices(table);
  addPads(table);
  addCenterCrops(table);
  addIndices(table);
  addPositions(table);
  addScatters(table);
  addSelections(table);
  addTopK(table);
  addUnique(table);
  addGrids(table);
  addRoiPools(table);
  addFills(table);
  addResizes(table);
  addRepeats(table);
  addLogic(table);
  addQuantization(table);
  addQuantizedOperators(table);
  addIntegerOperators(table);
  addBranches(table);
  addLoops(table);
  addScans(table);
  addSequences(table);
  addRecurrences(table);
  addGlobalPools(table);
  addUnpools(table);
  addCol2Im(table);
  addDeformConvolutions(table);
  addCausalConvolutions(table);
  addFourierTransforms(table);
  addSignalWindows(table);
  addLinearAttention(table);
  addNgrams(table);
  addMachineLearning(table);
  addTrees(table);
  addRefusals(table);
  return table;
}

static const TranslatorTable &translators() {
  static const TranslatorTable table = createTranslators();
  return table;
}

bool nibble::onnximport::hasForm(StringRef name) { return translators().contains(name) || hasEvaluator(name); }

Importer::Importer(MLIRContext *context, Model &model, const ONNXImportOptions &options)
    : model(model), options(options), builder(context) {}

Shape Importer::shapeOf(Value value) {
  auto [it, isNew] = shapes.try_emplace(value);
  if (isNew)
    for (int64_t extent : cast<RankedTensorType>(value.getType()).getShape())
      it->second.push_back(ShapedType::isDynamic(extent) ? symbols.fresh() : Dim(extent));
  return it->second;
}

Type Importer::inputType(const onnx::ValueInfoProto &input, Shape &shape) {
  if (!input.type().has_tensor_type())
    throw ImportError("input '" + input.name() + "' is not a tensor", "a compiled model has tensors alone");
  const onnx::TypeProto::Tensor &type = input.type().tensor_type();
  if (!type.has_shape())
    throw ImportError("input '" + input.name() + "' has no shape", "its rank must be known");
  for (const auto &[axis, dim] : llvm::enumerate(type.shape().dim())) {
    if (dim.has_dim_value() && (dim.dim_value() < 0 || dim.dim_value() > kLargestExtent))
      throw ImportError("input '" + input.name() + "' has extent " + Twine(dim.dim_value()) + ", expected 0 to " +
                            Twine(kLargestExtent),
                        "an extent that is not known has a name in its place");
    if (dim.has_dim_value())
      shape.push_back(dim.dim_value());
    else
      shape.push_back(symbols.get(nameDim(input, axis)));
  }
  if (Type quantized = quantizedInputType(*this, input.name(), type.elem_type()))
    return quantized;
  return elementType(type.elem_type());
}

/// The names of an input's unknown extents; null if there are none.
static ArrayAttr dimNames(Builder &builder, const onnx::ValueInfoProto &input) {
  SmallVector<std::string> names;
  bool isDynamic = false;
  for (const auto &[axis, dim] : llvm::enumerate(input.type().tensor_type().shape().dim())) {
    names.push_back(dim.has_dim_value() ? "" : nameDim(input, axis));
    isDynamic |= !dim.has_dim_value();
  }
  return isDynamic ? builder.getStrArrayAttr(llvm::to_vector_of<StringRef>(names)) : ArrayAttr();
}

/// All that there is to know of an operator's integers (axes, repeats) where there are none; null of other tensors.
static std::shared_ptr<const Content> emptyContent(int32_t type, ArrayRef<Dim> shape) {
  std::optional<SmallVector<int64_t>> extents = staticExtents(shape);
  const bool isIndex = type == onnx::TensorProto::INT64 || type == onnx::TensorProto::INT32;
  if (!isIndex || !extents || !llvm::is_contained(*extents, 0))
    return nullptr;
  auto content = std::make_shared<Content>();
  content->type = type;
  content->shape = *extents;
  return content;
}

func::FuncOp Importer::createMain() {
  const onnx::GraphProto &graph = model.proto.graph();
  SmallVector<Type> types;
  SmallVector<Shape> inputShapes;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    Type element = inputType(input, inputShapes.emplace_back());
    types.push_back(RankedTensorType::get(toTypeShape(inputShapes.back()), element));
  }
  Location loc = NameLoc::get(builder.getStringAttr(graph.name().empty() ? "main" : graph.name()));
  auto main = func::FuncOp::create(builder, loc, "main", builder.getFunctionType(types, {}));
  Block *block = main.addEntryBlock();
  for (auto [i, input] : llvm::enumerate(graph.input())) {
    BlockArgument argument = block->getArgument(i);
    argument.setLoc(getNodeLoc(builder.getContext(), input.name(), input.name()));
    main.setArgAttr(i, "nibble.name", builder.getStringAttr(input.name()));
    if (ArrayAttr dims = dimNames(builder, input))
      main.setArgAttr(i, "nibble.dims", dims);
    shapes[argument] = inputShapes[i];
    Known &known = define(input.name());
    known.value = argument;
    known.shape = inputShapes[i];
    known.content = emptyContent(input.type().tensor_type().elem_type(), known.shape);
  }
  builder.setInsertionPointToStart(block);
  return main;
}

void Importer::translate(const onnx::NodeProto &proto) {
  Node node(*this, proto);
  if (openLoops && ++unrolledNodes > kMostUnrolledNodes)
    node.fail("the unrolled loops have more than " + Twine(kMostUnrolledNodes) + " nodes");
  if (evaluate(node))
    return;
  std::string name = operatorName(proto.domain(), proto.op_type());
  auto it = translators().find(name);
  if (it == translators().end() && options.keepUnsupported)
    return keepNode(node);
  if (it == translators().end())
    node.fail("operator is not supported",
              "the nibble dialect has no form of " + Twine(name) + "; replace the node or cut the model before it");
  it->second(node);
}

/// "[Nx3x?]"
static std::string printDeclared(const onnx::TensorShapeProto &shape) {
  std::string text;
  for (const onnx::TensorShapeProto::Dimension &dim : shape.dim()) {
    text += text.empty() ? "" : "x";
    text += dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.dim_param().empty() ? "?" : dim.dim_param();
  }
  return "[" + text + "]";
}

/// The file's word on an output must not contradict the graph. Where one names an extent that the other knows, the
/// graph is right.
void Importer::checkOutput(StringRef name, const onnx::TypeProto &declared, const Shape &computed, Location loc) {
  if (!declared.has_tensor_type() || !declared.tensor_type().has_shape())
    return;
  const onnx::TensorShapeProto &shape = declared.tensor_type().shape();
  bool contradicts = shape.dim_size() != int(computed.size()), differs = false;
  for (auto [dim, extent] : llvm::zip(shape.dim(), computed)) {
    const bool isKnown = dim.has_dim_value() && dim.dim_value() >= 0;
    contradicts |= isKnown && extent.isStatic() && extent != dim.dim_value();
    differs |= isKnown && !extent.isStatic();
  }
  std::string text = "output '" + name.str() + "' is declared with shape " + printDeclared(shape) +
                     ", but the graph computes " + symbols.print(computed);
  if (contradicts)
    throw ImportError(text);
  if (differs)
    emitWarning(loc) << text << ", which is taken";
}

void Importer::createReturn(func::FuncOp main) {
  SmallVector<Value> results;
  for (auto [output, declared] : llvm::zip_equal(model.proto.graph().output(), model.declared)) {
    if (!lookup(output.name()).isTensor())
      throw ImportError("output '" + output.name() + "' is not a tensor", "a compiled model has tensors alone");
    results.push_back(materialize(output.name()));
    checkOutput(output.name(), declared, shapeOf(results.back()), results.back().getLoc());
  }
  func::ReturnOp::create(builder, main.getLoc(), results);
  main.setFunctionType(builder.getFunctionType(main.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [i, output] : llvm::enumerate(model.proto.graph().output()))
    main.setResultAttr(i, "nibble.name", builder.getStringAttr(output.name()));
}

/// Constants that were transposed or reshaped on the way leave their first form behind.
void Importer::eraseUnusedConstants(func::FuncOp main) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(main.front())))
    if (isa<ConstantOp>(op) && op.use_empty())
      op.erase();
    else if (auto dequantize = dyn_cast<DequantizeOp>(op))
      if (op.use_empty() && dequantize.getInput().getDefiningOp<ConstantOp>())
        op.erase();
}

/// What nodes took for granted of the dimensions, which a run checks.
void Importer::setRequirements(func::FuncOp main) {
  auto pairs = llvm::map_to_vector(requirements, [&](const std::pair<Dim, Dim> &pair) -> Attribute {
    return ExtentsAttr::get(builder.getContext(), {pair.first, pair.second});
  });
  if (!pairs.empty())
    main->setAttr(kRequirementsAttr, builder.getArrayAttr(pairs));
}

/// Says which inputs are taken for something else: one, or many.
static void reportInputs(Location loc, ArrayRef<std::string> names, StringRef one, StringRef many) {
  if (names.empty())
    return;
  constexpr size_t most = 3;
  InFlightDiagnostic remark = emitRemark(loc) << (names.size() == 1 ? "input " : "inputs ");
  for (auto [index, name] : llvm::enumerate(names.take_front(most)))
    remark << (index ? ", '" : "'") << name << "'";
  if (names.size() > most)
    remark << " and " << names.size() - most << " more";
  remark << (names.size() == 1 ? one : many);
}

OwningOpRef<ModuleOp> Importer::run() {
  Location loc = NameLoc::get(builder.getStringAttr(model.path));
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  module.get()->setAttr("nibble.model", builder.getStringAttr(llvm::sys::path::stem(model.path)));
  module.get()->setAttr("nibble.model_hash", builder.getStringAttr(model.hash));
  if (model.externalBytes)
    module.get()->setAttr("nibble.external_bytes", builder.getI64IntegerAttr(model.externalBytes));
  builder.setInsertionPointToStart(module->getBody());
  reportInputs(loc, model.defaults, " has an initializer, which is taken as its constant value",
               " have initializers, which are taken as their constant values");
  reportInputs(loc, model.optionals, " is optional, and taken as given", " are optional, and taken as given");
  openScope(model.proto.graph());
  func::FuncOp main = createMain();
  for (const onnx::NodeProto &node : model.proto.graph().node())
    translate(node);
  createReturn(main);
  eraseUnusedConstants(main);
  setRequirements(main);
  return failed(verify(*module)) ? nullptr : std::move(module);
}
