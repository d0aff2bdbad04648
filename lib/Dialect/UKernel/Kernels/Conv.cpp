// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions and matrix products.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// Where several images lie.
static void setImages(kernels::ConvParams &params, ConvOp op) {
  params.images = op.getType().getDim(0);
  params.inImage = getByteStrides(op.getInput().getType())[0];
  params.outImage = getByteStrides(op.getType())[0];
  if (op.getAddend())
    params.addendImage = getByteStrides(op.getAddend().getType())[0];
}

kernels::ConvParams nibble::ukernel::getConvParams(ConvOp op) {
  BufferType result = op.getType();
  kernels::ConvParams params;
  ukernel::setWindow(params, op);
  params.N = result.getDim(3).getStatic();
  params.H = result.getDim(1);
  params.W = result.getDim(2);
  params.dilationH = op.getDilations()[0];
  params.dilationW = op.getDilations()[1];
  params.groups = op.getGroups();
  params.weightBits = op.getWeightBits();
  params.weightGroup = op.getWeightGroup();
  params.pairedSteps = op.getPairedSteps();
  params.requant = getRequant(op.getFixed());
  params.outputZeroPoint = op.getOutputZeroPoint();
  params.clampMin = op.getClamp()[0];
  params.clampMax = op.getClamp()[1];
  params.multipliersBelowOne = op.getMultipliersBelowOne();
  if (op.getAddend()) {
    ArrayRef<int32_t> integers = op.getResidualIntegers();
    ArrayRef<float> scales = op.getResidualScales();
    params.residual = kernels::Residual{scales[0],
                                        scales[1],
                                        integers[0],
                                        integers[1],
                                        integers[2],
                                        integers[3],
                                        getPitch(op.getAddend().getType()),
                                        op.getAddendFirst()};
  }
  if (result.getDim(0) != 1)
    ::setImages(params, op);
  params.scaled = op.getScaled();
  params.sums = op.getSums();
  params.encoded = op.getSums() && op.getRows();
  if (op.getScaled() && op.getRows() && op.getRows().getType().getNumElements() != 1)
    params.images == 1 ? void(params.rowScalePitch = 4) : void(params.rowScaleImage = 4);
  if (op.getFloatMin())
    params.floatMin = op.getFloatMin()->convertToFloat();
  if (op.getFloatMax())
    params.floatMax = op.getFloatMax()->convertToFloat();
  return params;
}

kernels::KernelParams ConvOp::getKernelParams() { return getConvParams(*this); }

// Whether all elements lie at the same places. What the halos are filled with does not matter.
static bool haveSameLayout(BufferType a, BufferType b) { return a == b.getPlain().withHalo(b.getHalo(), a.getFill()); }

// Not where the windows read it too.
int ConvOp::getInPlaceOperand() {
  auto addend = getAddend();
  if (!addend || !haveSameLayout(addend.getType(), getType()) || getViewed(addend) == getViewed(getInput()))
    return -1;
  return static_cast<int>(getODSOperandIndexAndLength(4).first);
}

void ConvOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  BufferType input = getInput().getType();
  SmallVector<Extent> strides = input.getStrides();
  // The first tap of the first window lies `pads` before the image.
  const Extent first = input.getOrigin() - getPads()[0] * strides[1] - getPads()[1] * strides[2];
  arguments.push_back({getInput(), first * input.getElementBytes()});
  arguments.push_back({getWeights(), 0});
  arguments.push_back({getBias(), 0});
  arguments.push_back({getMultiplier(), 0});
  arguments.push_back(getOrigin(getResult()));
  if (getAddend())
    arguments.push_back(getOrigin(getAddend()));
  if (getRows())
    arguments.push_back({getRows(), 0});
}

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

kernels::KernelParams ConvTransposeOp::getKernelParams() {
  kernels::ConvTransposeParams params;
  setWindow(params, *this);
  setImages(params, *this);
  params.N = getType().getDim(3).getStatic();
  params.dilationH = getDilations()[0];
  params.dilationW = getDilations()[1];
  params.groups = getGroups();
  params.bias = bool(getBias());
  params.requant = getRequant(getFixed());
  params.inputZeroPoint = getInputZeroPoint();
  params.range = {int32_t(getOutputZeroPoint()), getClamp()[0], getClamp()[1]};
  return params;
}

void ConvTransposeOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  addOrigins({getInput(), getWeights(), getResult(), getBias(), getMultiplier()}, arguments);
}

//===----------------------------------------------------------------------===//
// Matrix product
//===----------------------------------------------------------------------===//

// Strides of an operand by the result's leading dimensions, 0 where it broadcasts.
static kernels::Extents getBatchStrides(BufferType operand, BufferType result) {
  kernels::Extents strides = getByteStrides(operand), batch(result.getRank() - 2, 0);
  int64_t missing = result.getRank() - operand.getRank();
  for (int64_t i = missing; i < result.getRank() - 2; ++i)
    if (operand.getDim(i - missing) != 1)
      batch[i] = strides[i - missing];
  return batch;
}

static Extent getRowStride(BufferType type) { return getByteStrides(type)[type.getRank() - 2]; }

kernels::KernelParams MatMulOp::getKernelParams() {
  BufferType lhs = getLhs().getType(), rhs = getRhs().getType(), result = getType();
  kernels::BatchMatMulParams params;
  params.lhs = getKind(lhs);
  params.rhs = getKind(rhs);
  params.output = getKind(result);
  params.M = result.getDim(result.getRank() - 2);
  params.N = result.getShape().back();
  params.K = lhs.getShape().back();
  params.batch = kernels::Extents(result.getShape().begin(), result.getShape().end() - 2);
  params.lhsBatchStrides = getBatchStrides(lhs, result);
  params.rhsBatchStrides = getBatchStrides(rhs, result);
  params.outputBatchStrides = getBatchStrides(result, result);
  params.lhsRow = getRowStride(lhs);
  params.rhsRow = getRowStride(rhs);
  params.outputRow = getRowStride(result);
  params.bias = bool(getBias());
  params.requant = getRequant(getFixed());
  params.sums = result.getElementType().isInteger(32);
  if (!params.sums && getMultiplier())
    params.sharedColumn = getBias().getType().getNumElements() == 1 && params.N != 1;
  params.lhsEncoded = bool(getLhsEncoding());
  params.rhsEncoded = bool(getRhsEncoding());
  params.lhsZeroPoint = getLhsZeroPoint();
  params.rhsZeroPoint = getRhsZeroPoint();
  params.range = {int32_t(getOutputZeroPoint()), getClamp()[0], getClamp()[1]};
  return params;
}

void MatMulOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  addOrigins({getLhs(), getRhs(), getResult()}, arguments);
  if (getType().getElementType().isInteger(32))
    addOrigins({getLhsEncoding(), getRhsEncoding()}, arguments);
  else
    addOrigins({getBias(), getMultiplier()}, arguments);
}

BufferType nibble::ukernel::getPackedType(BufferType input) {
  SmallVector<Extent> shape(input.getShape().drop_back(2));
  shape.push_back(kernels::packedBlocks(input.getShape().back()));
  shape.push_back(kernels::packedBlockBytes(input.getDim(input.getRank() - 2)));
  return BufferType::get(ArrayRef<Extent>(shape), IntegerType::get(input.getContext(), 8));
}

kernels::KernelParams PackColumnsOp::getKernelParams() {
  BufferType input = getInput().getType();
  kernels::PackColumnsParams params;
  params.rows = input.getDim(input.getRank() - 2);
  params.columns = input.getShape().back();
  params.batch = kernels::Extents(input.getShape().begin(), input.getShape().end() - 2);
  params.batchStrides = getByteStrides(input);
  params.batchStrides.resize(input.getRank() - 2);
  params.row = getRowStride(input);
  return params;
}

kernels::KernelParams PackedMatMulOp::getKernelParams() {
  BufferType lhs = getLhs().getType(), result = getType();
  kernels::PackedMatMulParams params;
  params.lhs = getKind(lhs);
  params.M = result.getDim(result.getRank() - 2);
  params.N = result.getShape().back();
  params.K = lhs.getShape().back();
  params.batch = kernels::Extents(result.getShape().begin(), result.getShape().end() - 2);
  params.lhsBatchStrides = getBatchStrides(lhs, result);
  params.rhsBatchStrides = getBatchStrides(getRhs().getType(), result);
  // A scale a row, as if each were a matrix of one column.
  SmallVector<Extent> rows(getRows().getType().getShape());
  rows.push_back(1);
  params.rowsBatchStrides =
      getBatchStrides(BufferType::get(ArrayRef<Extent>(rows), getRows().getType().getElementType()), result);
  params.outputBatchStrides = getBatchStrides(result, result);
  params.lhsRow = getRowStride(lhs);
  params.outputRow = getRowStride(result);
  return params;
}
