// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The border of a padded image.

#include "Box.h"
#include "nibble/Kernels/Convert.h"

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
     << params.pitch.pixel << " value " << spelling(float(params.value));
  return key;
}

int64_t nibble::kernels::haloTileCount(const HaloParams &params) { return params.top + params.H + params.bottom; }

/// `count` pixels from `column` on of the image row at `row`.
static void fillPixels(KernelBuilder &b, const HaloParams &params, Value row, int64_t column, int64_t count) {
  const int64_t bytes = bytesOf(params.element);
  Box box{{count, params.C}, {{bytes, {params.pitch.pixel, bytes}}}};
  emitFillBox(b, mergeDimensions(box), b.at(row, column * params.pitch.pixel),
              storedValue(b, params.element, params.value));
}

func::FuncOp nibble::kernels::emitHalo(OpBuilder &builder, Location loc, StringRef symbol, const HaloParams &params,
                                       const ISA &isa) {
  assert(whyNoHalo(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    Value image = b.argument(args, 0);
    const int64_t inside = params.top, below = params.top + params.H;
    auto rows = [&](int64_t first, int64_t last, llvm::function_ref<void(Value row)> body) {
      if (first == last)
        return;
      Value from = b.create<arith::MaxSIOp>(begin, b.constant(first));
      Value to = b.create<arith::MinSIOp>(end, b.constant(last));
      b.loop(from, to, [&](Value tile) {
        Value y = b.create<arith::SubIOp>(tile, b.constant(params.top));
        body(b.at(image, b.mul(y, b.constant(params.pitch.row))));
      });
    };
    auto fillRow = [&](Value row) { fillPixels(b, params, row, -params.left, params.left + params.W + params.right); };
    rows(0, inside, fillRow);
    rows(inside, below, [&](Value row) {
      fillPixels(b, params, row, -params.left, params.left);
      fillPixels(b, params, row, params.W, params.right);
    });
    rows(below, below + params.bottom, fillRow);
  });
}
