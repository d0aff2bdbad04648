// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code for one sample: no operation may mix elements along dimension 0.

#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Support/PortAttrs.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

#include "llvm/ADT/TypeSwitch.h"

#define DEBUG_TYPE "ukernel-isolate-batch"

using namespace mlir;
using namespace nibble;

namespace nibble::ukernel {
#define GEN_PASS_DEF_ISOLATEBATCH
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

/// The attribute of operations that have extents by the model's dimensions.
static constexpr llvm::StringLiteral kExtentsName = "extents";

/// What ONNX's DynamicQuantizeLinear means.
static constexpr llvm::StringLiteral kSpansSamples = "its scale and zero point are those of the whole tensor";

namespace {
/// Which values have samples along dimension 0, and whether every operation keeps them apart.
class BatchAnalysis {
public:
  BatchAnalysis(const ExtentAnalysis &extents, const Extent &batch) : extents(extents), batch(batch) {}

  bool isBatched(Value value) const { return batched.contains(value); }
  void mark(Value value) { batched.insert(value); }

  /// Why the operation mixes samples; empty if it does not.
  std::string visit(Operation *op);

private:
  static int64_t getRank(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }
  /// An unknown extent is none that anything is compared with.
  Extent getDim(Value value, int64_t i) const {
    std::optional<SmallVector<Extent>> shape = extents.get(value);
    return shape ? (*shape)[i] : Extent(-1);
  }
  /// Whether an extent depends on the dynamic number of samples.
  bool countsBatch(const Extent &extent) const {
    return !batch.isStatic() && extent.substitute([&](unsigned i) {
      return Extent::dim(i) == batch ? Extent(1) : Extent::dim(i);
    }) != extent;
  }
  std::string visitUnbatched(Operation *op);
  std::string visitFirstOperandOnly(Operation *op);
  std::string visitBroadcast(Operation *op);
  std::string visitMatMul(Value lhs, Value rhs);
  std::string visitReshape(ReshapeOp op);
  std::string visitMove(Operation *op);
  std::string visitGenerate(GenerateOp op);

  const ExtentAnalysis &extents;
  Extent batch;
  DenseSet<Value> batched;
};
} // namespace

std::string BatchAnalysis::visitFirstOperandOnly(Operation *op) {
  for (Value operand : op->getOperands().drop_front())
    if (isBatched(operand))
      return "its weights depend on the sample";
  return "";
}

std::string BatchAnalysis::visitBroadcast(Operation *op) {
  int64_t rank = getRank(op->getResult(0));
  for (Value operand : op->getOperands()) {
    if (isBatched(operand) && getRank(operand) != rank)
      return "it aligns samples with another dimension";
    if (!isBatched(operand) && getRank(operand) == rank && getDim(operand, 0) != 1)
      return "it gives each sample another constant";
  }
  return "";
}

std::string BatchAnalysis::visitMatMul(Value lhs, Value rhs) {
  bool plainRhs = !isBatched(rhs) && (getRank(rhs) < getRank(lhs) || getRank(rhs) == 2 || getDim(rhs, 0) == 1);
  bool plainLhs = !isBatched(lhs) && (getRank(lhs) < getRank(rhs) || getDim(lhs, 0) == 1);
  if (isBatched(lhs) && plainRhs)
    return "";
  if (isBatched(rhs) && getRank(rhs) > 2 && plainLhs)
    return "";
  if (isBatched(lhs) && isBatched(rhs) && getRank(lhs) == getRank(rhs) && getRank(lhs) > 2)
    return "";
  return "it multiplies across samples";
}

std::string BatchAnalysis::visitReshape(ReshapeOp op) {
  if (getRank(op.getResult()) == 0 || getDim(op.getResult(), 0) != batch)
    return "it moves samples out of dimension 0";
  const auto sizeOf = [&](Value value) { return product(ArrayRef<Extent>(*extents.get(value)).drop_front()); };
  return sizeOf(op.getInput()) == sizeOf(op.getResult()) ? "" : "it moves samples out of dimension 0";
}

std::string BatchAnalysis::visitMove(Operation *op) {
  bool keeps =
      llvm::TypeSwitch<Operation *, bool>(op)
          .Case([](TransposeOp move) { return move.getPermutation()[0] == 0; })
          .Case([&](ConcatOp move) {
            return move.getAxis() != 0 && llvm::all_of(move.getInputs(), [&](Value v) { return isBatched(v); });
          })
          .Case([&](SliceOp move) {
            return move.getStarts()[0] == 0 && move.getSteps()[0] == 1 &&
                   getDim(move.getResult(), 0) == getDim(move.getInput(), 0);
          })
          .Case([](PadOp move) { return move.getLow()[0] == 0 && move.getHigh()[0] == 0; })
          .Case([](ResizeNearestOp move) { return !llvm::is_contained(move.getAxes(), 0); })
          .Case<SoftmaxOp, IntSoftmaxOp, NormOp>([](auto reduction) { return reduction.getAxis() != 0; })
          .Case([](ReduceOp reduction) { return !llvm::is_contained(reduction.getAxes(), 0); })
          .Default(true);
  return keeps ? "" : "it works along dimension 0";
}

/// Each element of a sample may read that sample alone, and no constant by the sample's number.
std::string BatchAnalysis::visitGenerate(GenerateOp op) {
  if (op.getType().getRank() == 0 || getDim(op.getResult(), 0) != batch)
    return "it moves samples out of dimension 0";
  BlockArgument sample = op.getIndex(0);
  const auto countsSamples = [&](ExtentValueOp value) { return countsBatch(value.getExtent()); };
  if (op.getBody()
          .walk([&](ExtentValueOp v) { return countsSamples(v) ? WalkResult::interrupt() : WalkResult::advance(); })
          .wasInterrupted())
    return "it depends on the number of samples";
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    for (Operation *user : op.getInputArgument(i).getUsers()) {
      auto read = dyn_cast<ReadOp>(user);
      if (isBatched(input) && read && read.getIndices().front() != sample)
        return "it reads other samples";
      if (isBatched(input) && !read && cast<ExtentOp>(user).getDimension() == 0)
        return "it depends on the number of samples";
    }
  for (OpOperand &use : sample.getUses()) {
    auto read = dyn_cast<ReadOp>(use.getOwner());
    auto input = read ? dyn_cast<BlockArgument>(read.getTensor()) : BlockArgument();
    const bool selectsSample =
        read && use.getOperandNumber() == 1 && isBatched(op.getInputs()[input.getArgNumber() - op.getType().getRank()]);
    if (!selectsSample)
      return "it depends on the sample's number";
  }
  return "";
}

/// What depends on no sample may have as many equal ones as there are.
std::string BatchAnalysis::visitUnbatched(Operation *op) {
  for (Value result : op->getResults()) {
    std::optional<SmallVector<Extent>> shape = extents.get(result);
    const auto counts = [&](const Extent &extent) { return countsBatch(extent); };
    if (!shape || llvm::none_of(*shape, counts))
      continue;
    auto generate = dyn_cast<GenerateOp>(op);
    if (!generate || llvm::any_of(ArrayRef(*shape).drop_front(), counts))
      return "its shape depends on the number of samples";
    mark(result);
    return visitGenerate(generate);
  }
  return "";
}

std::string BatchAnalysis::visit(Operation *op) {
  if (isa<LoopOp, IfOp>(op))
    return "its bodies work on all samples";
  for (Value result : op->getResults())
    if (!extents.get(result))
      return "its shape is not known when the model begins to run";
  if (llvm::none_of(op->getOperands(), [&](Value v) { return isBatched(v); }))
    return visitUnbatched(op);
  for (Value result : op->getResults())
    mark(result);
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<ConvOp, ConvTransposeOp, BatchNormOp, IntConvTransposeOp, IntLookupOp>(
          [&](Operation *o) { return visitFirstOperandOnly(o); })
      .Case([&](GatherRowsOp gather) {
        const bool ofTable = isBatched(gather.getTable()) || (gather.getScale() && isBatched(gather.getScale()));
        return std::string(ofTable ? "its weights depend on the sample" : "");
      })
      .Case([&](NormOp norm) {
        std::string reason = visitFirstOperandOnly(norm);
        return reason.empty() ? visitMove(norm) : reason;
      })
      .Case([&](IntConvOp conv) {
        for (Value weight : {conv.getFilter(), conv.getBias(), conv.getMultiplier()})
          if (isBatched(weight))
            return std::string("its weights depend on the sample");
        return std::string();
      })
      .Case([](DynamicEncodingOp) { return std::string(kSpansSamples); })
      .Case([&](SumConvOp conv) { return isBatched(conv.getFilter()) ? "its weights depend on the sample" : ""; })
      .Case<ScaledConvOp, ScaledMatMulOp>([&](auto product) {
        bool weights = llvm::any_of(product->getOperands().slice(1, product.getBias() ? 3 : 2),
                                    [&](Value v) { return isBatched(v); });
        return std::string(weights ? "its weights depend on the sample" : "");
      })
      .Case<AddOp, SubOp, MulOp, DivOp, PowOp, MinOp, MaxOp, IntAddOp, IntMulOp>(
          [&](Operation *o) { return visitBroadcast(o); })
      .Case([&](DynamicMatMulOp matmul) {
        if (isBatched(matmul.getLhs()) != isBatched(matmul.getRows()))
          return std::string("its scales are those of other rows");
        return visitMatMul(matmul.getLhs(), matmul.getRhs());
      })
      .Case<MatMulOp, IntMatMulOp, SumMatMulOp>(
          [&](auto matmul) { return visitMatMul(matmul.getLhs(), matmul.getRhs()); })
      .Case([&](ReshapeOp reshape) { return visitReshape(reshape); })
      .Case([&](GenerateOp generate) { return visitGenerate(generate); })
      .Case([&](SoftmaxOp softmax) {
        std::string reason = visitBroadcast(softmax);
        return reason.empty() ? visitMove(softmax) : reason;
      })
      .Default([&](Operation *o) { return visitMove(o); });
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

// The batch of a function: the first dynamic dimension 0 of arguments, a static extent above 1 that all arguments
// share, or 1 for none.
static Extent getBatch(func::FuncOp function, const ExtentAnalysis &extents) {
  SmallVector<Extent> batches;
  for (BlockArgument argument : function.getArguments()) {
    std::optional<SmallVector<Extent>> shape = extents.get(argument);
    batches.push_back(shape && !shape->empty() ? shape->front() : Extent(1));
  }
  auto *dynamic = llvm::find_if(batches, [](const Extent &batch) { return !batch.isStatic(); });
  if (dynamic != batches.end())
    return *dynamic;
  return !batches.empty() && llvm::all_equal(batches) ? batches.front() : Extent(1);
}

/// Multiplications for one sample, where all extents are known; 0 of what is no product with constant weights.
static int64_t countProducts(Operation *op) {
  const auto countElements = [](Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); };
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<ConvOp, IntConvOp, SumConvOp, ScaledConvOp>([&](auto conv) {
        auto filter = cast<RankedTensorType>(conv.getFilter().getType());
        return countElements(conv.getResult()) * (filter.getNumElements() / std::max<int64_t>(1, filter.getDimSize(0)));
      })
      .Case<MatMulOp, IntMatMulOp, SumMatMulOp, ScaledMatMulOp>([&](auto product) {
        return countElements(product.getResult()) *
               cast<RankedTensorType>(product.getOperand(0).getType()).getShape().back();
      })
      .Default([](Operation *) { return 0; });
}

/// Whether most of the work is products of a few rows for each sample, which read all weights for each: all samples'
/// rows together read them once for as many rows as fit the registers.
static bool isBoundByWeights(func::FuncOp function, const BatchAnalysis &analysis) {
  constexpr int64_t fewRows = 8;
  int64_t all = 0, bound = 0;
  for (Operation &op : function.front().without_terminator()) {
    if (!llvm::all_of(op.getResultTypes(), [](Type type) { return cast<RankedTensorType>(type).hasStaticShape(); }))
      return false;
    const int64_t products = countProducts(&op);
    all += products;
    if (!isa<MatMulOp, IntMatMulOp, SumMatMulOp, ScaledMatMulOp>(op) || analysis.isBatched(op.getOperand(1)))
      continue;
    ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getResult(0).getType()).getShape();
    if (shape.size() >= 2 && computeProduct(shape.drop_front().drop_back()) <= fewRows)
      bound += products;
  }
  return 2 * bound > all;
}

static Type withOneSample(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[0] = 1;
  return tensor.clone(shape);
}

namespace {
struct IsolateBatch : ukernel::impl::IsolateBatchBase<IsolateBatch> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isDeclaration())
      return;
    ExtentAnalysis extents(function);
    const Extent batch = getBatch(function, extents);
    if (batch == 1)
      return;
    BatchAnalysis analysis(extents, batch);
    for (BlockArgument argument : function.getArguments())
      if (hasBatch(argument, extents, batch))
        analysis.mark(argument);
    if (failed(check(function, analysis, batch)) || (batch.isStatic() && isBoundByWeights(function, analysis)))
      return;
    rewrite(function, analysis, extents.getDims());
    function->setAttr("nibble.batch_loop", UnitAttr::get(&getContext()));
    if (batch.isStatic())
      function->setAttr("nibble.batch_size", Builder(&getContext()).getI64IntegerAttr(batch.getStatic()));
  }

  static bool hasBatch(BlockArgument argument, const ExtentAnalysis &extents, const Extent &batch) {
    std::optional<SmallVector<Extent>> shape = extents.get(argument);
    return shape && !shape->empty() && shape->front() == batch;
  }

  // Where operations mix samples they work on all of them as they are, but for convolutions of a dynamic number.
  LogicalResult check(func::FuncOp function, BatchAnalysis &analysis, const Extent &batch) {
    for (Operation &op : function.front().without_terminator()) {
      std::string reason = analysis.visit(&op);
      if (reason.empty())
        continue;
      return failure();
    }
    return success(llvm::all_of(function.front().getTerminator()->getOperands(),
                                [&](Value value) { return analysis.isBatched(value); }));
  }

  /// A program's body has its inputs as arguments.
  static void rewriteBody(GenerateOp op, const BatchAnalysis &analysis) {
    for (auto [i, input] : llvm::enumerate(op.getInputs()))
      if (analysis.isBatched(input))
        op.getInputArgument(i).setType(withOneSample(input.getType()));
  }

  /// Extents by the model's dimensions are those of one sample; of an operation whose only dynamic extent was the
  /// number of them, none.
  static void rewriteExtents(Operation *op, const BatchAnalysis &analysis) {
    auto attr = op->getAttrOfType<ExtentsAttr>(kExtentsName);
    if (!attr || !analysis.isBatched(op->getResult(0)))
      return;
    SmallVector<Extent> extents(attr.getValue());
    extents.front() = 1;
    if (areStatic(extents))
      op->removeAttr(kExtentsName);
    else
      op->setAttr(kExtentsName, ExtentsAttr::get(op->getContext(), extents));
  }

  void rewrite(func::FuncOp function, const BatchAnalysis &analysis, const ArgumentDims &dims) {
    // The number of samples must keep its place among the dimensions though no type tells of it any more.
    if (dims.getNames().size() > 1)
      nameDims(function, dims);
    for (Operation &op : function.front().without_terminator())
      rewriteExtents(&op, analysis);
    for (auto generate : function.getOps<GenerateOp>())
      rewriteBody(generate, analysis);
    for (Operation &op : function.getOps())
      for (Value result : op.getResults())
        if (analysis.isBatched(result))
          result.setType(withOneSample(result.getType()));
    for (BlockArgument argument : function.getArguments())
      if (analysis.isBatched(argument))
        argument.setType(withOneSample(argument.getType()));
      else
        function.setArgAttr(argument.getArgNumber(), ukernel::kSharedAttr, UnitAttr::get(&getContext()));
    function.setType(FunctionType::get(&getContext(), function.front().getArgumentTypes(),
                                       function.front().getTerminator()->getOperandTypes()));
  }
};
} // namespace
