// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that run a scalar program for each element of their result.

#ifndef NIBBLE_KERNELS_GENERATE_H
#define NIBBLE_KERNELS_GENERATE_H

#include "nibble/Kernels/Elementwise.h"

#include "mlir/IR/Region.h"

namespace nibble {
namespace kernels {

/// What a program reads. Its shape is that of the body's argument.
struct GenerateInput {
  mlir::Type element;
  Extents shape;
  Extents strides; ///< bytes
};

/// `nibble.generate`. `body` is its region, or the same with other values round it; it belongs to somebody else.
struct GenerateParams {
  mlir::Region *body = nullptr;
  std::vector<GenerateInput> inputs;
  mlir::Type element; ///< of the result
  Extents shape;
  Extents outputStrides; ///< bytes
};

std::string whyNoGenerate(const GenerateParams &params, const ISA &isa);
std::string generateKernelName(const GenerateParams &params, const ISA &isa);
std::string generateKernelKey(const GenerateParams &params);
Extent generateTileCount(const GenerateParams &params);

/// Whether the program computes in floating point.
bool generatesFloat(const GenerateParams &params);

/// args: the inputs' elements 0, then the output's.
mlir::func::FuncOp emitGenerate(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                const GenerateParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_GENERATE_H
