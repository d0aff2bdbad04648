// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ONNX tensors that stand for a value: names, forms, stored and real numbers.

#include "Exporter.h"

#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

static const int64_t kToImage[] = {0, 3, 1, 2}, kToPlain[] = {0, 2, 3, 1};

int64_t nibble::onnxexport::imageAxis(int64_t axis) {
  return std::distance(std::begin(kToImage), llvm::find(kToImage, axis));
}

SmallVector<int64_t> nibble::onnxexport::imageOrder(ArrayRef<int64_t> values) {
  return llvm::map_to_vector(kToImage, [&](int64_t axis) { return values[axis]; });
}

std::string Exporter::unique(const Twine &name, llvm::StringSet<> &taken) {
  std::string base = name.str(), result = base;
  for (unsigned i = 1; !taken.insert(result).second; ++i)
    result = base + "_" + std::to_string(i);
  return result;
}

/// Name of the ONNX value that an operation computes, else of its node, else of the operation.
std::string Exporter::baseName(Operation *op) const {
  StringRef name = getValueName(op->getLoc());
  if (name.empty())
    name = getNodeName(op->getLoc());
  return name.empty() ? op->getName().stripDialect().str() : name.str();
}

std::string Exporter::storedName(Operation *op, Form form) {
  auto it = outputs.find(op->getResult(0));
  if (it != outputs.end() && form == Form::Plain)
    return it->second;
  bool isQuantized = isa<quant::QuantizedType>(typeOf(op->getResult(0)).getElementType());
  return unique(baseName(op) + (isQuantized ? "_quantized" : ""));
}

std::string Exporter::realName(Operation *op, Form form) {
  if (isa<quant::QuantizedType>(typeOf(op->getResult(0)).getElementType()))
    return unique(baseName(op));
  return storedName(op, form);
}

void Exporter::set(Operation *op, const std::string &name, Form form) {
  Names &entry = names[op->getResult(0)];
  (form == Form::Plain ? entry.plain : entry.image) = name;
}

/// ONNX quantizes to whole storage types: a clip to the real numbers at the ends of a narrower range goes before.
std::string Exporter::clip(const std::string &input, quant::UniformQuantizedType type) {
  const unsigned width = type.getStorageTypeIntegralWidth();
  auto bound = [&](int64_t q, int64_t widest, const Twine &name) {
    return q == widest ? "" : scalar(name, float(type.getScale() * double(q - type.getZeroPoint())));
  };
  std::string output = unique(input + "_clipped");
  std::string low = bound(type.getStorageTypeMin(),
                          quant::QuantizedType::getDefaultMinimumForInteger(type.isSigned(), width), output + "_min");
  std::string high = bound(type.getStorageTypeMax(),
                           quant::QuantizedType::getDefaultMaximumForInteger(type.isSigned(), width), output + "_max");
  if (low.empty() && high.empty())
    return input;
  node(nullptr, "Clip", {input, low, high}, output);
  return output;
}

void Exporter::setReal(Operation *op, const std::string &name, Form form) {
  Type element = typeOf(op->getResult(0)).getElementType();
  if (!isa<quant::QuantizedType>(element))
    return set(op, name, form);
  std::string output = storedName(op, form);
  int64_t axis = 0;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element))
    axis = perAxis.getQuantizedDimension();
  auto uniform = dyn_cast<quant::UniformQuantizedType>(element);
  SmallVector<std::string> inputs = {uniform ? clip(name, uniform) : name};
  llvm::append_range(inputs, parameters(output, cast<quant::QuantizedType>(element)));
  onnx::NodeProto &quantize = node(nullptr, "QuantizeLinear", inputs, output);
  if (isa<quant::UniformQuantizedPerAxisType>(element))
    setInt(quantize, "axis", axis);
  set(op, output, form);
}

std::string Exporter::stored(Value value, Form form) {
  if (auto constant = value.getDefiningOp<ConstantOp>(); constant && names[value].plain.empty())
    addConstant(constant);
  Names entry = names[value];
  auto dequantized = value.getDefiningOp<DequantizeOp>();
  if (dequantized && entry.plain.empty() && entry.image.empty())
    entry.plain = real(dequantized.getInput()); // of a constant
  if (form == Form::Plain && entry.plain.empty()) {
    std::string output = value.getDefiningOp() ? storedName(value.getDefiningOp()) : unique("transposed");
    entry.plain = transpose(entry.image, kToPlain, output);
  }
  if (form == Form::Image && entry.image.empty())
    entry.image = transpose(entry.plain, kToImage, unique(entry.plain + "_nchw"));
  names[value] = entry;
  return form == Form::Plain ? entry.plain : entry.image;
}

std::string Exporter::real(Value value, Form form, const std::string &output) {
  std::string name = stored(value, form);
  Type element = typeOf(value).getElementType();
  if (!isa<quant::QuantizedType>(element))
    return name;
  int64_t axis = 0;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element)) {
    axis = perAxis.getQuantizedDimension();
    if (form == Form::Image)
      axis = imageAxis(axis);
  }
  return dequantize(name, element, output.empty() ? unique(name + "_dequantized") : output, axis);
}

bool Exporter::isWide(Value value) {
  auto type = dyn_cast<quant::QuantizedType>(typeOf(value).getElementType());
  return type && type.getStorageTypeIntegralWidth() == 16;
}

bool Exporter::isImage(Value value) const {
  auto it = names.find(value);
  return it != names.end() && !it->second.image.empty();
}

SmallVector<std::string> Exporter::parameters(const Twine &name, quant::QuantizedType type) {
  SmallVector<std::string> &shared = sharedParameters[type];
  if (!shared.empty())
    return shared;
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints, shape;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    scales.assign(perAxis.getScales().begin(), perAxis.getScales().end());
    zeroPoints.assign(perAxis.getZeroPoints().begin(), perAxis.getZeroPoints().end());
    shape.push_back(scales.size());
  } else {
    auto uniform = cast<quant::UniformQuantizedType>(type);
    scales.push_back(uniform.getScale());
    zeroPoints.push_back(uniform.getZeroPoint());
  }
  std::string scaleBytes, zeroBytes;
  size_t width = *getElementBytes(type);
  for (auto [scale, zero] : llvm::zip(scales, zeroPoints)) {
    float single = float(scale);
    scaleBytes.append(reinterpret_cast<const char *>(&single), sizeof(single));
    zeroBytes.append(reinterpret_cast<const char *>(&zero), width); // little-endian
  }
  Location loc = UnknownLoc::get(type.getContext());
  shared.push_back(initializer(name + "_scale", onnx::TensorProto::FLOAT, shape, std::move(scaleBytes)));
  shared.push_back(initializer(name + "_zero_point", storedType(loc, type), shape, std::move(zeroBytes)));
  return shared;
}

std::string Exporter::dequantize(const std::string &input, Type element, const std::string &output, int64_t axis) {
  SmallVector<std::string> inputs = {input};
  llvm::append_range(inputs, parameters(input, cast<quant::QuantizedType>(element)));
  onnx::NodeProto &result = node(nullptr, "DequantizeLinear", inputs, output);
  if (isa<quant::UniformQuantizedPerAxisType>(element))
    setInt(result, "axis", axis);
  return output;
}
