// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eigen, as all of this folder use it.

#ifndef NIBBLE_LIB_QUANTIZATION_MATRIX_H
#define NIBBLE_LIB_QUANTIZATION_MATRIX_H

// One thread, and no choice by the machine's caches: sums are added up in the same order on every host.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Cholesky>
#include <Eigen/Core>

namespace nibble {

template <typename T>
using ColumnMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
template <typename T>
using RowMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// To be made before Eigen multiplies: its blocks are of one size, whatever the machine's caches are.
struct FixedBlocks {
  FixedBlocks() { Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 2 << 20); }
};

} // namespace nibble

#endif // NIBBLE_LIB_QUANTIZATION_MATRIX_H
