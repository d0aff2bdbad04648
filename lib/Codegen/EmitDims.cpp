// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The dynamic dimensions of a run: their values, and what is wrong with them.

#include "ProgramEmitter.h"

#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Kernels/EmitExtent.h"
#include "nibble/Quantization/Headroom.h"
#include "nibble/Support/Errors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

/// Bytes of the arena, or of an input or output, none of which machines address more of.
static constexpr double kMostBytes = 0x1p47;

Value nibble::loadDim(OpBuilder &b, Location loc, Value dims, unsigned index) {
  Value slot = dims;
  if (index > 0)
    slot = LLVM::GEPOp::create(b, loc, dims.getType(), b.getI64Type(), dims, ArrayRef<LLVM::GEPArg>{int32_t(index)});
  return LLVM::LoadOp::create(b, loc, b.getI64Type(), slot);
}

Value nibble::emitValue(OpBuilder &b, Location loc, const Extent &extent, Value dims) {
  return kernels::emitExtent(b, loc, extent, b.getI64Type(),
                             [&](unsigned index) { return loadDim(b, loc, dims, index); });
}

Value nibble::emitIsFor(OpBuilder &b, Location loc, const Program &specialization, Value dims) {
  Value matches;
  for (auto [index, value] : llvm::enumerate(specialization.fixed))
    if (value > 0) {
      Value expected = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
      Value isEqual = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, loadDim(b, loc, dims, index), expected);
      matches = matches ? Value(arith::AndIOp::create(b, loc, matches, isEqual)) : isEqual;
    }
  return matches ? matches : Value(arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
}

Value nibble::emitArenaBytes(OpBuilder &b, Location loc, const Program &program, Value dims) {
  Value bytes = emitValue(b, loc, program.arenaBytes, dims);
  for (const Program &each : llvm::reverse(program.specializations))
    bytes =
        arith::SelectOp::create(b, loc, emitIsFor(b, loc, each, dims), emitValue(b, loc, each.arenaBytes, dims), bytes);
  return bytes;
}

/// Depths of products that the dimensions give, and the largest whose sums 32 bits hold.
static SmallVector<std::pair<Extent, int64_t>> getDynamicDepths(const Program &program) {
  SmallVector<std::pair<Extent, int64_t>> depths;
  program.function.walk([&](Operation *op) {
    const bool isPacked = isa<ukernel::PackedMatMulOp>(op);
    if (!isPacked && !isa<ukernel::MatMulOp>(op))
      return;
    BufferType lhs = cast<BufferType>(op->getOperand(0).getType());
    const std::pair depth(lhs.getShape().back(), isPacked ? kLargestDepthOfBytes : kLargestDynamicDepth);
    if (lhs.getElementType().isInteger() && !depth.first.isStatic() && !llvm::is_contained(depths, depth))
      depths.push_back(depth);
  });
  return depths;
}

namespace {
/// Gathers what makes a run refuse its dimensions, an i1 each.
class DimChecks {
public:
  DimChecks(OpBuilder &builder, Location loc, const Program &program, Value dims)
      : b(loc, builder), program(program), dims(dims) {}

  /// Null where there is nothing to check.
  Value emit();

private:
  void refuse(Value condition) { refused = refused ? Value(arith::OrIOp::create(b, refused, condition)) : condition; }
  void refuse(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    refuse(arith::CmpIOp::create(b, predicate, lhs, rhs));
  }
  Value constant(int64_t value) { return arith::ConstantIntOp::create(b, b.getI64Type(), value); }
  Value valueOf(const Extent &extent) { return emitValue(b, b.getLoc(), extent, dims); }
  /// A number that `extent` does not exceed, as f64: where integers overflow, it is large.
  Value boundOf(const Extent &extent);
  void checkSizes();
  void checkExtents();

  ImplicitLocOpBuilder b;
  const Program &program;
  Value dims, refused;
};
} // namespace

Value DimChecks::boundOf(const Extent &extent) {
  Type f64 = b.getF64Type();
  const auto number = [&](int64_t value) -> Value {
    // What is taken away is added: the bound need not be close.
    return arith::ConstantFloatOp::create(b, b.getF64Type(), APFloat(std::fabs(double(value))));
  };
  return extent.evaluate<Value>(
      number,
      [&](unsigned index) -> Value { return arith::SIToFPOp::create(b, f64, loadDim(b, b.getLoc(), dims, index)); },
      [&](Extent::Kind kind, Value lhs, Value rhs) -> Value {
        if (kind == Extent::Kind::FloorDiv)
          return arith::DivFOp::create(b, lhs, arith::MaximumFOp::create(b, rhs, number(1)));
        return arith::MaximumFOp::create(b, lhs, rhs);
      },
      [&](Value lhs, Value rhs) -> Value { return arith::AddFOp::create(b, lhs, rhs); },
      [&](Value lhs, Value rhs) -> Value { return arith::MulFOp::create(b, lhs, rhs); });
}

void DimChecks::checkSizes() {
  SmallVector<Extent> sizes = {program.arenaBytes};
  for (TypeRange types : {TypeRange(program.function.getArgumentTypes()), TypeRange(program.function.getResultTypes())})
    for (Type type : types)
      if (const Extent bytes = cast<BufferType>(type).getBytes(); !llvm::is_contained(sizes, bytes))
        sizes.push_back(bytes);
  Value most = arith::ConstantFloatOp::create(b, b.getF64Type(), APFloat(kMostBytes));
  const auto isTooMuch = [&](const Extent &bytes) -> Value {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UGT, boundOf(bytes), most);
  };
  for (const Extent &bytes : sizes)
    if (!bytes.isStatic())
      refuse(isTooMuch(bytes));
  for (const Program &each : program.specializations)
    if (!each.arenaBytes.isStatic())
      refuse(arith::AndIOp::create(b, emitIsFor(b, b.getLoc(), each, dims), isTooMuch(each.arenaBytes)));
}

/// Extents that must not be negative, windows larger than their image, and others that must be equal; and the depths of
/// products, which 32 bits hold the sums of.
void DimChecks::checkExtents() {
  for (const Extent &extent : program.getDoubtfulExtents())
    refuse(arith::CmpIPredicate::slt, valueOf(extent), constant(0));
  if (auto pairs = program.function->getAttrOfType<ArrayAttr>(kRequirementsAttr))
    for (auto pair : pairs.getAsRange<ExtentsAttr>())
      refuse(arith::CmpIPredicate::ne, valueOf(pair.getValue()[0]), valueOf(pair.getValue()[1]));
  for (const auto &[depth, largest] : getDynamicDepths(program))
    refuse(arith::CmpIPredicate::sgt, valueOf(depth), constant(largest));
}

Value DimChecks::emit() {
  const bool isDynamic = program.isDynamic();
  for (unsigned i = 0; i < program.getDimCount(); ++i)
    if (const int64_t bound = program.getBound(i); isDynamic || bound > 0)
      // Negative values are large unsigned ones.
      refuse(arith::CmpIPredicate::ugt, loadDim(b, b.getLoc(), dims, i), constant(bound > 0 ? bound : INT64_MAX));
  checkSizes();
  checkExtents();
  return refused;
}

/// Whether a run refuses values for all dimensions, by what DimChecks asks of them.
static bool isRefused(const Program &program, ArrayRef<int64_t> dims) {
  const auto areUnlike = [&](ExtentsAttr pair) {
    return pair.getValue()[0].evaluate(dims) != pair.getValue()[1].evaluate(dims);
  };
  for (unsigned i = 0; i < program.getDimCount(); ++i)
    if (const int64_t bound = program.getBound(i); bound > 0 && dims[i] > bound)
      return true;
  if (auto pairs = program.function->getAttrOfType<ArrayAttr>(kRequirementsAttr))
    if (llvm::any_of(pairs.getAsRange<ExtentsAttr>(), areUnlike))
      return true;
  return double(program.arenaBytes.evaluate(dims)) > kMostBytes ||
         llvm::any_of(program.getDoubtfulExtents(), [&](const Extent &e) { return e.evaluate(dims) < 0; }) ||
         llvm::any_of(getDynamicDepths(program),
                      [&](const auto &depth) { return depth.first.evaluate(dims) > depth.second; });
}

llvm::Error nibble::checkSpecializations(const Program &program) {
  for (const Program &each : program.specializations)
    if (!llvm::is_contained(each.fixed, 0) && isRefused(program, each.fixed)) {
      std::string text;
      for (auto [name, value] : llvm::zip_equal(each.dims, each.fixed))
        text += (text.empty() ? "" : ", ") + name + "=" + std::to_string(value);
      return makeError("specialize '" + text +
                       "' is of no use: a run of any size refuses these dimensions, as memory or the sums of a "
                       "product get too large; code for them alone (--dim) may not");
    }
  return llvm::Error::success();
}

Value nibble::emitIsRefused(OpBuilder &b, Location loc, const Program &program, Value dims) {
  return DimChecks(b, loc, program, dims).emit();
}
