// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An out-of-tree pass: reports how many weights each layer has.

#include "nibble/Dialect/Nibble/Nibble.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {
struct CountWeights : public PassWrapper<CountWeights, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountWeights)

  StringRef getArgument() const final { return "count-weights"; }
  StringRef getDescription() const final { return "Report the number of weights of each convolution"; }

  void runOnOperation() override {
    getOperation().walk([](nibble::ConvOp conv) {
      conv.emitRemark("convolution has ") << conv.getFilter().getType().getNumElements() << " weights";
    });
  }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "CountWeights", "1.0", [] { PassRegistration<CountWeights>(); }};
}
