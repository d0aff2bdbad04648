// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files from compiled models.

#include "nibble/Codegen/Package.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace nibble;

/// The text of nibble_abi.h: whoever has a model's header needs no other.
static llvm::StringRef getInterface() {
  static const std::vector<char> files[] = {
#include "ABI.inc"
  };
  return {files[0].data(), files[0].size()};
}

std::string nibble::makeHeader(const CompiledModel &model) {
  const std::string &name = model.name;
  const std::string upper = llvm::StringRef(name).upper(), guard = upper + "_NIBBLE_H";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "/* " << name
     << ": a model compiled by Nibble. Its functions are at the end; before them stands the interface\n"
     << " * that all models share, once in a program that includes several. */\n\n"
     << getInterface() << "\n#ifndef " << guard << "\n#define " << guard
     << "\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "/* Inputs and outputs; images are in the order of dimensions that is named.";
  for (const std::string &port : model.ports)
    os << "\n *   " << port;
  os << " */\n\n";
  if (!model.dims.empty()) {
    os << "/* The dynamic dimensions, in the order of `dims`: " << llvm::join(model.dims, ", ") << ". */\n"
       << "#define " << upper << "_DIM_COUNT " << model.dims.size() << "u\n\n";
  }
  if (model.stateCount > 0)
    os << "/* How many inputs and outputs are one buffer: " << name << "_states() tells which. */\n"
       << "#define " << upper << "_STATE_COUNT " << model.stateCount << "u\n\n";
  if (model.arena.isStatic())
    os << "/* Bytes of the arena; aligned to NIBBLE_ALIGNMENT. */\n"
       << "#define " << upper << "_ARENA_BYTES " << model.arena.getStatic() << "u\n\n";
  os << "const nibble_model_desc *" << name << "_describe(void);\n"
     << "uint64_t " << name << "_arena_bytes(const int64_t *dims);\n";
  if (!model.dims.empty())
    os << "int32_t " << name << "_shape(const int64_t *dims, uint32_t output, int64_t *extents);\n";
  if (model.stateCount > 0)
    os << "const nibble_state_desc *" << name << "_states(uint32_t *count);\n";
  os << "int32_t " << name << "_run(const nibble_context *context);\n";
  if (model.hasRelease)
    os << "void " << name << "_release(void *arena);\n";
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

/// The weights as a member of an archive: an object of their own, which is read where it lies.
static llvm::Expected<StoredBytes> makeWeightMember(const CompiledModel &model) {
  llvm::SmallString<128> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("nibble", "o", path))
    return makeError("cannot make a temporary file: " + code.message());
  llvm::FileRemover remover(path); // a mapped file stays until it is unmapped
  if (llvm::Error error = writeRawData(model.weights, path))
    return error;
  return mapFile(path);
}

static llvm::Error writeArchive(const CompiledModel &model, llvm::StringRef path) {
  llvm::Expected<StoredBytes> weights = makeWeightMember(model);
  if (!weights)
    return weights.takeError();
  std::vector<llvm::StringRef> contents;
  for (const ObjectBytes &object : model.objects)
    contents.emplace_back(object.data(), object.size());
  contents.push_back(weights->text());
  std::vector<std::string> names;
  for (size_t i = 0; i < contents.size(); ++i)
    names.push_back(model.name + "_" + std::to_string(i) + ".o");
  std::vector<llvm::NewArchiveMember> members;
  for (auto [content, name] : llvm::zip_equal(contents, names))
    members.emplace_back(llvm::MemoryBufferRef(content, name));
  return llvm::writeArchive(path, members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                            /*Deterministic=*/true, /*Thin=*/false);
}

static llvm::Error writeHeaderBeside(const CompiledModel &model, llvm::StringRef path) {
  llvm::SmallString<128> header(path);
  llvm::sys::path::replace_extension(header, "h");
  return writeFile(header, makeHeader(model));
}

/// The program around a model, as the build compiled it for each architecture.
static llvm::ArrayRef<std::vector<char>> getStandaloneObjects(kernels::Arch arch) {
  static const std::vector<char> x86[] = {
#include "Standalone_x86_64.inc"
  };
  static const std::vector<char> aarch64[] = {
#include "Standalone_aarch64.inc"
  };
  switch (arch) {
  case kernels::Arch::X86_64:
    return x86;
  case kernels::Arch::AArch64:
    return aarch64;
  case kernels::Arch::CortexM:
  case kernels::Arch::RISCV32:
  case kernels::Arch::CUDA:
    break;
  }
  llvm_unreachable("an architecture without programs");
}

static llvm::Error linkStandalone(const CompiledModel &model, llvm::StringRef path) {
  std::vector<ObjectBytes> objects = model.objects;
  for (const std::vector<char> &object : getStandaloneObjects(kernels::lookupISA(model.isas.front())->arch))
    objects.emplace_back(object.begin(), object.end());
  return linkExecutable(objects, model.weights, path);
}

llvm::Error nibble::writePackage(const CompiledModel &model, llvm::StringRef path, PackageKind kind) {
  switch (kind) {
  case PackageKind::SharedLibrary:
    return linkSharedLibrary(model.objects, model.weights, path);
  case PackageKind::Executable:
    return linkStandalone(model, path);
  case PackageKind::Header:
    return writeFile(path, makeHeader(model));
  case PackageKind::StaticLibrary:
    if (llvm::Error error = writeArchive(model, path))
      return error;
    return writeHeaderBeside(model, path);
  case PackageKind::Object:
    if (llvm::Error error = linkRelocatable(model.objects, model.weights, path))
      return error;
    return writeHeaderBeside(model, path);
  }
  llvm_unreachable("unknown kind");
}

llvm::Error nibble::addNote(CompiledModel &model, llvm::StringRef section, llvm::ArrayRef<char> bytes) {
  llvm::Expected<ObjectBytes> object =
      emitNoteObject(section, bytes, getLibraryTargetSpec(*lookupTargetSpec(model.isas.front())));
  if (!object)
    return object.takeError();
  model.objects.push_back(std::move(*object));
  return llvm::Error::success();
}
