// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linking in this process, by lld.

#include "nibble/Support/Errors.h"
#include "nibble/Target/Object.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace nibble;

// Writes an object to a temporary file, which goes with `removers`.
static llvm::Expected<std::string> writeTemporary(const ObjectBytes &object,
                                                  std::vector<std::unique_ptr<llvm::FileRemover>> &removers) {
  llvm::SmallString<128> path;
  int fd;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("nibble", "o", fd, path))
    return makeError("cannot make a temporary file: " + code.message());
  removers.push_back(std::make_unique<llvm::FileRemover>(path));
  llvm::raw_fd_ostream os(fd, /*shouldClose=*/true);
  os.write(object.data(), object.size());
  os.close();
  if (os.has_error()) {
    std::string message = os.error().message();
    os.clear_error();
    return makeError("cannot write '" + path + "': " + message);
  }
  return std::string(path);
}

// Runs lld with `args` and the objects as files.
static llvm::Error runLinker(std::vector<std::string> args, llvm::ArrayRef<ObjectBytes> objects, llvm::StringRef path) {
  std::vector<std::unique_ptr<llvm::FileRemover>> removers;
  for (const ObjectBytes &object : objects) {
    llvm::Expected<std::string> file = writeTemporary(object, removers);
    if (!file)
      return file.takeError();
    args.push_back(*file);
  }
  std::vector<const char *> pointers;
  for (const std::string &arg : args)
    pointers.push_back(arg.c_str());
  std::string text;
  llvm::raw_string_ostream os(text);
  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  lld::Result result = lld::lldMain(pointers, os, os, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode)
    return makeError("cannot link '" + path + "': " + llvm::StringRef(text).trim());
  return llvm::Error::success();
}

llvm::Error nibble::linkSharedLibrary(llvm::ArrayRef<ObjectBytes> objects, llvm::StringRef path) {
  // No soname: the user chooses, and changes, the file's name, and the bytes do not depend on it.
  return runLinker({"ld.lld", "-shared", "-o", path.str(), "--strip-all", "--build-id=none", "--hash-style=gnu",
                    "--gc-sections", "-z", "noexecstack", "-z", "relro", "-z", "now", "--no-undefined"},
                   objects, path);
}

llvm::Error nibble::linkExecutable(llvm::ArrayRef<ObjectBytes> objects, llvm::StringRef path) {
  return runLinker({"ld.lld", "-static", "-o", path.str(), "-e", "_start", "--strip-all", "--build-id=none",
                    "--gc-sections", "-z", "noexecstack", "-z", "norelro"},
                   objects, path);
}

llvm::Error nibble::linkRelocatable(llvm::ArrayRef<ObjectBytes> objects, llvm::StringRef path) {
  return runLinker({"ld.lld", "-r", "-o", path.str()}, objects, path);
}
