// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constants of a program in one block of bytes.

#include "ProgramEmitter.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace nibble;

static constexpr int64_t kAlignment = 64;

static std::vector<char> getRawBytes(ElementsAttr value) {
  ArrayRef<char> raw;
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    raw = dense.getRawData();
  else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      raw = blob->getData();
  int64_t size = value.getNumElements() * value.getShapedType().getElementTypeBitWidth() / 8;
  // A splat holds one element.
  std::vector<char> bytes(raw.begin(), raw.end());
  while (!bytes.empty() && int64_t(bytes.size()) < size)
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  return bytes;
}

WeightBlob::WeightBlob(func::FuncOp program) {
  llvm::StringMap<int64_t> known;
  for (auto op : program.front().getOps<ukernel::ConstantOp>()) {
    std::vector<char> data = getRawBytes(op.getValue());
    auto digest = llvm::SHA256::hash(ArrayRef(reinterpret_cast<const uint8_t *>(data.data()), data.size()));
    StringRef key(reinterpret_cast<const char *>(digest.data()), digest.size());
    auto [it, added] = known.try_emplace(key, int64_t(bytes.size()));
    if (added) {
      bytes.insert(bytes.end(), data.begin(), data.end());
      bytes.resize(llvm::alignTo(bytes.size(), kAlignment));
    }
    offsets[op] = it->second;
  }
  // Kernels may read behind the last constant.
  bytes.resize(bytes.size() + kAlignment);
}
