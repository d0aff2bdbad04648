// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The translation of a module: its inputs, its operations in order, its outputs.

#include "Exporter.h"

#include "nibble/Dialect/Nibble/Control.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

/// What we write: new enough for every operator used, old enough for onnxruntime.
constexpr int64_t kOpset = 21;
constexpr int64_t kIRVersion = 10;

/// The type of a graph input or output, with names of its unknown extents.
static void setType(onnx::ValueInfoProto &info, Location loc, RankedTensorType type, ArrayAttr dims) {
  onnx::TypeProto::Tensor &tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(storedType(loc, type.getElementType()));
  tensor.mutable_shape();
  for (auto [i, extent] : llvm::enumerate(type.getShape())) {
    auto &dim = *tensor.mutable_shape()->add_dim();
    if (!ShapedType::isDynamic(extent))
      dim.set_dim_value(extent);
    else if (dims && i < dims.size() && !cast<StringAttr>(dims[i]).empty())
      dim.set_dim_param(cast<StringAttr>(dims[i]).str());
  }
}

void Exporter::addInputs(func::FuncOp main) {
  for (BlockArgument argument : main.getArguments()) {
    unsigned i = argument.getArgNumber();
    auto name = main.getArgAttrOfType<StringAttr>(i, "nibble.name");
    onnx::ValueInfoProto &info = *graph.add_input();
    info.set_name(unique(name ? name.getValue() : StringRef("input")));
    setType(info, main.getLoc(), typeOf(argument), main.getArgAttrOfType<ArrayAttr>(i, "nibble.dims"));
    names[argument].plain = info.name();
  }
}

void Exporter::reserveOutputs(func::FuncOp main) {
  auto results = cast<func::ReturnOp>(main.front().getTerminator()).getOperands();
  for (auto [i, value] : llvm::enumerate(results)) {
    auto name = main.getResultAttrOfType<StringAttr>(i, "nibble.name");
    onnx::ValueInfoProto &info = *graph.add_output();
    info.set_name(unique(name ? name.getValue() : StringRef("output")));
    setType(info, main.getLoc(), typeOf(value), ArrayAttr());
    if (value.getDefiningOp() && !isa<ConstantOp>(value.getDefiningOp()))
      outputs.try_emplace(value, info.name());
  }
}

void Exporter::addOutputs(func::FuncOp main) {
  auto results = cast<func::ReturnOp>(main.front().getTerminator()).getOperands();
  for (auto [value, info] : llvm::zip(results, graph.output())) {
    std::string name = stored(value);
    if (name != info.name())
      node(nullptr, "Identity", {name}, info.name());
  }
}

static const TranslatorTable &translators() {
  static const TranslatorTable table = [] {
    TranslatorTable table;
    addCompute(table);
    addNorms(table);
    addElementwise(table);
    addDataMovement(table);
    addQuantization(table);
    return table;
  }();
  return table;
}

void Exporter::translate(Operation *op) {
  if (isa<ConstantOp>(op))
    return; // written where they are read
  if (isa<LoopOp, IfOp>(op))
    throw ExportError(op->getLoc(),
                      "loops and branches that the compiled model runs cannot be exported to ONNX, fixed extents "
                      "(--dim) may unroll them");
  auto it = translators().find(op->getName().getStringRef());
  if (it == translators().end())
    throw ExportError(op->getLoc(), "operation '" + op->getName().getStringRef() + "' cannot be exported to ONNX");
  it->second(*this, op);
}

/// Says what QDQ cannot express.
void Exporter::warnOfLosses(func::FuncOp main) {
  for (Operation &op : main.front().without_terminator()) {
    auto mode = op.getAttrOfType<RequantModeAttr>("requant");
    if (mode && mode.getValue() == RequantMode::Fixed)
      op.emitWarning() << "fixed-point requantization becomes that of the program that runs the model";
  }
}

void Exporter::run(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal() || !main.getBody().hasOneBlock())
    throw ExportError(module.getLoc(), "the module has no function 'main' of one block");
  model.set_ir_version(kIRVersion);
  model.set_producer_name("nibble");
  model.add_opset_import()->set_version(kOpset);
  auto name = module->getAttrOfType<StringAttr>("nibble.model");
  graph.set_name(name && !name.empty() ? name.str() : "main");
  warnOfLosses(main);
  addInputs(main);
  reserveOutputs(main);
  for (Operation &op : main.front().without_terminator())
    translate(&op);
  addOutputs(main);
}
