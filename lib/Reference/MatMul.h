// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sums of a batched matrix product, float or integer.

#ifndef NIBBLE_LIB_REFERENCE_MATMUL_H
#define NIBBLE_LIB_REFERENCE_MATMUL_H

#include "Evaluate.h"
#include "MultiplyAdd.h"

namespace nibble::reference {

/// The accumulators of all results in row-major order, from `start[n]` on, k ascending. `result` is the shapes' product
/// (getMatMulShape).
template <typename Acc, typename T>
std::vector<Acc> multiplyMatrices(llvm::ArrayRef<int64_t> lhsShape, const T *lhs, llvm::ArrayRef<int64_t> rhsShape,
                                  const T *rhs, llvm::ArrayRef<int64_t> result, llvm::ArrayRef<Acc> start) {
  size_t batchRank = result.size() - 2;
  int64_t rows = result[batchRank], columns = result.back(), depth = lhsShape.back();
  auto lhsBatch = getBroadcastStrides(lhsShape.drop_back(2), batchRank);
  auto rhsBatch = getBroadcastStrides(rhsShape.drop_back(2), batchRank);
  std::vector<Acc> sums;
  int64_t count = 1;
  for (int64_t extent : result)
    count *= extent;
  sums.resize(count);
  forEachIndex(result.drop_back(2), lhsBatch, rhsBatch, [&](int64_t i, int64_t a, int64_t b) {
    const T *left = lhs + a * rows * depth, *right = rhs + b * depth * columns;
    for (int64_t m = 0; m < rows; ++m) {
      Acc *acc = sums.data() + (i * rows + m) * columns;
      std::copy_n(start.begin(), columns, acc);
      for (int64_t k = 0; k < depth; ++k)
        multiplyAdd(acc, left[m * depth + k], right + k * columns, columns);
    }
  });
  return sums;
}

/// The product's shape at run time, with one bias per column if there is a bias.
llvm::Expected<llvm::SmallVector<int64_t>> getProductShape(const Tensor &lhs, const Tensor &rhs, const Tensor *bias);

} // namespace nibble::reference

#endif // NIBBLE_LIB_REFERENCE_MATMUL_H
