// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Session.h"
#include "nibble/Import/ONNX.h"
#include "nibble/InitAll.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Locations.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace nibble::driver {

Reporter::~Reporter() = default;

void StepTimer::stop() {
  if (!current)
    return;
  times.push_back({*current, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()});
  current.reset();
}

void StepTimer::beginStep(StringRef name, std::optional<int64_t> total) {
  stop();
  current = name.str();
  begin = std::chrono::steady_clock::now();
  listener.beginStep(name, total);
}

void StepTimer::endStep() {
  stop();
  listener.endStep();
}

Session::Session(Reporter &reporter, bool strict) : listener(reporter), strict(strict) {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  // Compilation is deterministic and runs beside others: no pool of threads.
  mlirContext = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  // Diagnostics name nodes; the operation's text would cost a numbering of the whole function.
  mlirContext->printOpOnDiagnostic(false);
}

Session::~Session() = default;

/// "node 'conv_1': " for an ONNX node, "file:line:column: " for text, else
/// nothing.
static std::string describeLocation(mlir::Location location) {
  if (StringRef node = getNodeName(location); !node.empty())
    return ("node '" + node + "': ").str();
  if (auto text = location->findInstanceOf<mlir::FileLineColLoc>())
    return (text.getFilename().strref() + ":" + Twine(text.getLine()) + ":" + Twine(text.getColumn()) + ": ").str();
  return "";
}

static std::string describeDiagnostic(mlir::Diagnostic &diagnostic) {
  std::string text = diagnostic.str(), where = describeLocation(diagnostic.getLocation());
  if (!StringRef(text).starts_with(StringRef(where).rtrim(": "))) // some say it themselves
    text.insert(0, where);
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    text += "\n  note: " + note.str();
  return text;
}

Error Session::attempt(function_ref<mlir::LogicalResult()> action,
                       function_ref<bool(mlir::Location, StringRef)> takeRemark) {
  std::string errors;
  mlir::ScopedDiagnosticHandler handler(&context(), [&](mlir::Diagnostic &diagnostic) {
    if (takeRemark && diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark &&
        takeRemark(diagnostic.getLocation(), diagnostic.str()))
      return mlir::success();
    std::string text = describeDiagnostic(diagnostic);
    bool isWarning = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning;
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error || (strict && isWarning))
      errors += (errors.empty() ? "" : "\n") + text;
    else if (isWarning)
      listener.warn(text);
    else
      listener.note(text);
    return mlir::success();
  });
  if (mlir::succeeded(action()) && errors.empty())
    return Error::success();
  return makeError(errors.empty() ? "failed without a diagnostic: please report this" : errors);
}

Error Session::warn(const Twine &message) {
  if (strict)
    return makeError(message);
  listener.warn(message.str());
  return Error::success();
}

/// Upstream accepts `dense_resource<__elided__>` without its bytes; nothing
/// could be computed with it.
static mlir::LogicalResult checkResources(mlir::ModuleOp module) {
  mlir::WalkResult result = module.walk([](mlir::Operation *op) {
    for (mlir::NamedAttribute attribute : op->getAttrs())
      if (auto resource = dyn_cast<mlir::DenseResourceElementsAttr>(attribute.getValue()))
        if (!resource.getRawHandle().getBlob()) {
          op->emitError("weights '") << resource.getRawHandle().getKey() << "' are not in the file";
          return mlir::WalkResult::interrupt();
        }
    return mlir::WalkResult::advance();
  });
  return mlir::failure(result.wasInterrupted());
}

Expected<mlir::OwningOpRef<mlir::ModuleOp>> Session::parse(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/true, /*IsVolatile=*/false,
                            /*Alignment=*/Align(64)); // of the weights in bytecode
  if (!buffer)
    return makeError("cannot read '" + path + "': " + buffer.getError().message());
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Error error = attempt([&]() -> mlir::LogicalResult {
    SourceMgr sources;
    sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
    module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context());
    return module ? checkResources(*module) : mlir::failure();
  });
  if (error)
    return std::move(error);
  return module;
}

Expected<mlir::OwningOpRef<mlir::ModuleOp>> Session::import(StringRef path) {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ONNXImportOptions options;
  options.dims = fixedDims;
  Error error = attempt([&]() -> mlir::LogicalResult {
    mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> imported = importONNX(&context(), path, options);
    if (mlir::succeeded(imported))
      module = std::move(*imported);
    return imported;
  });
  if (error)
    return std::move(error);
  return module;
}

Expected<mlir::OwningOpRef<mlir::ModuleOp>> Session::load(StringRef path) {
  const bool isText = path.ends_with(".mlir") || path.ends_with(".mlirbc");
  if (isText && !fixedDims.empty())
    return makeError("'" + path + "' is no ONNX model: its extents cannot be fixed by --dim");
  if (isText)
    return parse(path);
  if (path.ends_with(".onnx"))
    return import(path);
  return makeError("'" + path + "' is not a model: expected .onnx, .mlir or .mlirbc");
}

} // namespace nibble::driver
