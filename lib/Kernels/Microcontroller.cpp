// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Microcontrollers: no floating point; convolutions are small kernels (Small.h), the rest plain code.

#include "Microcontroller.h"
#include "Instructions.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

namespace {
/// What only convolutions with large register files, and floats, ask for.
class Microcontroller : public Instructions {
public:
  Value roundToInt(KernelBuilder &, Value) const override { llvm_unreachable("an integer target rounds no floats"); }
  Value pack(KernelBuilder &, Value, Value, bool) const override { llvm_unreachable("small kernels store bytes"); }
  bool hasLookup(const ISA &) const override { return false; }
  Value lookup(KernelBuilder &, ArrayRef<Value>, Value) const override { llvm_unreachable("it has no such tables"); }
};
} // namespace

const Instructions &nibble::kernels::microcontrollerInstructions() {
  static const Microcontroller instructions;
  return instructions;
}

static bool isFloat(std::initializer_list<ElementKind> kinds) { return llvm::is_contained(kinds, ElementKind::F32); }

// Whether the kernels of each family compute in floating point. Those that only move values have no kinds to ask for.
static bool computesFloat(const ConvParams &p) { return isFloat({p.input, p.output}) || p.scaled; }
static bool computesFloat(const ConvTransposeParams &p) { return isFloat({p.input, p.output}); }
static bool computesFloat(const BatchMatMulParams &p) { return isFloat({p.lhs, p.rhs, p.output}); }
static bool computesFloat(const BinaryParams &p) { return isFloat({p.lhs, p.rhs, p.output}); }
static bool computesFloat(const UnaryParams &p) { return isFloat({p.input, p.output}); }
static bool computesFloat(const PoolParams &p) { return isFloat({p.input, p.output}); }
static bool computesFloat(const ConvertParams &p) { return isFloat({p.input, p.output}) && p.input != p.output; }
static bool computesFloat(const SoftmaxParams &) { return true; }
static bool computesFloat(const NormParams &) { return true; }
static bool computesFloat(const IntSoftmaxParams &) { return false; }
static bool computesFloat(const ReductionParams &) { return true; }
static bool computesFloat(const RowScaleParams &) { return true; }
static bool computesFloat(const RowQuantizeParams &) { return true; }
static bool computesFloat(const HaloParams &) { return false; }
static bool computesFloat(const CopyParams &) { return false; }
static bool computesFloat(const AssembleParams &) { return false; }
static bool computesFloat(const GatherParams &) { return false; }
static bool computesFloat(const GenerateParams &p) { return generatesFloat(p); }
static bool computesFloat(const GatherRowsParams &p) { return p.scaled; }
static bool computesFloat(const PackColumnsParams &) { return true; }
static bool computesFloat(const PackedMatMulParams &) { return true; }

// Requantizations by a float multiplier.
static bool requantizesFloat(const ConvParams &p) { return p.requant == Requant::Float; }
static bool requantizesFloat(const ConvTransposeParams &p) { return p.requant == Requant::Float; }
static bool requantizesFloat(const BatchMatMulParams &p) { return p.requant == Requant::Float; }
static bool requantizesFloat(const BinaryParams &p) { return p.requant == Requant::Float; }
static bool requantizesFloat(const PoolParams &p) { return p.kind == PoolKind::Average && p.requant == Requant::Float; }
static bool requantizesFloat(const UnaryParams &p) {
  return p.kind == UnaryKind::Requantize && p.requant == Requant::Float;
}
template <typename Params>
static bool requantizesFloat(const Params &) {
  return false;
}

// What of a kernel is an extent or a stride.
static bool isKnown(const Extent &extent) { return extent.isStatic(); }
static bool isKnown(const Extents &extents) { return areStatic(extents); }
static bool isKnown(const ImagePitch &pitch) { return pitch.row.isStatic(); }
template <typename... Parts>
static bool areKnown(const Parts &...parts) {
  return (isKnown(parts) && ...);
}

static bool hasKnownExtents(const ConvParams &p) {
  return areKnown(p.H, p.W, p.in, p.out, p.residual ? p.residual->addend : ImagePitch());
}
static bool hasKnownExtents(const ConvTransposeParams &p) {
  return areKnown(p.images, p.H, p.W, p.outputH, p.outputW, p.in, p.out, p.inImage, p.outImage);
}
static bool hasKnownExtents(const BatchMatMulParams &p) {
  return areKnown(p.M, p.K, p.N, p.batch, p.lhsBatchStrides, p.rhsBatchStrides, p.outputBatchStrides, p.lhsRow,
                  p.rhsRow, p.outputRow);
}
static bool hasKnownExtents(const BinaryParams &p) {
  return areKnown(p.shape, p.lhsStrides, p.rhsStrides, p.outputStrides);
}
static bool hasKnownExtents(const UnaryParams &p) { return areKnown(p.shape, p.inputStrides, p.outputStrides); }
static bool hasKnownExtents(const PoolParams &p) {
  return areKnown(p.images, p.H, p.W, p.outputH, p.outputW, p.in, p.out, p.inImage, p.outImage);
}
static bool hasKnownExtents(const SoftmaxParams &p) {
  return areKnown(p.shape, p.inputStrides, p.outputStrides, p.maskStrides);
}
static bool hasKnownExtents(const ReductionParams &p) { return areKnown(p.shape, p.inputStrides, p.outputStrides); }
static bool hasKnownExtents(const ConvertParams &p) { return areKnown(p.H, p.W, p.pixels); }
static bool hasKnownExtents(const HaloParams &p) { return areKnown(p.images, p.H, p.W, p.pitch, p.imagePitch); }
static bool hasKnownExtents(const CopyParams &p) { return areKnown(p.shape, p.inputStrides, p.outputStrides); }
static bool hasKnownExtents(const AssembleParams &p) {
  return llvm::all_of(p.pieces, [](const Piece &piece) {
    return areKnown(piece.shape, piece.inputStrides, piece.outputStrides, piece.outputOffset);
  });
}
static bool hasKnownExtents(const GatherParams &p) { return areKnown(p.shape, p.inputStrides, p.outputStrides); }
static bool hasKnownExtents(const RowsParams &p) {
  return areKnown(p.rows, p.lines, p.length, p.rowPitch, p.linePitch);
}
static bool hasKnownExtents(const IntSoftmaxParams &p) { return areKnown(p.shape, p.inputStrides, p.outputStrides); }
static bool hasKnownExtents(const GenerateParams &p) {
  return areKnown(p.shape, p.outputStrides) &&
         llvm::all_of(p.inputs, [](const GenerateInput &input) { return areKnown(input.shape, input.strides); });
}
static bool hasKnownExtents(const NormParams &p) { return areKnown(p.rows, p.length, p.inputStrides, p.outputStrides); }
static bool hasKnownExtents(const GatherRowsParams &p) { return areKnown(p.rows, p.indices); }
static bool hasKnownExtents(const PackColumnsParams &p) {
  return areKnown(p.rows, p.columns, p.batch, p.batchStrides, p.row);
}
static bool hasKnownExtents(const PackedMatMulParams &p) {
  return areKnown(p.M, p.K, p.N, p.batch, p.lhsBatchStrides, p.rhsBatchStrides, p.rowsBatchStrides,
                  p.outputBatchStrides, p.lhsRow, p.outputRow);
}

bool nibble::kernels::areExtentsKnown(const KernelParams &params) {
  return std::visit([](const auto &p) { return hasKnownExtents(p); }, params);
}

std::string nibble::kernels::whyNotInteger(const KernelParams &params) {
  return std::visit(
      [](const auto &p) -> std::string {
        if (computesFloat(p))
          return "it computes in floating point, which the target has no instructions for";
        if (requantizesFloat(p))
          return "it requantizes in floating point, which the target has no instructions for: compile with "
                 "--requant fixed";
        return "";
      },
      params);
}
