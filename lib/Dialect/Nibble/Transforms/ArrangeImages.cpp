// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/Nibble/Layouts.h"
#include "nibble/Dialect/Nibble/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nibble {
#define GEN_PASS_DEF_ARRANGEIMAGES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-arrange-images"

using namespace mlir;
using namespace nibble;

/// Whether `op` transposes an image by `permutation`, if need be as a reshape.
static bool isTranspose(Operation *op, ArrayRef<int64_t> permutation) {
  if (auto transpose = dyn_cast_or_null<TransposeOp>(op))
    return transpose.getPermutation() == permutation;
  auto reshape = dyn_cast_or_null<ReshapeOp>(op);
  if (!reshape)
    return false;
  auto type = cast<RankedTensorType>(reshape.getInput().getType());
  return type.getRank() == 4 && isTransposeReshape(type, permutation) &&
         permuteType(type, permutation) == reshape.getType();
}

static bool isWindowed(Operation *op) {
  return isa_and_nonnull<SpatialOp, IntConvOp, IntConvTransposeOp, IntAvgPoolOp>(op);
}

/// Past operations on elements that images meet at the border, which any order suits.
static bool keepsOrder(Operation *op) {
  return isa_and_nonnull<IntQuantizeOp, IntDequantizeOp, QuantizeOp, DequantizeOp>(op);
}

namespace {

struct ArrangeImages : nibble::impl::ArrangeImagesBase<ArrangeImages> {
  using ArrangeImagesBase::ArrangeImagesBase;
  void runOnOperation() override;
  std::optional<Layout> readLayout(BlockArgument argument);
  std::optional<Layout> readLayout(Value result);
  void turn(func::FuncOp function, unsigned index, BlockArgument argument, Layout to);
  void turn(func::FuncOp function, unsigned index, OpOperand &result, Layout to);
};

} // namespace

std::optional<Layout> ArrangeImages::readLayout(BlockArgument argument) {
  SmallVector<Value> values = {argument};
  while (!values.empty())
    for (OpOperand &use : values.pop_back_val().getUses()) {
      if (isTranspose(use.getOwner(), kToNHWC))
        return Layout::NCHW;
      if (isWindowed(use.getOwner()) && use.getOperandNumber() == 0) {
        auto spatial = dyn_cast<SpatialOp>(use.getOwner());
        return spatial ? spatial.getLayout() : Layout::NHWC;
      }
      if (keepsOrder(use.getOwner()))
        values.push_back(use.getOwner()->getResult(0));
    }
  return std::nullopt;
}

std::optional<Layout> ArrangeImages::readLayout(Value result) {
  while (keepsOrder(result.getDefiningOp()))
    result = result.getDefiningOp()->getOperand(0);
  Operation *producer = result.getDefiningOp();
  if (isTranspose(producer, kToNCHW))
    return Layout::NCHW;
  if (!isWindowed(producer))
    return std::nullopt;
  auto spatial = dyn_cast<SpatialOp>(producer);
  return spatial ? spatial.getLayout() : Layout::NHWC;
}

static ArrayRef<int64_t> getPermutation(Layout to) { return to == Layout::NHWC ? kToNHWC : kToNCHW; }

/// The names of dimensions in another order.
static ArrayAttr permuteNames(ArrayAttr names, ArrayRef<int64_t> permutation) {
  SmallVector<Attribute> result;
  for (int64_t dim : permutation)
    result.push_back(names[dim]);
  return ArrayAttr::get(names.getContext(), result);
}

/// `value`, an image, in another order of dimensions: transposes in a row cancel.
static Value transposeImage(OpBuilder &builder, Value value, ArrayRef<int64_t> permutation) {
  if (isTranspose(value.getDefiningOp(), invertPermutation(permutation)))
    return value.getDefiningOp()->getOperand(0);
  return createTranspose(builder, value.getLoc(), value, permutation);
}

void ArrangeImages::turn(func::FuncOp function, unsigned index, BlockArgument argument, Layout to) {
  ArrayRef<int64_t> there = getPermutation(to);
  SmallVector<int64_t> back = invertPermutation(there);
  OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
  auto type = cast<RankedTensorType>(argument.getType());
  // Quantization moves in front of the transpose that may then go.
  argument.setType(permuteType(type, there));
  auto transpose = TransposeOp::create(builder, argument.getLoc(), type, argument, back);
  argument.replaceAllUsesExcept(transpose.getResult(), transpose);
  SmallVector<Value> values = {transpose.getResult()};
  while (!values.empty()) {
    Value value = values.pop_back_val();
    for (Operation *user : llvm::make_early_inc_range(value.getUsers()))
      if (isTranspose(user, there)) {
        // x -> back -> there is x, in the order that it has now.
        user->getResult(0).replaceAllUsesWith(value.getDefiningOp()->getOperand(0));
        user->erase();
      } else if (keepsOrder(user)) {
        builder.setInsertionPoint(user);
        auto userType = cast<RankedTensorType>(user->getResult(0).getType());
        Operation *early = builder.clone(*user);
        early->setOperand(0, value.getDefiningOp()->getOperand(0));
        early->getResult(0).setType(permuteType(userType, there));
        auto late = TransposeOp::create(builder, user->getLoc(), userType, early->getResult(0), back);
        user->getResult(0).replaceAllUsesWith(late.getResult());
        user->erase();
        values.push_back(late.getResult());
      }
    if (value.use_empty())
      value.getDefiningOp()->erase();
  }
  if (auto names = function.getArgAttrOfType<ArrayAttr>(index, "nibble.dims"))
    function.setArgAttr(index, "nibble.dims", permuteNames(names, there));
  ++arranged;
}

void ArrangeImages::turn(func::FuncOp function, unsigned index, OpOperand &result, Layout to) {
  ArrayRef<int64_t> there = getPermutation(to);
  OpBuilder builder(result.getOwner());
  SmallVector<Operation *> chain;
  Value value = result.get();
  while (keepsOrder(value.getDefiningOp())) {
    chain.push_back(value.getDefiningOp());
    value = chain.back()->getOperand(0);
  }
  Value image = transposeImage(builder, value, there);
  for (Operation *op : llvm::reverse(chain)) {
    Operation *copy = builder.clone(*op);
    copy->setOperand(0, image);
    copy->getResult(0).setType(permuteType(cast<RankedTensorType>(op->getResult(0).getType()), there));
    image = copy->getResult(0);
  }
  Value old = result.get();
  result.set(image);
  for (Operation *op = old.getDefiningOp(); op && op->use_empty();) {
    Operation *producer = op->getNumOperands() ? op->getOperand(0).getDefiningOp() : nullptr;
    op->erase();
    op = producer;
  }
  if (auto names = function.getResultAttrOfType<ArrayAttr>(index, "nibble.dims"))
    function.setResultAttr(index, "nibble.dims", permuteNames(names, there));
  ++arranged;
}

/// Another order of an argument's dimensions may number the dynamic ones otherwise: `extents` follow, from those that
/// had `before` as names.
static void renumberDims(func::FuncOp function, ArrayRef<std::string> before) {
  SmallVector<std::string> after = getDimNames(function);
  if (ArrayRef<std::string>(after) == before)
    return;
  auto renumber = [&](unsigned dim) { return Extent::dim(llvm::find(after, before[dim]) - after.begin()); };
  function.walk([&](Operation *op) {
    if (auto extents = op->getAttrOfType<ExtentsAttr>("extents"))
      op->setAttr("extents",
                  ExtentsAttr::get(op->getContext(), llvm::map_to_vector(extents.getValue(), [&](const Extent &each) {
                                     return each.substitute(renumber);
                                   })));
  });
}

void ArrangeImages::runOnOperation() {
  std::optional<Layout> wanted;
  if (layout != "model") {
    wanted = symbolizeLayout(layout);
    if (!wanted) {
      emitError(getOperation().getLoc()) << "layout is '" << layout << "', expected model, nchw or nhwc";
      return signalPassFailure();
    }
  }
  auto function = getOperation().lookupSymbol<func::FuncOp>("main");
  if (!function || function.isDeclaration())
    return;
  Builder builder(&getContext());
  const ArgumentDims dims(function);
  const bool readsThem =
      function.walk([](Operation *op) { return readsDims(op) ? WalkResult::interrupt() : WalkResult::advance(); })
          .wasInterrupted();
  if (wanted && readsThem)
    nameDims(function, dims);
  for (BlockArgument argument : function.getArguments()) {
    std::optional<Layout> found = readLayout(argument);
    if (!found)
      continue;
    if (wanted && *found != *wanted)
      turn(function, argument.getArgNumber(), argument, *wanted);
    function.setArgAttr(argument.getArgNumber(), "nibble.layout",
                        builder.getStringAttr(stringifyLayout(wanted.value_or(*found))));
  }
  for (OpOperand &result : function.front().getTerminator()->getOpOperands()) {
    std::optional<Layout> found = readLayout(result.get());
    if (!found)
      continue;
    if (wanted && *found != *wanted)
      turn(function, result.getOperandNumber(), result, *wanted);
    function.setResultAttr(result.getOperandNumber(), "nibble.layout",
                           builder.getStringAttr(stringifyLayout(wanted.value_or(*found))));
  }
  function.setType(FunctionType::get(&getContext(), function.front().getArgumentTypes(),
                                     function.front().getTerminator()->getOperandTypes()));
  if (wanted && readsThem)
    renumberDims(function, dims.getNames());
}
