// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The border of the importer: no exception passes it.

#include "Importer.h"

#include "nibble/Dialect/ONNX/Register.h"
#include "nibble/Support/Locations.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The first sentence of an ONNX exception, and the innermost context.
static std::string firstLine(StringRef text) {
  auto [first, rest] = text.trim().split('\n');
  for (StringRef prefix : {"[ShapeInferenceError] ", "[TypeInferenceError] ", "Inference error(s): "})
    first.consume_front(prefix);
  StringRef context = rest.substr(std::min(rest.find("Context: "), rest.size())).trim();
  context.consume_front("Context: ");
  return context.empty() ? first.trim().str() : (first.trim() + " [" + context.split('\n').first + "]").str();
}

FailureOr<OwningOpRef<ModuleOp>> nibble::importONNX(MLIRContext *context, StringRef path,
                                                    const ONNXImportOptions &options) {
  context->loadDialect<NibbleDialect, func::FuncDialect, quant::QuantDialect>();
  if (options.keepUnsupported)
    loadONNXDialect(context);
  Location loc = NameLoc::get(StringAttr::get(context, path));
  try {
    std::unique_ptr<Model> model = loadModel(path);
    fixDims(*model, options.dims);
    canonicalize(*model, [&](StringRef name) { return options.keepUnsupported || hasForm(name); });
    OwningOpRef<ModuleOp> module = Importer(context, *model, options).run();
    if (!module)
      return failure();
    return module;
  } catch (const ImportError &error) {
    InFlightDiagnostic diagnostic = emitError(error.node.empty() ? loc : getNodeLoc(context, error.node, error.value));
    StringRef text = error.what();
    if (!text.starts_with(path))
      diagnostic << path << ": ";
    diagnostic << text;
    if (!error.note.empty())
      diagnostic.attachNote() << error.note;
    return diagnostic;
  } catch (const std::exception &error) {
    return emitError(loc) << path << ": invalid model: " << firstLine(error.what());
  }
}
