// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constants of a program in one block of bytes.

#include "ProgramEmitter.h"

#include "nibble/Support/ElementData.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace nibble;

static constexpr int64_t kAlignment = 64;

WeightBlob::WeightBlob(func::FuncOp program) {
  llvm::StringMap<int64_t> known;
  for (auto op : program.front().getOps<ukernel::ConstantOp>()) {
    std::vector<char> data = copyElementData(op.getValue()).value_or(std::vector<char>());
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
