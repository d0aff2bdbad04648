// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code for one sample: no operation may mix elements along dimension 0.

#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Support/PortAttrs.h"

#include "llvm/ADT/TypeSwitch.h"

#define DEBUG_TYPE "ukernel-isolate-batch"

using namespace mlir;
using namespace nibble;

namespace nibble::ukernel {
#define GEN_PASS_DEF_ISOLATEBATCH
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

/// What ONNX's DynamicQuantizeLinear means.
static constexpr llvm::StringLiteral kSpansSamples = "its scale and zero point are those of the whole tensor";

namespace {
/// Which values have samples along dimension 0, and whether every operation keeps them apart.
class BatchAnalysis {
public:
  explicit BatchAnalysis(int64_t batch) : batch(batch) {}

  bool isBatched(Value value) const { return batched.contains(value); }
  void mark(Value value) { batched.insert(value); }

  /// Why the operation mixes samples; empty if it does not.
  std::string visit(Operation *op);

private:
  static int64_t getRank(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }
  static int64_t getDim(Value value, int64_t i) { return cast<RankedTensorType>(value.getType()).getDimSize(i); }
  std::string visitFirstOperandOnly(Operation *op);
  std::string visitBroadcast(Operation *op);
  std::string visitMatMul(Value lhs, Value rhs);
  std::string visitReshape(ReshapeOp op);
  std::string visitMove(Operation *op);
  std::string visitGenerate(GenerateOp op);

  int64_t batch;
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
  int64_t before = 1, after = 1;
  for (int64_t extent : cast<RankedTensorType>(op.getInput().getType()).getShape().drop_front())
    before *= extent;
  for (int64_t extent : cast<RankedTensorType>(op.getType()).getShape().drop_front())
    after *= extent;
  return before == after ? "" : "it moves samples out of dimension 0";
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

std::string BatchAnalysis::visit(Operation *op) {
  if (llvm::none_of(op->getOperands(), [&](Value v) { return isBatched(v); }))
    return "";
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

// The batch of a function: ShapedType::kDynamic, a static extent above 1 that all arguments share, or 1 for none.
static int64_t getBatch(func::FuncOp function) {
  SmallVector<int64_t> extents;
  for (Type type : function.getArgumentTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    extents.push_back(tensor && tensor.getRank() > 0 ? tensor.getDimSize(0) : 1);
  }
  if (llvm::is_contained(extents, ShapedType::kDynamic))
    return ShapedType::kDynamic;
  return !extents.empty() && llvm::all_equal(extents) ? extents.front() : 1;
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
    int64_t batch = getBatch(function);
    if (batch == 1)
      return;
    if (ShapedType::isDynamic(batch) && failed(checkNames(function)))
      return signalPassFailure();
    BatchAnalysis analysis(batch);
    for (BlockArgument argument : function.getArguments())
      if (hasBatch(argument, batch))
        analysis.mark(argument);
    if (failed(check(function, analysis, batch)))
      return;
    rewrite(function, analysis);
    function->setAttr("nibble.batch_loop", UnitAttr::get(&getContext()));
    if (!ShapedType::isDynamic(batch))
      function->setAttr("nibble.batch_size", Builder(&getContext()).getI64IntegerAttr(batch));
  }

  static bool hasBatch(BlockArgument argument, int64_t batch) {
    auto tensor = cast<RankedTensorType>(argument.getType());
    return tensor.getRank() > 0 && tensor.getDimSize(0) == batch;
  }

  static std::string getName(func::FuncOp function, unsigned index) {
    StringRef name = getPortName(function.getArgAttrDict(index));
    return name.empty() ? std::to_string(index) : ("'" + name + "'").str();
  }

  // Batches of different names may differ when the program runs, and there is one loop over samples.
  LogicalResult checkNames(func::FuncOp function) {
    std::optional<std::pair<StringRef, unsigned>> first;
    for (BlockArgument argument : function.getArguments()) {
      if (!hasBatch(argument, ShapedType::kDynamic))
        continue;
      const unsigned index = argument.getArgNumber();
      StringRef name = getDimName(function.getArgAttrDict(index), 0);
      if (!first)
        first = {name, index};
      if (first->first == name)
        continue;
      InFlightDiagnostic error = function.emitError()
                                 << "inputs " << getName(function, first->second) << " and " << getName(function, index)
                                 << " have different batches, '" << first->first << "' and '" << name << "'";
      error.attachNote() << "give dimension 0 of all inputs the same name, or a fixed extent";
      return failure();
    }
    return success();
  }

  // An error only where the batch is dynamic: with a static one the operations work as they are.
  LogicalResult check(func::FuncOp function, BatchAnalysis &analysis, int64_t batch) {
    bool dynamic = ShapedType::isDynamic(batch);
    for (Operation &op : function.front().without_terminator()) {
      std::string reason = analysis.visit(&op);
      if (reason.empty())
        continue;
      if (dynamic) {
        InFlightDiagnostic error = op.emitOpError("mixes the samples of a dynamic batch: ") << reason;
        if (reason == kSpansSamples)
          error.attachNote() << "give dimension 0 of the inputs a fixed extent, in the model; or quantize the float "
                                "model with --mode dynamic, whose scales are those of single rows";
        signalPassFailure();
      }
      return failure();
    }
    for (Value value : function.front().getTerminator()->getOperands())
      if (!analysis.isBatched(value)) {
        if (dynamic) {
          function.emitError("a result does not depend on the samples of the dynamic batch");
          signalPassFailure();
        }
        return failure();
      }
    return success();
  }

  /// A program's body has its inputs as arguments.
  static void rewriteBody(GenerateOp op, const BatchAnalysis &analysis) {
    for (auto [i, input] : llvm::enumerate(op.getInputs()))
      if (analysis.isBatched(input))
        op.getInputArgument(i).setType(withOneSample(input.getType()));
    if (analysis.isBatched(op.getResult()))
      op.removeExtentsAttr();
  }

  void rewrite(func::FuncOp function, const BatchAnalysis &analysis) {
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
