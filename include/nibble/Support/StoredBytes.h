// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many bytes that are read seldom: they lie in files and take memory only while they are read.

#ifndef NIBBLE_SUPPORT_STOREDBYTES_H
#define NIBBLE_SUPPORT_STOREDBYTES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace nibble {

/// Read-only bytes, and what keeps them: memory or a mapped file.
struct StoredBytes {
  llvm::ArrayRef<char> data;
  std::shared_ptr<const void> owner;

  size_t size() const { return data.size(); }
  llvm::StringRef text() const { return {data.data(), data.size()}; }
};

/// The content of a file.
llvm::Expected<StoredBytes> mapFile(llvm::StringRef path);

/// A copy of `bytes`, aligned to 64 bytes: many in a temporary file that goes with the last owner, or, where none can
/// be written, in memory.
StoredBytes storeBytes(llvm::ArrayRef<char> bytes);

/// The `size` bytes that `write` writes, likewise. `write` may be called twice.
StoredBytes storeBytes(size_t size, llvm::function_ref<void(llvm::raw_ostream &)> write);

/// Gives the memory back that reading `bytes` took, if they lie in a mapped file: they can still be read.
void releasePages(llvm::ArrayRef<char> bytes);

/// Calls `action` on one piece after another, and gives the memory of each back.
void forEachPiece(llvm::ArrayRef<char> bytes, llvm::function_ref<void(llvm::ArrayRef<char>)> action);

} // namespace nibble

#endif // NIBBLE_SUPPORT_STOREDBYTES_H
