// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An out-of-tree dialect of one operation: `probe.tap` marks the result of a nibble operation to look at.

#include "nibble/Dialect/Nibble/Nibble.h"

#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"

using namespace mlir;

namespace {
/// Its result is its operand.
struct TapOp : Op<TapOp, OpTrait::OneOperand, OpTrait::OneResult, OpTrait::ZeroRegions, OpTrait::ZeroSuccessors,
                  OpTrait::SameOperandsAndResultType> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TapOp)
  using Op::Op;

  static StringRef getOperationName() { return "probe.tap"; }
  static ArrayRef<StringRef> getAttributeNames() { return {}; }

  LogicalResult verify() {
    Operation *producer = getOperation()->getOperand(0).getDefiningOp();
    if (producer && isa<nibble::NibbleDialect>(producer->getDialect()))
      return success();
    return emitOpError("expected the result of a nibble operation");
  }
};

struct ProbeDialect : Dialect {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ProbeDialect)

  explicit ProbeDialect(MLIRContext *context) : Dialect(getDialectNamespace(), context, TypeID::get<ProbeDialect>()) {
    addOperations<TapOp>();
  }
  static StringRef getDialectNamespace() { return "probe"; }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Probe", "1.0", [](DialectRegistry *registry) { registry->insert<ProbeDialect>(); }};
}
