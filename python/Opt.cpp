// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Opt.h"
#include "Program.h"

#include "nibble/InitAll.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace nibble::driver::python {

namespace {
/// Collects what is reported in `context`, one "location: severity: message" a line.
class Diagnostics : ScopedDiagnosticHandler {
public:
  explicit Diagnostics(MLIRContext *context) : ScopedDiagnosticHandler(context), stream(text) {
    setHandler([this](Diagnostic &diagnostic) { return add(diagnostic), success(); });
  }

  [[noreturn]] void raise() { throw Failure(text); }

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

std::string opt(const std::string &source, const std::string &pipeline) {
  static const bool registered = (registerAllPasses(), true);
  (void)registered;
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Diagnostics diagnostics(&context);

  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(source, &context);
  if (!module)
    diagnostics.raise();
  PassManager passes(&context);
  std::string error;
  llvm::raw_string_ostream errors(error);
  if (failed(parsePassPipeline(pipeline, passes, errors)))
    throw Failure(error);
  if (failed(passes.run(*module)))
    diagnostics.raise();

  std::string text;
  llvm::raw_string_ostream(text) << *module;
  return text;
}

} // namespace nibble::driver::python
