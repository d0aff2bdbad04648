// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The last part of a compilation: code, package and summary.

#include "Codegen.h"
#include "Compilation.h"
#include "LoadedExecutable.h"
#include "nibble/Driver/Bench.h"
#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Explain.h"
#include "nibble/Driver/Library.h"
#include "nibble/Driver/Open.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace nibble::driver {

/// A C identifier made of the name that was chosen, or of the file's stem.
static Expected<std::string> chooseName(StringRef chosen, StringRef path) {
  std::string name = chosen.empty() ? sys::path::stem(path).str() : chosen.str();
  auto isFine = [](char c) { return isAlnum(c) || c == '_'; };
  if (!chosen.empty() && (!all_of(chosen, isFine) || isDigit(chosen.front())))
    return makeError("name '" + chosen + "' is not a C identifier");
  for (char &c : name)
    c = isFine(c) ? c : '_';
  if (name.empty() || isDigit(name.front()))
    name.insert(0, "m");
  return name;
}

static SmallVector<char, 0> toBytes(StringRef text) { return SmallVector<char, 0>(text.begin(), text.end()); }

/// Packages `model` and returns the file's bytes.
static Expected<SmallVector<char, 0>> package(const CompiledModel &model, PackageKind kind) {
  SmallString<128> folder;
  if (std::error_code code = sys::fs::createUniqueDirectory("nibble", folder))
    return makeError("cannot make a temporary folder: " + code.message());
  SmallString<128> path(folder);
  sys::path::append(path, "package");
  Error error = writePackage(model, path, kind);
  SmallVector<char, 0> bytes;
  if (!error) {
    if (ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path))
      bytes = toBytes((*buffer)->getBuffer());
    else
      error = makeError("cannot read '" + path + "': " + buffer.getError().message());
  }
  sys::fs::remove_directories(folder);
  if (error)
    return std::move(error);
  return bytes;
}

static Expected<SmallVector<char, 0>> package(const CompiledModel &model, StringRef emit) {
  if (emit == "so")
    return package(model, PackageKind::SharedLibrary);
  if (emit == "a")
    return package(model, PackageKind::StaticLibrary);
  if (emit == "o")
    return package(model, PackageKind::Object);
  if (emit == "exe")
    return package(model, PackageKind::Executable);
  SmallVector<char, 0> text; // of LLVM IR or assembly
  for (const ObjectBytes &object : model.objects)
    if (!StringRef(object.data(), object.size())
             .starts_with("\x7f"
                          "ELF"))
      text.append(object.begin(), object.end());
  return text;
}

/// Names each node's kernel.
static void addKernels(std::vector<NodeSummary> &nodes, ArrayRef<KernelCall> kernels) {
  for (NodeSummary &node : nodes)
    for (const KernelCall &call : kernels)
      if (!node.node.empty() && call.node == node.node && node.kernel.empty())
        node.kernel = call.kernel;
}

Expected<Compiled> Compilation::emit() {
  if (options.emit == "onnx-mlir" || options.emit == "mlir")
    return finish(print());
  session.reporter().beginStep("generating code", std::nullopt);
  nibble::CompileOptions codegen;
  Expected<std::string> name = chooseName(options.name, path);
  if (!name)
    return name.takeError();
  codegen.name = *name;
  Expected<std::vector<TargetSpec>> targets = parseTargets(options.target);
  if (!targets)
    return targets.takeError();
  codegen.targets = *targets;
  codegen.standalone = options.emit == "exe";
  codegen.codeKind = options.emit == "ll"    ? CodeKind::LLVMIR
                     : options.emit == "asm" ? CodeKind::Assembly
                                             : CodeKind::Object;
  Expected<CompiledModel> model = generateCode(session, *module, codegen);
  if (!model)
    return model.takeError();
  Expected<SmallVector<char, 0>> bytes = package(*model, options.emit);
  if (!bytes)
    return bytes.takeError();
  session.reporter().beginStep("measuring the result", std::nullopt);
  summary.target = join(model->isas, ", ");
  summary.arenaBytes = model->arenaBytes;
  summary.weightBytes = model->weightBytes;
  if (Error error = measureQuality(*model))
    return std::move(error);
  Compiled compiled = finish(std::move(*bytes));
  if (options.emit == "a" || options.emit == "o")
    compiled.header = makeHeader(*model);
  addKernels(compiled.summary.nodes, model->kernels);
  code = std::move(*model);
  return compiled;
}

Error Compilation::measureNodes(std::vector<NodeSummary> &nodes) {
  Expected<std::unique_ptr<LoadedModel>> loaded = loadCode(*code);
  if (!loaded)
    return loaded.takeError();
  std::vector<Port> inputs, outputs;
  if (Error error = readPorts((*loaded)->describe(), inputs, outputs))
    return error;
  Expected<std::vector<double>> times =
      measureKernels(**loaded, kept.empty() ? makeRandomFeed(inputs) : kept.front().feed, /*runs=*/20);
  if (!times)
    return times.takeError();
  if (times->size() != code->kernels.size())
    return Error::success(); // some kernels are not called through parallel_for
  for (NodeSummary &node : nodes)
    for (auto [call, time] : zip_equal(code->kernels, *times))
      if (!node.node.empty() && call.node == node.node)
        node.milliseconds = node.milliseconds.value_or(0) + time;
  return Error::success();
}

/// How far the quantized code is from the float model on the samples that calibration kept, if this machine runs it.
Error Compilation::measureQuality(const CompiledModel &model) {
  bool isCode = is_contained({"so", "a", "o", "exe"}, options.emit);
  Expected<std::vector<TargetSpec>> targets = parseTargets(options.target);
  if (!targets)
    return targets.takeError();
  if (kept.empty() || !isCode || !all_of(*targets, isHostCapable))
    return Error::success();
  Expected<std::unique_ptr<LoadedModel>> loaded = loadCode(model);
  if (!loaded)
    return loaded.takeError();
  Expected<std::unique_ptr<Executable>> executable = makeLoadedExecutable(std::move(*loaded), options.threads);
  if (!executable)
    return executable.takeError();
  Expected<double> sqnr = measureSqnr(**executable, kept);
  if (!sqnr)
    return sqnr.takeError();
  summary.sqnr = *sqnr;
  Expected<Latency> latency = measure(**executable, kept.front().feed, /*seconds=*/0.1);
  if (!latency)
    return latency.takeError();
  summary.latency = latency->minimum;
  return Error::success();
}

} // namespace nibble::driver
