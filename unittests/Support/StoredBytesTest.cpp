// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/StoredBytes.h"
#include "nibble/Support/ElementData.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace nibble;

namespace {

std::vector<char> count(size_t size) {
  std::vector<char> bytes(size);
  for (size_t i = 0; i < size; ++i)
    bytes[i] = char(i * 7 + i / 251);
  return bytes;
}

TEST(StoredBytes, KeepsAnySize) {
  for (size_t size : {0, 1, 63, 4096, 300000, 9000001}) {
    const std::vector<char> bytes = count(size);
    StoredBytes stored = storeBytes(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(stored.data.data()) % 64, 0u);
    releasePages(stored.data);
    releasePages(stored.data.drop_front(size / 3));
    EXPECT_EQ(stored.data, ArrayRef(bytes)) << size;
    StoredBytes again = storeBytes(stored.data);
    stored = {};
    EXPECT_EQ(again.data, ArrayRef(bytes)) << size;
  }
}

TEST(StoredBytes, OtherMemoryIsNotReleased) {
  const std::vector<char> bytes = count(1 << 20), same = bytes;
  releasePages(bytes);
  EXPECT_EQ(bytes, same);
}

/// Bytes that this process holds of memory and mapped files together.
size_t getResident() {
  auto file = llvm::MemoryBuffer::getFileAsStream("/proc/self/statm");
  SmallVector<StringRef> fields;
  (*file)->getBuffer().split(fields, ' ');
  size_t pages = 0;
  fields[1].getAsInteger(10, pages);
  return pages * 4096;
}

TEST(StoredBytes, PiecesTakeNoMoreMemoryThanOne) {
  const size_t size = 64 << 20;
  StoredBytes stored = storeBytes(size, [&](llvm::raw_ostream &stream) {
    for (size_t done = 0; done < size; done += 1 << 20)
      stream.write_zeros(1 << 20);
  });
  const size_t before = getResident();
  size_t most = 0, sum = 0;
  forEachPiece(stored.data, [&](ArrayRef<char> piece) {
    for (char byte : piece)
      sum += byte + 1;
    most = std::max(most, getResident());
  });
  EXPECT_EQ(sum, size);
  EXPECT_LT(most, before + (16 << 20));
}

TEST(StoredBytes, MapsFiles) {
  SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("nibble-test", "bytes", path));
  llvm::FileRemover remover(path);
  auto empty = mapFile(path);
  ASSERT_TRUE(bool(empty)) << llvm::toString(empty.takeError());
  EXPECT_EQ(empty->size(), 0u);
  std::error_code code;
  llvm::raw_fd_ostream(path, code) << "seven";
  auto mapped = mapFile(path);
  ASSERT_TRUE(bool(mapped)) << llvm::toString(mapped.takeError());
  EXPECT_EQ(mapped->text(), "seven");
  auto missing = mapFile("/nonexistent/file");
  ASSERT_FALSE(bool(missing));
  EXPECT_EQ(llvm::toString(missing.takeError()), "No such file or directory");
}

TEST(ResourceScope, TakesBytesThatWereAdded) {
  MLIRContext context;
  Builder b(&context);
  const std::vector<char> bytes = count(4096);
  auto type = RankedTensorType::get({4096}, b.getI8Type());
  ElementsAttr kept = makeElements(type, bytes, "w"), gone;
  {
    ResourceScope scope(context);
    gone = makeElements(type, bytes, "w");
    EXPECT_TRUE(getElementData(gone));
  }
  EXPECT_EQ(getElementData(kept)->bytes, ArrayRef(bytes));
  EXPECT_FALSE(getElementData(gone));
}

} // namespace
