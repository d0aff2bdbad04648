// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Explain.h"
#include "Compilation.h"
#include "Explanation.h"
#include "LoadedExecutable.h"
#include "UsualExtents.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Driver/Open.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Locations.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace nibble::driver {

/// Bytes of an element; 0 if it is none that kernels have.
static int64_t getElementBytes(mlir::Type type) {
  std::optional<ElementKind> kind = getElementKind(mlir::getElementTypeOrSelf(type));
  return kind ? getByteWidth(*kind) : 0;
}

static std::string getPrecision(mlir::Operation *op) {
  if (isa<DynamicScaleOp, DynamicQuantizeOp, DynamicMatMulOp, DynamicEncodingOp, DynamicEncodeOp>(op))
    return "dynamic int8";
  const std::string weights = getWeightWord(getPlannedWeightBits(op)).str();
  if (isa<ScaledConvOp, ScaledMatMulOp>(op))
    return (mlir::getElementTypeOrSelf(op->getOperand(0).getType()).isF32() ? "weight-only " : "dynamic ") + weights;
  bool isQuantized = false, isWide = false;
  for (auto types : {mlir::TypeRange(op->getOperandTypes()), mlir::TypeRange(op->getResultTypes())})
    for (mlir::Type type : types) {
      mlir::Type element = mlir::getElementTypeOrSelf(type);
      auto quantized = dyn_cast<mlir::quant::QuantizedType>(element);
      isQuantized |= quantized || element.isInteger(8) || element.isInteger(16);
      isWide |= element.isInteger(16) || (quantized && quantized.getStorageTypeIntegralWidth() == 16);
    }
  if (isQuantized)
    return isWide ? "int16" : weights;
  std::optional<ElementKind> kind = getElementKind(mlir::getElementTypeOrSelf(op->getResult(0).getType()));
  return kind ? getName(*kind).str() : "";
}

/// Of a constant operand as kernels have it: narrow weights packed, where they multiply bytes and not by channel.
static int64_t getStoredBytes(mlir::Operation *op, mlir::ElementsAttr constant) {
  const int64_t bytes = constant.getNumElements() * getElementBytes(constant.getType());
  auto conv = dyn_cast<IntConvOp>(op);
  const bool byChannel = conv && conv.getGroups() > 1 && conv.getFilter().getType().getDimSize(3) == 1 &&
                         conv.getFilter().getType().getDimSize(0) == int64_t(conv.getGroups());
  if (!isa<IntConvOp, IntMatMulOp, ScaledConvOp, ScaledMatMulOp>(op) || !constant.getElementType().isInteger(8) ||
      byChannel || !mlir::getElementTypeOrSelf(op->getOperand(0).getType()).isInteger(8))
    return bytes;
  return bytes * getPlannedWeightBits(op) / 8;
}

static NodeSummary summarize(mlir::Operation *op, const UsualExtents &extents) {
  NodeSummary node;
  node.node = getNodeName(op->getLoc()).str();
  node.value = getValueName(op->getLoc()).str();
  node.operation = op->getName().getStringRef().str();
  node.precision = getPrecision(op);
  for (mlir::Value operand : op->getOperands())
    if (auto constant = operand.getDefiningOp<ConstantOp>())
      node.weightBytes += getStoredBytes(op, constant.getValue());
  for (mlir::Value result : op->getResults())
    if (isa<mlir::RankedTensorType>(result.getType()))
      node.outputBytes += extents.countElements(result) * getElementBytes(result.getType());
  return node;
}

/// Whether `op` makes a tensor of the graph; the operations of scalar programs do not.
static bool isNode(mlir::Operation *op) {
  return op->getNumResults() > 0 && !isa<ConstantOp, LoopOp, IfOp>(op) && isa<NibbleDialect>(op->getDialect()) &&
         isa<mlir::TensorType>(op->getResult(0).getType());
}

std::vector<NodeSummary> summarizeNodes(mlir::ModuleOp graph) {
  std::vector<NodeSummary> nodes;
  const UsualExtents extents(graph);
  graph.walk([&](mlir::Operation *op) {
    if (isNode(op))
      nodes.push_back(summarize(op, extents));
  });
  return nodes;
}

namespace {
/// What an operation says of its node's precision: the more, the lower.
enum class Weight { Computes, Moves, Converts };

/// The precision of a node by the operations seen so far.
struct NodePrecision {
  Weight weight;
  std::string precision;

  /// In the order in which one of them stands for the node.
  auto getRank() const {
    const StringRef ranks[] = {"float32",
                               "weight-only int2",
                               "weight-only int4",
                               "weight-only int8",
                               "dynamic int2",
                               "dynamic int4",
                               "dynamic int8",
                               "int2",
                               "int4",
                               "int8"};
    return std::pair(weight, find(ranks, precision) - std::begin(ranks));
  }
};
} // namespace

static Weight getWeight(mlir::Operation *op) {
  if (isa<QuantizeOp, DequantizeOp, IntQuantizeOp, IntDequantizeOp, DynamicScaleOp, DynamicQuantizeOp>(op))
    return Weight::Converts;
  return isa<ReshapeOp, TransposeOp, SliceOp, ConcatOp, PadOp, ResizeNearestOp>(op) ? Weight::Moves : Weight::Computes;
}

std::map<std::string, int64_t> countPrecisions(mlir::ModuleOp graph) {
  StringMap<NodePrecision> nodes;
  graph.walk([&](mlir::Operation *op) {
    StringRef node = getNodeName(op->getLoc());
    if (!isNode(op) || node.empty())
      return;
    NodePrecision made{getWeight(op), getPrecision(op)};
    auto [entry, isNew] = nodes.try_emplace(node, made);
    if (!isNew && made.getRank() < entry->second.getRank())
      entry->second = made;
  });
  // What happens to an input before any node reads it has the input's name.
  graph.walk([&](mlir::func::FuncOp function) {
    for (mlir::BlockArgument argument : function.getArguments())
      if (auto entry = nodes.find(getNodeName(argument.getLoc()));
          entry != nodes.end() && entry->second.weight != Weight::Computes)
        nodes.erase(entry);
  });
  std::map<std::string, int64_t> counts;
  for (const auto &entry : nodes)
    if (entry.second.weight != Weight::Converts)
      ++counts[entry.second.precision];
  return counts;
}

/// Explains a compiled file by what it tells of itself, with times if it is a library that this machine runs.
static Expected<Summary> explainCompiled(Session &session, StringRef path) {
  Expected<std::optional<Summary>> summary = readExplanation(path);
  if (!summary)
    return summary.takeError();
  if (!*summary)
    return makeError(
        "'" + path +
        "' does not tell of itself: it was compiled with --strip, or stripped since; explain its model, with the same "
        "options");
  (void)sys::fs::file_size(path, reinterpret_cast<uint64_t &>((*summary)->outputBytes));
  if (!isSharedLibrary(path))
    return std::move(**summary);
  if (hasControl(**summary)) {
    session.reporter().note(kNoTimes);
    return std::move(**summary);
  }
  Expected<std::unique_ptr<LoadedModel>> model = openLibrary(path);
  if (!model) {
    session.reporter().note("there are no times: " + toString(model.takeError()));
    return std::move(**summary);
  }
  if ((*model)->isOnDevice()) {
    session.reporter().note(kNoDeviceTimes);
    return std::move(**summary);
  }
  if (Error error = measureCalls(**model, nullptr, {}, **summary)) {
    if ((*model)->describe().dim_count == 0)
      return addContext("'" + path + "'", std::move(error));
    session.reporter().note("there are no times: " + toString(std::move(error)));
  }
  return std::move(**summary);
}

Expected<Summary> explain(Session &session, StringRef path, OpenSamples openSamples, const CompileOptions &options) {
  if (!isModel(path))
    return explainCompiled(session, path);
  Expected<std::unique_ptr<Compilation>> compilation = Compilation::create(session, path, options);
  if (!compilation)
    return compilation.takeError();
  if (Error error = (*compilation)->runToFold(openSamples))
    return std::move(error);
  Expected<Compiled> compiled = (*compilation)->emit();
  if (!compiled)
    return compiled.takeError();
  if (Error error = (*compilation)->measureNodes(compiled->summary))
    return std::move(error);
  return std::move(compiled->summary);
}

} // namespace nibble::driver
