// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From float products to products with i8 weights.

#ifndef NIBBLE_DIALECT_NIBBLE_SCALEDPRODUCTS_H
#define NIBBLE_DIALECT_NIBBLE_SCALEDPRODUCTS_H

#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Quantization/Weights.h"

namespace nibble {

/// Says what was found in the weights of `op`; true if they can be used.
bool reportFindings(mlir::Operation *op, llvm::ArrayRef<WeightFinding> findings);

/// Why `op` has no form with i8 weights and a float result; empty if it has one.
std::string whyNotScaled(mlir::Operation *op);

/// Whether `op` is a matrix product whose right-hand side is no constant.
bool isProductOfValues(mlir::Operation *op);

/// Why `op` has no form in bytes with ranges found at run time, or better stays in f32; empty if neither.
std::string whyNotDynamic(mlir::Operation *op);

/// Weights of a product in i8, and the scale of each output channel, as constants.
struct ScaledWeights {
  mlir::Value values, scales;
};

/// Quantizes the weights of a product that `whyNotScaled` has nothing against; null values where they are not finite,
/// which is diagnosed.
ScaledWeights createScaledWeights(mlir::OpBuilder &builder, const Product &product, bool perTensor);

/// Puts a scaled product in the place of a float one. `input` is f32, or bytes with the scales of `rows`.
void replaceByScaled(mlir::OpBuilder &builder, const Product &product, mlir::Value input, mlir::Value rows,
                     ScaledWeights weights);

} // namespace nibble

#endif // NIBBLE_DIALECT_NIBBLE_SCALEDPRODUCTS_H
