// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of constant tensors, whatever attribute holds them.

#ifndef NIBBLE_SUPPORT_ELEMENTDATA_H
#define NIBBLE_SUPPORT_ELEMENTDATA_H

#include "nibble/Support/StoredBytes.h"

#include "mlir/IR/BuiltinAttributes.h"

#include "llvm/ADT/StringSet.h"

#include <memory>
#include <optional>
#include <vector>

namespace nibble {

/// Whether tensors of such elements can be computed and held in memory, quantized ones aside: integers of 1, 2, 4, 8,
/// 16, 32 and 64 bits, and the floats of 4 (`f4E2M1FN`), 8, 16, 32 and 64 bits that ONNX has.
bool isMemoryElement(mlir::Type type);

/// An integer type without its sign; any other type as it is.
mlir::Type getSignless(mlir::Type type);

/// Bytes of one element; nullopt if it is no number. Elements of fewer than 8 bits take a byte each: its low bits, the
/// others being zero. Quantized types count as their storage.
std::optional<int64_t> getElementBytes(mlir::Type elementType);

/// How memory holds `value`, rounded if `type` is a float; nullopt if an integer type does not hold it.
std::optional<uint64_t> getElementBits(mlir::Type type, double value);

/// The bytes of all elements in row-major order; of a splat, those of its one element.
struct ElementData {
  llvm::ArrayRef<char> bytes;
  bool splat;
  /// What keeps bytes that the attribute does not hold: of i1 it packs eight elements into one.
  std::shared_ptr<const std::vector<char>> unpacked = nullptr;
};

/// The data of dense elements or of a dense resource. nullopt if `attr` is neither, if the resource's data is missing
/// or elided, or if its size is not that of the type.
std::optional<ElementData> getElementData(mlir::ElementsAttr attr);

/// The name of a resource whose bytes are not there, as printing with elided weights leaves it; else empty.
llvm::StringRef getMissingResource(mlir::ElementsAttr attr);

/// All elements of a constant's bytes, splats spelled out; what reading them took of memory is given back.
std::optional<std::vector<char>> copyElementData(mlir::ElementsAttr attr);
/// The same as numbers, of which one takes as many bytes as an element.
template <typename T>
std::optional<std::vector<T>> copyElements(mlir::ElementsAttr attr);

/// Elements of `elementBytes` bytes of a tensor of shape `shape`; dimension i of the result is dimension
/// `permutation[i]`.
std::vector<char> transposeBytes(llvm::ArrayRef<char> bytes, int64_t elementBytes, llvm::ArrayRef<int64_t> shape,
                                 llvm::ArrayRef<int64_t> permutation);

/// The same elements under another shape; a resource shares its bytes. Null if `value` is neither dense nor a resource.
mlir::ElementsAttr reshapeElements(mlir::ElementsAttr value, llvm::ArrayRef<int64_t> shape);

/// The constant of these bytes: dense elements up to 1 KB, else a dense resource called like `name`.
mlir::ElementsAttr makeElements(mlir::ShapedType type, llvm::ArrayRef<char> bytes, llvm::StringRef name);

/// A dense resource of bytes where they lie, called like `name`.
mlir::ElementsAttr makeResource(mlir::ShapedType type, const StoredBytes &bytes, size_t align, llvm::StringRef name);

/// Takes the bytes away that resources got while it lived: an attribute stays until the context goes, and what was made
/// of a graph that is gone would stay with it.
class ResourceScope {
public:
  explicit ResourceScope(mlir::MLIRContext &context);
  ResourceScope(const ResourceScope &) = delete;
  ResourceScope &operator=(const ResourceScope &) = delete;
  ~ResourceScope();

private:
  mlir::MLIRContext &context;
  llvm::StringSet<> known; // resources from before
};

} // namespace nibble

#endif // NIBBLE_SUPPORT_ELEMENTDATA_H
