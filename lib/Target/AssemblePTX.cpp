// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Machine code of GPUs: NVIDIA's assembler, where a user has it.

#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"
#include "nibble/Target/Object.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

using namespace nibble;

/// The first line of what a program printed.
static std::string readLine(llvm::StringRef path) {
  auto text = llvm::MemoryBuffer::getFile(path);
  return text ? (*text)->getBuffer().trim().split('\n').first.str() : "";
}

llvm::Expected<ObjectBytes> nibble::assemblePTX(llvm::StringRef ptx, const TargetSpec &target,
                                                llvm::StringRef assembler) {
  llvm::ErrorOr<std::string> program = llvm::sys::findProgramByName(assembler);
  if (!program || !llvm::sys::fs::can_execute(*program))
    return makeError("ptxas '" + assembler + "' is not found: give its path, or leave the option out, and the driver " +
                     "assembles the code when the model runs first");
  llvm::SmallString<128> folder;
  if (std::error_code code = llvm::sys::fs::createUniqueDirectory("nibble", folder))
    return makeError("cannot make a temporary folder: " + code.message());
  llvm::scope_exit remove([&] { llvm::sys::fs::remove_directories(folder); });
  const auto in = [&](llvm::StringRef name) { return (folder + "/" + name).str(); };
  const std::string source = in("model.ptx"), cubin = in("model.cubin"), printed = in("printed");
  if (llvm::Error error = writeFile(source, ptx))
    return std::move(error);
  const std::string arch = "-arch=" + target.isa;
  const std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(), llvm::StringRef(printed),
                                                      llvm::StringRef(printed)};
  std::string message;
  if (llvm::sys::ExecuteAndWait(*program, {*program, arch, source, "-o", cubin}, std::nullopt, redirects, 0, 0,
                                &message))
    return makeError("ptxas '" + assembler + "' fails for " + target.isa + ": " +
                     (message.empty() ? readLine(printed) : message));
  auto bytes = llvm::MemoryBuffer::getFile(cubin);
  if (!bytes)
    return makeError("ptxas '" + assembler + "' made no code for " + target.isa);
  return ObjectBytes((*bytes)->getBufferStart(), (*bytes)->getBufferEnd());
}
