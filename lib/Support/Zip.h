// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of the zip format that .npz files use: stored and deflated entries,
// ZIP64.

#ifndef NIBBLE_LIB_SUPPORT_ZIP_H
#define NIBBLE_LIB_SUPPORT_ZIP_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nibble::zip {

enum class Method : uint16_t { Stored = 0, Deflated = 8 };

struct Entry {
  std::string name;
  Method method;
  std::optional<uint32_t> crc;
  uint64_t size; // of the content, which `data` may hold compressed
  llvm::StringRef data;
};

/// Lists the entries of an archive held in `file`; every `data` lies inside it.
llvm::Expected<std::vector<Entry>> readDirectory(llvm::StringRef file);

/// Reads the content of an entry from its start, piece by piece; the checksum
/// is verified at its end.
class Stream {
public:
  explicit Stream(const Entry &entry);
  ~Stream();
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  /// Fills `buffer`; fails if the content ends before.
  llvm::Error read(char *buffer, uint64_t count);
  /// Bytes left.
  uint64_t remaining() const { return entry.size - position; }

private:
  llvm::Error inflateInto(char *buffer, uint64_t count);

  const Entry &entry;
  uint64_t position = 0;
  uint32_t crc = 0;
  struct Inflater;
  std::unique_ptr<Inflater> inflater;
};

/// Writes an archive of stored entries; the same entries give the same bytes.
class Writer {
public:
  explicit Writer(llvm::raw_ostream &stream) : stream(stream) {}
  /// The entry's content is `header` followed by `content`.
  llvm::Error add(llvm::StringRef name, llvm::StringRef header, llvm::StringRef content);
  void finish();

private:
  struct Written {
    std::string name;
    uint32_t crc;
    uint64_t size, offset;
  };
  llvm::raw_ostream &stream;
  std::vector<Written> entries;
  uint64_t offset = 0;
};

} // namespace nibble::zip

#endif // NIBBLE_LIB_SUPPORT_ZIP_H
