// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes in mapped files.

#include "nibble/Support/StoredBytes.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

using namespace nibble;

static constexpr size_t kAlignment = 64;
/// What is smaller stays in memory: a mapping takes whole pages, and a process may have some ten thousand.
static constexpr size_t kLeastInFile = 256 << 10;
static constexpr size_t kPiece = 4 << 20;

namespace {
/// The mappings of this process that `releasePages` may act on: of other memory the system would drop the content.
class Mappings {
public:
  static Mappings &get() {
    static Mappings &mappings = *new Mappings; // bytes may go when the process ends
    return mappings;
  }

  void add(const char *begin, size_t size) {
    std::lock_guard<std::mutex> lock(mutex);
    ends[begin] = begin + size;
  }
  void remove(const char *begin) {
    std::lock_guard<std::mutex> lock(mutex);
    ends.erase(begin);
  }
  bool contains(llvm::ArrayRef<char> bytes) {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = ends.upper_bound(bytes.begin());
    return it != ends.begin() && bytes.end() <= std::prev(it)->second;
  }

private:
  std::mutex mutex;
  std::map<const char *, const char *> ends; // by begin
};
} // namespace

/// Maps an open file; nothing where the system cannot.
static StoredBytes mapDescriptor(int file, size_t size) {
  void *begin = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  if (begin == MAP_FAILED)
    return {};
  auto *bytes = static_cast<const char *>(begin);
  Mappings::get().add(bytes, size);
  std::shared_ptr<const void> owner(begin, [bytes, size](void *address) {
    Mappings::get().remove(bytes);
    munmap(address, size);
  });
  return {llvm::ArrayRef<char>(bytes, size), owner};
}

llvm::Expected<StoredBytes> nibble::mapFile(llvm::StringRef path) {
  auto fail = [&](std::error_code code) { return llvm::errorCodeToError(code); };
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return fail(code);
  if (llvm::sys::fs::is_regular_file(status) && status.getSize() > 0) {
    llvm::Expected<llvm::sys::fs::file_t> file = llvm::sys::fs::openNativeFileForRead(path);
    if (!file)
      return file.takeError();
    StoredBytes mapped = mapDescriptor(*file, status.getSize());
    llvm::sys::fs::closeFile(*file);
    if (mapped.owner)
      return mapped;
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(buffer.getError());
  std::shared_ptr<llvm::MemoryBuffer> owner = std::move(*buffer);
  return StoredBytes{llvm::ArrayRef<char>(owner->getBufferStart(), owner->getBufferSize()), owner};
}

/// In a file that no folder names any more; nothing where none can be written.
static StoredBytes storeInFile(size_t size, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  int file;
  llvm::SmallString<128> path;
  if (llvm::sys::fs::createTemporaryFile("nibble", "bytes", file, path))
    return {};
  llvm::sys::fs::remove(path);
  llvm::raw_fd_ostream stream(file, /*shouldClose=*/true);
  write(stream);
  stream.flush();
  const bool isWritten = !stream.has_error() && stream.tell() == size;
  stream.clear_error();
  return isWritten ? mapDescriptor(file, size) : StoredBytes();
}

namespace {
/// Writes into memory.
class MemoryStream : public llvm::raw_ostream {
public:
  explicit MemoryStream(char *begin) : raw_ostream(/*unbuffered=*/true), at(begin), begin(begin) {}

private:
  void write_impl(const char *from, size_t size) override { at = std::copy_n(from, size, at); }
  uint64_t current_pos() const override { return at - begin; }
  char *at, *begin;
};
} // namespace

StoredBytes nibble::storeBytes(size_t size, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  if (size >= kLeastInFile)
    if (StoredBytes stored = storeInFile(size, write); stored.owner)
      return stored;
  auto *begin = static_cast<char *>(llvm::allocate_buffer(std::max<size_t>(size, 1), kAlignment));
  std::shared_ptr<const void> owner(
      begin, [size](void *at) { llvm::deallocate_buffer(at, std::max<size_t>(size, 1), kAlignment); });
  MemoryStream stream(begin);
  write(stream);
  return {llvm::ArrayRef<char>(begin, size), owner};
}

StoredBytes nibble::storeBytes(llvm::ArrayRef<char> bytes) {
  return storeBytes(bytes.size(), [&](llvm::raw_ostream &stream) {
    forEachPiece(bytes, [&](llvm::ArrayRef<char> piece) { stream.write(piece.data(), piece.size()); });
  });
}

void nibble::releasePages(llvm::ArrayRef<char> bytes) {
  if (bytes.empty() || !Mappings::get().contains(bytes))
    return;
  const size_t page = llvm::sys::Process::getPageSizeEstimate();
  const auto begin = llvm::alignDown(reinterpret_cast<uintptr_t>(bytes.data()), page);
  madvise(reinterpret_cast<void *>(begin), reinterpret_cast<uintptr_t>(bytes.end()) - begin, MADV_DONTNEED);
}

void nibble::forEachPiece(llvm::ArrayRef<char> bytes, llvm::function_ref<void(llvm::ArrayRef<char>)> action) {
  while (!bytes.empty()) {
    llvm::ArrayRef<char> piece = bytes.take_front(kPiece);
    action(piece);
    releasePages(piece);
    bytes = bytes.drop_front(piece.size());
  }
}
