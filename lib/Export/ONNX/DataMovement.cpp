// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that move elements; quantized ones move integers.

#include "Exporter.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

static Form formOf(const Exporter &exporter, Value value) {
  return exporter.isImage(value) ? Form::Image : Form::Plain;
}

static void exportReshape(Exporter &exporter, Operation *operation) {
  auto op = cast<ReshapeOp>(operation);
  if (llvm::count_if(typeOf(op).getShape(), ShapedType::isDynamic) > 1)
    throw ExportError(op.getLoc(), "a reshape to more than one unknown extent cannot be exported to ONNX");
  ArrayRef<int64_t> from = typeOf(op.getInput()).getShape();
  // One pixel is in the same order in both forms.
  bool isPixel = exporter.isImage(op.getInput()) && from[1] == 1 && from[2] == 1;
  SmallVector<int64_t> shape = llvm::map_to_vector(
      typeOf(op).getShape(), [](int64_t extent) { return ShapedType::isDynamic(extent) ? int64_t(-1) : extent; });
  std::string input = exporter.stored(op.getInput(), isPixel ? Form::Image : Form::Plain);
  std::string output = exporter.storedName(op);
  onnx::NodeProto &node = exporter.node(op, "Reshape", {input, exporter.ints(output + "_shape", shape)}, output);
  if (llvm::is_contained(shape, 0))
    Exporter::setInt(node, "allowzero", 1);
  exporter.set(op, output);
}

static void exportTranspose(Exporter &exporter, Operation *operation) {
  auto op = cast<TransposeOp>(operation);
  ArrayRef<int64_t> permutation = op.getPermutation();
  if (permutation == ArrayRef<int64_t>{0, 2, 3, 1} && !exporter.isImage(op.getInput()))
    return exporter.set(op, exporter.stored(op.getInput()), Form::Image);
  if (permutation == ArrayRef<int64_t>{0, 3, 1, 2} && exporter.isImage(op.getInput()))
    return exporter.set(op, exporter.stored(op.getInput(), Form::Image));
  std::string input = exporter.stored(op.getInput()), output = exporter.storedName(op);
  Exporter::setInts(exporter.node(op, "Transpose", {input}, output), "perm", permutation);
  exporter.set(op, output);
}

static void exportConcat(Exporter &exporter, Operation *operation) {
  auto op = cast<ConcatOp>(operation);
  Type element = typeOf(op).getElementType();
  bool isMoved = llvm::all_of(op.getInputs(), [&](Value v) { return typeOf(v).getElementType() == element; });
  bool asImage = llvm::any_of(op.getInputs(), [&](Value value) { return exporter.isImage(value); });
  Form form = asImage ? Form::Image : Form::Plain;
  SmallVector<std::string> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(isMoved ? exporter.stored(input, form) : exporter.real(input, form));
  int64_t axis = asImage ? imageAxis(op.getAxis()) : int64_t(op.getAxis());
  std::string output = isMoved ? exporter.storedName(op, form) : exporter.realName(op, form);
  Exporter::setInt(exporter.node(op, "Concat", inputs, output), "axis", axis);
  if (isMoved)
    exporter.set(op, output, form);
  else
    exporter.setReal(op, output, form);
}

static void exportSlice(Exporter &exporter, Operation *operation) {
  auto op = cast<SliceOp>(operation);
  Form form = formOf(exporter, op.getInput());
  SmallVector<int64_t> starts, ends, axes, steps;
  for (auto [axis, start, step] : llvm::enumerate(op.getStarts(), op.getSteps())) {
    int64_t extent = typeOf(op).getDimSize(axis);
    const bool isWhole = start == 0 && step == 1 && extent == typeOf(op.getInput()).getDimSize(axis);
    if (isWhole && !(ShapedType::isDynamic(extent) && op.getExtentsAttr()))
      continue;
    if (ShapedType::isDynamic(extent))
      throw ExportError(op.getLoc(), "a slice of unknown extent cannot be exported to ONNX");
    int64_t end = start + extent * step;
    starts.push_back(start);
    ends.push_back(end < 0 ? INT64_MIN + 1 : end);
    axes.push_back(form == Form::Image ? imageAxis(axis) : int64_t(axis));
    steps.push_back(step);
  }
  std::string input = exporter.stored(op.getInput(), form), output = exporter.storedName(op, form);
  exporter.node(op, "Slice",
                {input, exporter.ints(output + "_starts", starts), exporter.ints(output + "_ends", ends),
                 exporter.ints(output + "_axes", axes), exporter.ints(output + "_steps", steps)},
                output);
  exporter.set(op, output, form);
}

static std::string padValue(Exporter &exporter, PadOp op, const Twine &name) {
  double value = op.getValue() ? op.getValue()->convertToDouble() : 0;
  auto type = dyn_cast<quant::UniformQuantizedType>(typeOf(op).getElementType());
  if (!type || Exporter::isWide(op.getResult()))
    return exporter.scalar(name, float(value));
  double stored = std::nearbyint(float(value) / float(type.getScale())) + double(type.getZeroPoint());
  return exporter.storageScalar(name, type,
                                std::clamp(stored, double(type.getStorageTypeMin()), double(type.getStorageTypeMax())));
}

static StringRef modeName(PadMode mode) {
  return mode == PadMode::Constant ? "constant" : mode == PadMode::Edge ? "edge" : "reflect";
}

static void exportPad(Exporter &exporter, Operation *operation) {
  auto op = cast<PadOp>(operation);
  Form form = formOf(exporter, op.getInput());
  SmallVector<int64_t> low(op.getLow()), high(op.getHigh());
  if (form == Form::Image) {
    low = imageOrder(low);
    high = imageOrder(high);
  }
  low.append(high);
  const bool asReal = Exporter::isWide(op.getResult());
  std::string input = asReal ? exporter.real(op.getInput(), form) : exporter.stored(op.getInput(), form);
  std::string output = asReal ? exporter.realName(op, form) : exporter.storedName(op, form);
  SmallVector<std::string> inputs = {input, exporter.ints(output + "_pads", low)};
  if (op.getMode() == PadMode::Constant)
    inputs.push_back(padValue(exporter, op, output + "_value"));
  onnx::NodeProto &node = exporter.node(op, "Pad", inputs, output);
  onnx::AttributeProto &mode = *node.add_attribute();
  mode.set_name("mode");
  mode.set_type(onnx::AttributeProto::STRING);
  mode.set_s(modeName(op.getMode()).str());
  if (asReal)
    exporter.setReal(op, output, form);
  else
    exporter.set(op, output, form);
}

/// One Gather by a constant table along each axis.
static void exportResizeNearest(Exporter &exporter, Operation *operation) {
  auto op = cast<ResizeNearestOp>(operation);
  Form form = formOf(exporter, op.getInput());
  std::string current = exporter.stored(op.getInput(), form), output = exporter.storedName(op, form);
  ArrayRef<int64_t> indices = op.getIndices();
  for (auto [i, axis] : llvm::enumerate(op.getAxes())) {
    int64_t extent = typeOf(op).getDimSize(axis);
    bool isLast = i + 1 == op.getAxes().size();
    std::string next = isLast ? output : exporter.unique(output + "_axis");
    std::string table = exporter.ints(output + "_indices", indices.take_front(extent));
    Exporter::setInt(exporter.node(op, "Gather", {current, table}, next), "axis",
                     form == Form::Image ? imageAxis(axis) : axis);
    indices = indices.drop_front(extent);
    current = next;
  }
  exporter.set(op, output, form);
}

static void exportGatherRows(Exporter &exporter, Operation *operation) {
  auto op = cast<GatherRowsOp>(operation);
  std::string table = exporter.stored(op.getTable()), output = exporter.storedName(op);
  if (op.getScale()) {
    std::string reals = exporter.unique(output + "_table");
    Exporter::setInt(exporter.node(nullptr, "DequantizeLinear", {table, exporter.stored(op.getScale())}, reals), "axis",
                     0);
    table = reals;
  }
  Exporter::setInt(exporter.node(op, "Gather", {table, exporter.stored(op.getIndices())}, output), "axis", 0);
  exporter.set(op, output);
}

void nibble::onnxexport::addDataMovement(TranslatorTable &table) {
  table["nibble.reshape"] = exportReshape;
  table["nibble.transpose"] = exportTranspose;
  table["nibble.concat"] = exportConcat;
  table["nibble.slice"] = exportSlice;
  table["nibble.pad"] = exportPad;
  table["nibble.resize_nearest"] = exportResizeNearest;
  table["nibble.gather_rows"] = exportGatherRows;
}
