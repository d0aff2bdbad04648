// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dense tensor in host memory, as the reference interpreter computes it.

#ifndef NIBBLE_REFERENCE_TENSOR_H
#define NIBBLE_REFERENCE_TENSOR_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/Error.h"

#include <cstring>
#include <vector>

namespace nibble::reference {

/// Row-major elements. Of a quantized element type, `data` holds the stored integers.
struct Tensor {
  llvm::SmallVector<int64_t> shape;
  mlir::Type elementType;
  std::vector<char> data;

  /// Zeros; an error if the elements are not whole bytes or too many for memory.
  static llvm::Expected<Tensor> allocate(llvm::ArrayRef<int64_t> shape, mlir::Type elementType);

  int64_t getCount() const {
    int64_t count = 1;
    for (int64_t extent : shape)
      count *= extent;
    return count;
  }
  template <typename T>
  T *as() {
    return reinterpret_cast<T *>(data.data());
  }
  template <typename T>
  const T *as() const {
    return reinterpret_cast<const T *>(data.data());
  }

  /// The integers of a plain or quantized tensor (up to 32 bits).
  std::vector<int32_t> loadIntegers() const;
  /// The reverse: `values` are within range.
  void storeIntegers(llvm::ArrayRef<int32_t> values);
};

/// Elements between neighbours along each dimension of a row-major tensor.
llvm::SmallVector<int64_t> getStrides(llvm::ArrayRef<int64_t> shape);

} // namespace nibble::reference

#endif // NIBBLE_REFERENCE_TENSOR_H
