// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/OutputFile.h"
#include "nibble/Support/Errors.h"

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

Error checkWritable(StringRef path) {
  if (path == "-")
    return Error::success();
  if (sys::fs::is_directory(path))
    return cannotWrite(path, std::make_error_code(std::errc::is_a_directory));
  SmallString<128> folder(getFolder(path));
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return cannotWrite(path, std::error_code(errno, std::generic_category()));
  return Error::success();
}

Error writeFile(StringRef path, function_ref<Error(raw_pwrite_stream &)> write, bool executable) {
  if (path == "-")
    return write(outs());
  if (Error error = checkWritable(path))
    return error;
  unsigned mode =
      executable ? sys::fs::all_read | sys::fs::all_write | sys::fs::all_exe : sys::fs::all_read | sys::fs::all_write;
  mode &= ~sys::fs::getUmask();
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(path + ".%%%%%%.tmp", mode);
  if (!file)
    return cannotWrite(path, errorToErrorCode(file.takeError()));
  raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  Error error = write(stream);
  stream.flush();
  std::error_code broken = stream.error();
  stream.clear_error();
  if (!error && broken)
    error = cannotWrite(path, broken);
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
        stream << content;
        return Error::success();
      },
      executable);
}

} // namespace nibble
