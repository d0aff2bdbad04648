// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The border of a padded image.

#include "Box.h"
#include "nibble/Kernels/Convert.h"
#include "nibble/Kernels/Move.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

std::string nibble::kernels::whyNoHalo(const HaloParams &params, const ISA &isa) {
  if (params.top < 0 || params.left < 0 || params.bottom < 0 || params.right < 0)
    return "a negative border";
  return "";
}

std::string nibble::kernels::haloKernelName(const HaloParams &params, const ISA &isa) {
  return (spelling(params.element) + "_halo_" + isa.name).str();
}

std::string nibble::kernels::haloKernelKey(const HaloParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << "halo " << spelling(params.element) << ' ' << spelling(Extents{params.C, params.H, params.W}) << " by "
     << spelling(Extents{params.top, params.left, params.bottom, params.right}) << " pitch " << params.pitch.row << ','
     << params.pitch.pixel << " images " << spelling(Extents{params.images, params.imagePitch}) << " value "
     << spelling(float(params.value));
  return key;
}

/// Rows of an image with its border.
static Extent rowsOf(const HaloParams &params) { return params.top + params.H + params.bottom; }

Extent nibble::kernels::haloTileCount(const HaloParams &params) { return params.images * rowsOf(params); }

/// `count` pixels from `column` on of the image row at `row`.
static void fillPixels(KernelBuilder &b, const HaloParams &params, Value row, const Extent &column,
                       const Extent &count) {
  const int64_t bytes = bytesOf(params.element);
  Box box{{count, params.C}, {{bytes, {params.pitch.pixel, bytes}}}};
  emitFillBox(b, mergeDimensions(box), b.at(row, column * params.pitch.pixel),
              storedValue(b, params.element, params.value));
}

/// What of image row `y` belongs to the border; rows above and below the image do altogether.
static void fillRow(KernelBuilder &b, const HaloParams &params, Value image, Value y) {
  Value row = b.at(image, b.mul(y, b.constant(params.pitch.row)));
  auto all = [&] { fillPixels(b, params, row, -params.left, params.left + params.W + params.right); };
  auto sides = [&] {
    fillPixels(b, params, row, -params.left, params.left);
    fillPixels(b, params, row, params.W, params.right);
  };
  if (params.top + params.bottom == 0)
    return sides();
  // Negative rows are large unsigned ones.
  Value inside = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, y, b.constant(params.H));
  auto branch = scf::IfOp::create(b, inside, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  sides();
  b.setInsertionPointToStart(branch.elseBlock());
  all();
}

/// The border's pieces round all images, for a GPU.
static AssembleParams borderOf(const HaloParams &params) {
  AssembleParams border;
  border.elementBytes = bytesOf(params.element);
  border.fill = params.element == ElementKind::F32 ? llvm::bit_cast<uint32_t>(float(params.value)) : params.value;
  const Extent width = params.left + params.W + params.right;
  border.pieces = borderPieces({params.images, rowsOf(params), width, params.C},
                               {params.imagePitch, params.pitch.row, params.pitch.pixel, border.elementBytes},
                               {0, params.top, params.left, 0}, {params.images, params.H, params.W, params.C});
  for (Piece &piece : border.pieces)
    piece.outputOffset -= params.top * params.pitch.row + params.left * params.pitch.pixel;
  return border;
}

func::FuncOp nibble::kernels::emitHalo(OpBuilder &builder, Location loc, StringRef symbol, const HaloParams &params,
                                       const ISA &isa) {
  assert(whyNoHalo(params, isa).empty());
  if (isa.isGPU())
    return emitAssemble(builder, loc, symbol, borderOf(params), isa);
  return defineKernel(builder, loc, symbol, isa, haloTileCount(params),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        Value first = b.argument(args, 0);
                        forEachImageRow(b, begin, end, params.images, rowsOf(params), [&](Value image, Value row) {
                          Value y = b.create<arith::SubIOp>(row, b.constant(params.top));
                          fillRow(b, params, b.at(first, b.mul(image, b.constant(params.imagePitch))), y);
                        });
                      });
}
