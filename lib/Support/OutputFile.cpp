// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/OutputFile.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/StoredBytes.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <unistd.h>

using namespace llvm;

namespace nibble {

static Error cannotWrite(StringRef path, std::error_code code) {
  return makeError("cannot write '" + path + "': " + code.message());
}

static StringRef getFolder(StringRef path) {
  StringRef folder = sys::path::parent_path(path);
  return folder.empty() ? "." : folder;
}

/// Whether `path` is a device or a pipe, which is written and never replaced.
static bool isSpecial(StringRef path) {
  sys::fs::file_status status;
  return !sys::fs::status(path, status) && sys::fs::is_other(status);
}

Error checkWritable(StringRef path) {
  if (path == "-")
    return Error::success();
  if (path.empty())
    return makeError("the output file has no name");
  if (sys::fs::is_directory(path))
    return cannotWrite(path, std::make_error_code(std::errc::is_a_directory));
  bool inPlace = isSpecial(path);
  SmallString<128> changed(inPlace ? path : getFolder(path));
  if (access(changed.c_str(), inPlace ? W_OK : W_OK | X_OK) != 0)
    return cannotWrite(path, std::error_code(errno, std::generic_category()));
  return Error::success();
}

/// Writes, and says what went wrong with the file if `write` itself did not fail.
static Error writeTo(raw_fd_ostream &stream, StringRef path, function_ref<Error(raw_pwrite_stream &)> write) {
  Error error = write(stream);
  stream.flush();
  std::error_code broken = stream.error();
  stream.clear_error();
  if (!error && broken)
    return cannotWrite(path, broken);
  return error;
}

Error writeFile(StringRef path, function_ref<Error(raw_pwrite_stream &)> write, bool executable) {
  if (path == "-")
    return writeTo(outs(), "the standard output", write);
  if (Error error = checkWritable(path))
    return error;
  if (isSpecial(path)) {
    std::error_code code;
    raw_fd_ostream stream(path, code);
    return code ? cannotWrite(path, code) : writeTo(stream, path, write);
  }
  unsigned mode =
      executable ? sys::fs::all_read | sys::fs::all_write | sys::fs::all_exe : sys::fs::all_read | sys::fs::all_write;
  mode &= ~sys::fs::getUmask();
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(path + ".%%%%%%.tmp", mode);
  if (!file)
    return cannotWrite(path, errorToErrorCode(file.takeError()));
  raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  Error error = writeTo(stream, path, write);
  if (error)
    return joinErrors(std::move(error), file->discard());
  if (Error kept = file->keep(path))
    return cannotWrite(path, errorToErrorCode(std::move(kept)));
  return Error::success();
}

Error writeFile(StringRef path, StringRef content, bool executable) {
  return writeFile(
      path,
      [&](raw_pwrite_stream &stream) -> Error {
        forEachPiece(content, [&](ArrayRef<char> piece) { stream.write(piece.data(), piece.size()); });
        return Error::success();
      },
      executable);
}

} // namespace nibble
