// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A convolution to be, or a matrix product that is one.

#ifndef NIBBLE_CONVERSION_NIBBLETOUKERNEL_CONVPLAN_H
#define NIBBLE_CONVERSION_NIBBLETOUKERNEL_CONVPLAN_H

#include "nibble/Dialect/UKernel/UKernel.h"

namespace nibble::ukernel {
/// Operands, attributes and packed weights.
struct ConvPlan {
  mlir::Value input, addend, rows;
  llvm::SmallVector<int64_t> kernel = {1, 1}, strides = {1, 1}, dilations = {1, 1}, pads = {0, 0, 0, 0};
  int64_t groups = 1, weightBits = 8, weightGroup = 0;
  int32_t outputZeroPoint = 0;
  llvm::SmallVector<int32_t> clamp = {0, 255}, residualIntegers;
  llvm::SmallVector<float> residualScales;
  bool pairedSteps = false, fixed = false, belowOne = false, scaled = false, sums = false, addendFirst = false;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  BufferType result;
  mlir::Value weights, bias, multiplier;
};
} // namespace nibble::ukernel

#endif // NIBBLE_CONVERSION_NIBBLETOUKERNEL_CONVPLAN_H
