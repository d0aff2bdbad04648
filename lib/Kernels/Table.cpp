// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of kernel families.

#include "nibble/Kernels/Table.h"
#include "Microcontroller.h"
#include "Small.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

namespace {

/// A row: the functions of one family.
template <typename Params>
struct Family {
  std::string (*whyNo)(const Params &, const ISA &);
  std::string (*name)(const Params &, const ISA &);
  std::string (*key)(const Params &);
  Extent (*tileCount)(const Params &);
  func::FuncOp (*emit)(OpBuilder &, Location, llvm::StringRef, const Params &, const ISA &);
};

template <typename Params>
Family(std::string (*)(const Params &, const ISA &), std::string (*)(const Params &, const ISA &),
       std::string (*)(const Params &), Extent (*)(const Params &),
       func::FuncOp (*)(OpBuilder &, Location, llvm::StringRef, const Params &, const ISA &)) -> Family<Params>;

} // namespace

// Rows in the order of KernelParams. A new family is an alternative there and a row here.
static const std::tuple table = {
    Family{whyNoConv, convKernelName, convKernelKey, convTileCount, emitConv},
    Family{whyNoConvTranspose, convTransposeKernelName, convTransposeKernelKey, convTransposeTileCount,
           emitConvTranspose},
    Family{whyNoBatchMatMul, batchMatMulKernelName, batchMatMulKernelKey, batchMatMulTileCount, emitBatchMatMul},
    Family{whyNoBinary, binaryKernelName, binaryKernelKey, binaryTileCount, emitBinary},
    Family{whyNoUnary, unaryKernelName, unaryKernelKey, unaryTileCount, emitUnary},
    Family{whyNoPool, poolKernelName, poolKernelKey, poolTileCount, emitPool},
    Family{whyNoSoftmax, softmaxKernelName, softmaxKernelKey, softmaxTileCount, emitSoftmax},
    Family{whyNoReduction, reductionKernelName, reductionKernelKey, reductionTileCount, emitReduction},
    Family{whyNoConvert, convertKernelName, convertKernelKey, convertTileCount, emitConvert},
    Family{whyNoHalo, haloKernelName, haloKernelKey, haloTileCount, emitHalo},
    Family{whyNoCopy, copyKernelName, copyKernelKey, copyTileCount, emitCopy},
    Family{whyNoAssemble, assembleKernelName, assembleKernelKey, assembleTileCount, emitAssemble},
    Family{whyNoGather, gatherKernelName, gatherKernelKey, gatherTileCount, emitGather},
    Family{whyNoRowScale, rowScaleKernelName, rowScaleKernelKey, rowScaleTileCount, emitRowScale},
    Family{whyNoRowQuantize, rowQuantizeKernelName, rowQuantizeKernelKey, rowQuantizeTileCount, emitRowQuantize},
    Family{whyNoIntSoftmax, intSoftmaxKernelName, intSoftmaxKernelKey, intSoftmaxTileCount, emitIntSoftmax},
    Family{whyNoGenerate, generateKernelName, generateKernelKey, generateTileCount, emitGenerate},
    Family{whyNoNorm, normKernelName, normKernelKey, normTileCount, emitNorm},
    Family{whyNoGatherRows, gatherRowsKernelName, gatherRowsKernelKey, gatherRowsTileCount, emitGatherRows},
    Family{whyNoPackColumns, packColumnsKernelName, packColumnsKernelKey, packColumnsTileCount, emitPackColumns},
    Family{whyNoPackedMatMul, packedMatMulKernelName, packedMatMulKernelKey, packedMatMulTileCount, emitPackedMatMul},
};

/// Calls `ask` with the family and the parameters.
template <typename Ask>
static auto visit(const KernelParams &params, Ask ask) {
  return std::visit([&](const auto &p) { return ask(std::get<Family<std::decay_t<decltype(p)>>>(table), p); }, params);
}

std::string nibble::kernels::whyNoKernel(const KernelParams &params, const ISA &isa) {
  if (isa.isBareMetal()) {
    if (std::string why = whyNotInteger(params); !why.empty())
      return why;
    if (!areExtentsKnown(params))
      return "dynamic extents on a microcontroller";
  }
  return visit(params, [&](const auto &family, const auto &p) { return family.whyNo(p, isa); });
}

std::string nibble::kernels::kernelName(const KernelParams &params, const ISA &isa) {
  return visit(params, [&](const auto &family, const auto &p) { return family.name(p, isa); });
}

/// A convolution by shared code, or null.
static const ConvParams *getSmallConv(const KernelParams &params, const ISA &isa) {
  return isa.isBareMetal() ? std::get_if<ConvParams>(&params) : nullptr;
}

std::vector<int32_t> nibble::kernels::kernelTable(const KernelParams &params, const ISA &isa) {
  const ConvParams *conv = getSmallConv(params, isa);
  return conv ? smallConvTable(*conv, isa) : std::vector<int32_t>();
}

std::string nibble::kernels::kernelKey(const KernelParams &params, const ISA &isa) {
  if (const ConvParams *conv = getSmallConv(params, isa))
    return smallConvKey(*conv, isa) + (conv->images == 1 ? "" : " " + convKernelKey(*conv));
  return visit(params, [&](const auto &family, const auto &p) { return family.key(p); });
}

Extent nibble::kernels::kernelTileCount(const KernelParams &params) {
  return visit(params, [&](const auto &family, const auto &p) { return family.tileCount(p); });
}

func::FuncOp nibble::kernels::emitKernel(OpBuilder &builder, Location loc, llvm::StringRef symbol,
                                         const KernelParams &params, const ISA &isa) {
  return visit(params, [&](const auto &family, const auto &p) { return family.emit(builder, loc, symbol, p, isa); });
}
