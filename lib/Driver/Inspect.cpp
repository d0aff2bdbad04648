// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Inspect.h"
#include "UsualExtents.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/PortAttrs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace nibble::driver {

static StringRef getString(mlir::DictionaryAttr attributes, StringRef key) {
  auto text = attributes ? attributes.getAs<mlir::StringAttr>(key) : nullptr;
  return text ? text.getValue() : "";
}

static Expected<Port> readPort(mlir::Type type, mlir::DictionaryAttr attributes, const Twine &which) {
  auto tensor = dyn_cast<mlir::RankedTensorType>(type);
  mlir::Type element = tensor ? tensor.getElementType() : mlir::Type();
  auto quantized = dyn_cast_or_null<mlir::quant::UniformQuantizedType>(element);
  std::optional<ElementKind> kind;
  if (element)
    kind = getElementKind(quantized ? getStorageElementType(quantized) : element);
  if (!kind) {
    std::string text;
    raw_string_ostream(text) << type;
    return makeError(which + " of the function 'main' has type " + text + ", expected a tensor of numbers");
  }
  Port port;
  port.name = getPortName(attributes).str();
  if (port.name.empty())
    port.name = which.str();
  port.kind = *kind;
  auto scale = attributes ? attributes.getAs<mlir::FloatAttr>("nibble.scale") : nullptr;
  auto zeroPoint = attributes ? attributes.getAs<mlir::IntegerAttr>("nibble.zero_point") : nullptr;
  if (quantized)
    port.quantization = {float(quantized.getScale()), int32_t(quantized.getZeroPoint())};
  else if (scale && zeroPoint)
    port.quantization = {float(scale.getValueAsDouble()), int32_t(zeroPoint.getInt())};
  for (int64_t extent : tensor.getShape())
    port.shape.push_back(mlir::ShapedType::isDynamic(extent) ? -1 : extent);
  for (size_t dim = 0; dim < port.shape.size(); ++dim)
    port.dims.push_back(getDimName(attributes, dim).str());
  port.layout = getString(attributes, "nibble.layout").str();
  return port;
}

/// Names the outputs' dynamic dimensions by those of the inputs, where they have no names of their own.
static void nameDims(mlir::func::FuncOp function, MutableArrayRef<Port> outputs) {
  const auto hasOpen = [](const Port &port) {
    return any_of(zip_equal(port.shape, port.dims),
                  [](const auto &dim) { return std::get<0>(dim) < 0 && std::get<1>(dim).empty(); });
  };
  if (function.isExternal() || none_of(outputs, hasOpen))
    return;
  const ExtentAnalysis analysis(function);
  const ArrayRef<std::string> names = analysis.getDims().getNames();
  for (auto [port, value] : zip_equal(outputs, function.front().getTerminator()->getOperands())) {
    std::optional<SmallVector<Extent>> extents = analysis.get(value);
    for (size_t dim = 0; extents && dim < port.dims.size(); ++dim)
      if (port.shape[dim] < 0 && port.dims[dim].empty()) {
        raw_string_ostream os(port.dims[dim]);
        (*extents)[dim].print(os, [&](unsigned index) { return names[index]; });
      }
  }
}

Error readPorts(mlir::ModuleOp module, std::vector<Port> &inputs, std::vector<Port> &outputs) {
  auto function = module.lookupSymbol<mlir::func::FuncOp>("main");
  if (!function)
    return makeError("the module has no function 'main'");
  for (auto [index, type] : enumerate(function.getArgumentTypes())) {
    Expected<Port> port = readPort(type, function.getArgAttrDict(index), "input " + Twine(index));
    if (!port)
      return port.takeError();
    inputs.push_back(std::move(*port));
  }
  for (auto [index, type] : enumerate(function.getResultTypes())) {
    Expected<Port> port = readPort(type, function.getResultAttrDict(index), "output " + Twine(index));
    if (!port)
      return port.takeError();
    outputs.push_back(std::move(*port));
  }
  nameDims(function, MutableArrayRef(outputs).take_back(function.getNumResults()));
  return Error::success();
}

/// Bytes of a constant as stored; a splat counts as if it were written out.
static int64_t getStoredBytes(mlir::ShapedType type) {
  mlir::Type element = type.getElementType();
  return type.getNumElements() * ((element.getIntOrFloatBitWidth() + 7) / 8);
}

Expected<ModelInfo> inspect(mlir::ModuleOp module) {
  ModelInfo info;
  info.name = getString(module->getAttrDictionary(), "nibble.model").str();
  info.hash = getString(module->getAttrDictionary(), "nibble.model_hash").str();
  if (Error error = readPorts(module, info.inputs, info.outputs))
    return std::move(error);
  const UsualExtents extents(module);
  info.dims = extents.getDims();
  module.walk([&](mlir::Operation *op) {
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      info.weightBytes += getStoredBytes(constant.getValue().getShapedType());
    } else if (isa_and_nonnull<mlir::func::FuncOp, LoopOp, IfOp>(op->getParentOp()) &&
               !isa<mlir::func::ReturnOp, RegionYieldOp>(op)) {
      info.products += extents.countProducts(op) * extents.countRuns(op);
      ++info.operations[op->getName().getStringRef().str()];
    }
  });
  return info;
}

json::Array toJson(ArrayRef<Port> ports) {
  json::Array result;
  for (const Port &port : ports) {
    json::Array shape;
    for (auto [dim, extent] : enumerate(port.shape)) {
      bool isNamed = extent < 0 && dim < port.dims.size() && !port.dims[dim].empty();
      shape.push_back(extent >= 0 ? json::Value(extent) : isNamed ? json::Value(port.dims[dim]) : json::Value(nullptr));
    }
    json::Object object{{"name", port.name}, {"dtype", getName(port.kind)}, {"shape", std::move(shape)}};
    if (port.quantization) {
      object["scale"] = port.quantization->first;
      object["zero_point"] = port.quantization->second;
    }
    if (!port.layout.empty())
      object["layout"] = port.layout;
    result.push_back(std::move(object));
  }
  return result;
}

json::Array toJson(ArrayRef<StatePort> states, ArrayRef<Port> inputs, ArrayRef<Port> outputs) {
  json::Array result;
  for (const StatePort &state : states) {
    json::Object object{{"input", inputs[state.input].name},
                        {"output", outputs[state.output].name},
                        {"axis", state.axis ? json::Value(*state.axis) : json::Value(nullptr)},
                        {"capacity", json::Array(state.capacity)}};
    result.push_back(std::move(object));
  }
  return result;
}

json::Object toJson(const DimValues &dims) {
  json::Object object;
  for (const auto &[name, value] : dims)
    object[name] = value;
  return object;
}

std::string describe(const DimValues &dims) {
  return join(map_range(dims, [](const auto &dim) { return dim.first + " = " + std::to_string(dim.second); }), ", ");
}

std::string describeMemory(const SpecializationSummary &code) {
  std::string text = formatv("arena of {0:n} bytes", code.arenaBytes);
  if (code.weightBytes)
    text += formatv(", {0:n} bytes of weights of its own", code.weightBytes);
  return text;
}

json::Object toJson(const ModelInfo &info) {
  json::Object operations;
  for (const auto &[name, count] : info.operations)
    operations[name] = count;
  json::Object object{{"name", info.name},
                      {"hash", info.hash},
                      {"inputs", toJson(info.inputs)},
                      {"outputs", toJson(info.outputs)},
                      {"weight_bytes", info.weightBytes}};
  if (!info.planHash.empty())
    object["plan_hash"] = info.planHash;
  if (info.fileBytes)
    object["file_bytes"] = info.fileBytes;
  if (!info.operations.empty()) {
    object["multiplications"] = info.products;
    object["operations"] = std::move(operations);
  }
  if (!info.precisions.empty()) {
    json::Object precisions;
    for (const auto &[precision, count] : info.precisions)
      precisions[precision] = count;
    object["precisions"] = std::move(precisions);
  }
  if (info.arenaBytes)
    object["arena_bytes"] = *info.arenaBytes;
  if (!info.dims.empty())
    object["dims"] = toJson(info.dims);
  if (!info.states.empty())
    object["states"] = toJson(info.states, info.inputs, info.outputs);
  if (!info.targets.empty())
    object["targets"] = json::Array(info.targets);
  if (!info.specializations.empty()) {
    json::Array specializations;
    for (const SpecializationSummary &code : info.specializations)
      specializations.push_back(toJson(code));
    object["specializations"] = std::move(specializations);
  }
  return object;
}

static void printPorts(StringRef title, ArrayRef<Port> ports, raw_ostream &os) {
  for (const Port &port : ports) {
    os << formatv("{0,-9} {1}  {2}", title, port.name, describe(port));
    if (!port.layout.empty())
      os << "  " << port.layout;
    if (port.quantization)
      os << formatv("  scale {0} zero point {1}", port.quantization->first, port.quantization->second);
    os << '\n';
  }
}

/// "u8_s8pc_u8_gemm_6x64c4_avx512vnni (3), f32_add_avx512vnni": each kernel once, with its calls.
static std::string describeKernels(ArrayRef<CallSummary> calls) {
  MapVector<StringRef, int> counts;
  for (const CallSummary &call : calls)
    ++counts[call.kernel];
  return join(map_range(counts,
                        [](const auto &kernel) {
                          return kernel.first.str() +
                                 (kernel.second > 1 ? " (" + std::to_string(kernel.second) + ")" : "");
                        }),
              ", ");
}

void print(const ModelInfo &info, raw_ostream &os) {
  const std::string where = info.dims.empty() ? "" : " at " + describe(info.dims);
  os << formatv("{0,-9} {1}\n", "model", info.name);
  if (!info.hash.empty())
    os << formatv("{0,-9} {1}\n", "hash", info.hash);
  if (!info.planHash.empty())
    os << formatv("{0,-9} {1}\n", "plan", info.planHash);
  printPorts("input", info.inputs, os);
  printPorts("output", info.outputs, os);
  for (const StatePort &state : info.states) {
    os << formatv("{0,-9} {1} and {2} are one buffer", "state", info.inputs[state.input].name,
                  info.outputs[state.output].name);
    if (state.axis)
      os << formatv(" with room for {0} along dimension {1}", state.capacity[*state.axis], *state.axis);
    os << '\n';
  }
  os << formatv("{0,-9} {1:n} bytes\n", "weights", info.weightBytes);
  if (info.fileBytes)
    os << formatv("{0,-9} {1:n} bytes\n", "file", info.fileBytes);
  if (info.products)
    os << formatv("{0,-9} {1:n} multiplications of convolutions and matrices{2}\n", "work", info.products, where);
  if (info.arenaBytes)
    os << formatv("{0,-9} {1:n} bytes{2}\n", "arena", *info.arenaBytes, where);
  if (!info.targets.empty())
    os << formatv("{0,-9} {1}\n", "targets", join(info.targets, ", "));
  for (const SpecializationSummary &code : info.specializations)
    os << formatv("{0,-9} {1}: {2}; kernels {3}\n", "code for", describe(code.dims), describeMemory(code),
                  describeKernels(code.calls));
  for (const auto &[precision, count] : info.precisions)
    os << formatv("{0,-9} {1} in {2}\n", "nodes", count, precision);
  for (const auto &[name, count] : info.operations)
    os << formatv("{0,9} {1}\n", count, name);
}

} // namespace nibble::driver
