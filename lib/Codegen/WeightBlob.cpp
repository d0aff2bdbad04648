// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constants of a program in one block of bytes.

#include "ProgramEmitter.h"

#include "nibble/Support/ElementData.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace nibble;

static constexpr int64_t kAlignment = 64;

/// Splats are spelled out.
static void forEachPieceOf(ElementsAttr value, function_ref<void(ArrayRef<char>)> action) {
  std::optional<ElementData> data = getElementData(value);
  if (data && !data->splat)
    return nibble::forEachPiece(data->bytes, action);
  if (std::optional<std::vector<char>> bytes = copyElementData(value))
    action(*bytes);
}

/// Of the content.
static std::pair<std::string, int64_t> hashContent(ElementsAttr value) {
  llvm::BLAKE3 hash;
  int64_t size = 0;
  forEachPieceOf(value, [&](ArrayRef<char> piece) {
    hash.update(ArrayRef(reinterpret_cast<const uint8_t *>(piece.data()), piece.size()));
    size += piece.size();
  });
  auto digest = hash.final();
  return {std::string(digest.begin(), digest.end()), size};
}

WeightBlob::WeightBlob(ArrayRef<func::FuncOp> programs) {
  llvm::StringMap<int64_t> known;
  for (func::FuncOp program : programs) {
    const int64_t before = size;
    program.walk([&](ukernel::ConstantOp op) {
      const auto [digest, bytes] = hashContent(op.getValue());
      auto [it, isNew] = known.try_emplace(digest, size);
      if (isNew) {
        constants.push_back(op.getValue());
        size = llvm::alignTo(size + bytes, kAlignment);
      }
      offsets[op] = it->second;
    });
    added.push_back(size - before);
  }
  // Kernels may read behind the last constant.
  size += kAlignment;
}

StoredBytes WeightBlob::store() const {
  return storeBytes(size, [&](llvm::raw_ostream &stream) {
    const uint64_t begin = stream.tell();
    for (ElementsAttr value : constants) {
      forEachPieceOf(value, [&](ArrayRef<char> piece) { stream.write(piece.data(), piece.size()); });
      stream.write_zeros(llvm::offsetToAlignment(stream.tell() - begin, llvm::Align(kAlignment)));
    }
    stream.write_zeros(kAlignment);
  });
}
