// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linking in this process, by lld.

#include "Targets.h"
#include "nibble/Support/Errors.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace nibble;

using Removers = std::vector<std::unique_ptr<llvm::FileRemover>>;

/// Writes a temporary file, which goes with `removers`.
static llvm::Expected<std::string> writeTemporary(llvm::StringRef content, llvm::StringRef suffix, Removers &removers) {
  llvm::SmallString<128> path;
  int fd;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("nibble", suffix, fd, path))
    return makeError("cannot make a temporary file: " + code.message());
  removers.push_back(std::make_unique<llvm::FileRemover>(path));
  llvm::raw_fd_ostream os(fd, /*shouldClose=*/true);
  os << content;
  os.close();
  if (os.has_error()) {
    std::string message = os.error().message();
    os.clear_error();
    return makeError("cannot write '" + path + "': " + message);
  }
  return std::string(path);
}

static llvm::Error runLinker(llvm::ArrayRef<std::string> args, llvm::StringRef path) {
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

/// Behind all other sections, whose distances are to stay below 2 GB, in a segment of their own.
static std::string placeBehind(llvm::StringRef last) {
  return ("SECTIONS { .nibble_weights : { *(" + kRawDataSection + ") } } INSERT AFTER " + last + ";\n").str();
}

/// Runs lld with `args`, a script and the objects as files; the data only then.
static llvm::Error link(std::vector<std::string> args, llvm::ArrayRef<ObjectBytes> objects,
                        llvm::ArrayRef<RawData> data, llvm::StringRef script, llvm::StringRef path) {
  Removers removers;
  auto add = [&](llvm::StringRef content, llvm::StringRef suffix) -> llvm::Error {
    llvm::Expected<std::string> file = writeTemporary(content, suffix, removers);
    if (!file)
      return file.takeError();
    args.push_back(*file);
    return llvm::Error::success();
  };
  for (const ObjectBytes &object : objects)
    if (llvm::Error error = add({object.data(), object.size()}, "o"))
      return error;
  for (const RawData &each : data)
    if (llvm::Error error = add({each.object.data(), each.object.size()}, "o"))
      return error;
  if (!data.empty() && !script.empty()) {
    args.push_back("-T");
    if (llvm::Error error = add(script, "ld"))
      return error;
  }
  if (llvm::Error error = runLinker(args, path))
    return error;
  return fillRawData(data, path);
}

llvm::Error nibble::linkSharedLibrary(llvm::ArrayRef<ObjectBytes> objects, llvm::ArrayRef<RawData> data,
                                      llvm::StringRef path) {
  // No soname: the user chooses, and changes, the file's name, and the bytes do not depend on it.
  return link({"ld.lld", "-shared", "-o", path.str(), "--strip-all", "--build-id=none", "--hash-style=gnu",
               "--gc-sections", "-z", "noexecstack", "-z", "relro", "-z", "now", "--no-undefined"},
              objects, data, placeBehind(".relro_padding"), path);
}

llvm::Error nibble::linkExecutable(llvm::ArrayRef<ObjectBytes> objects, llvm::ArrayRef<RawData> data,
                                   llvm::StringRef path) {
  return link({"ld.lld", "-static", "-o", path.str(), "-e", "_start", "--strip-all", "--build-id=none", "--gc-sections",
               "-z", "noexecstack", "-z", "norelro"},
              objects, data, placeBehind(".bss"), path);
}

llvm::Error nibble::linkRelocatable(llvm::ArrayRef<ObjectBytes> objects, llvm::ArrayRef<RawData> data,
                                    llvm::StringRef path) {
  return link({"ld.lld", "-r", "-o", path.str()}, objects, data, /*script=*/"", path);
}
