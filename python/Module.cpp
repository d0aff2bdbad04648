// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The native half of the Python package.

#include "nibble/InitAll.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <stdexcept>

namespace nb = nanobind;
using namespace mlir;

namespace {
/// Collects what is reported in `context`, one "location: severity: message" a line.
class Diagnostics : ScopedDiagnosticHandler {
public:
  explicit Diagnostics(MLIRContext *context) : ScopedDiagnosticHandler(context), stream(text) {
    setHandler([this](Diagnostic &diagnostic) { return add(diagnostic), success(); });
  }

  /// Raises ValueError with everything reported.
  [[noreturn]] void raise() { throw std::invalid_argument(text); }

private:
  void add(Diagnostic &diagnostic) {
    static constexpr const char *severities[] = {"note", "warning", "error", "remark"};
    if (!text.empty())
      stream << '\n';
    stream << diagnostic.getLocation() << ": " << severities[static_cast<int>(diagnostic.getSeverity())] << ": "
           << diagnostic;
    for (Diagnostic &note : diagnostic.getNotes())
      add(note);
  }

  std::string text;
  llvm::raw_string_ostream stream;
};
} // namespace

/// Runs `pipeline` on the module that `source` spells, and returns the result's text.
static std::string opt(const std::string &source, const std::string &pipeline) {
  static const DialectRegistry registry = [] {
    nibble::registerAllPasses();
    DialectRegistry all;
    nibble::registerAllDialects(all);
    return all;
  }();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Diagnostics diagnostics(&context);

  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(source, &context);
  if (!module)
    diagnostics.raise();
  PassManager passes(&context);
  std::string error;
  llvm::raw_string_ostream errors(error);
  if (failed(parsePassPipeline(pipeline, passes, errors)))
    throw std::invalid_argument(error);
  if (failed(passes.run(*module)))
    diagnostics.raise();

  std::string text;
  llvm::raw_string_ostream(text) << *module;
  return text;
}

NB_MODULE(_nibble, module) {
  module.doc() = "The native half of nibble.";
  module.def("opt", &opt, nb::arg("source"), nb::arg("pipeline") = "", nb::call_guard<nb::gil_scoped_release>(),
             "Run a pass pipeline on MLIR text and return the result's text.\n\n"
             "Raises ValueError with the diagnostics when the text does not parse or a pass fails.");
}
