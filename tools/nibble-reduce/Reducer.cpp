// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The edits of the reducer. They name functions and operations by number, which a copy of the module shares.

#include "Reducer.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace nibble;

//===----------------------------------------------------------------------===//
// Parts of a module
//===----------------------------------------------------------------------===//

static SmallVector<func::FuncOp> getFunctions(ModuleOp module) {
  return llvm::to_vector(module.getOps<func::FuncOp>());
}

/// The operations of a function of one block, without its return.
static SmallVector<Operation *> getOperations(func::FuncOp function) {
  SmallVector<Operation *> operations;
  if (function.getBody().hasOneBlock())
    for (Operation &op : function.front().without_terminator())
      operations.push_back(&op);
  return operations;
}

static func::ReturnOp getReturn(func::FuncOp function) {
  return function.getBody().hasOneBlock() ? dyn_cast<func::ReturnOp>(function.front().getTerminator())
                                          : func::ReturnOp();
}

/// An argument in a value's place, with its type and location.
static void replaceByArgument(func::FuncOp function, Value value) {
  unsigned index = function.getNumArguments();
  if (!value.use_empty() && succeeded(function.insertArgument(index, value.getType(), {}, value.getLoc())))
    value.replaceAllUsesWith(function.getArgument(index));
}

static void eraseOperations(func::FuncOp function, ArrayRef<Operation *> operations) {
  for (Operation *op : llvm::reverse(operations)) {
    for (Value result : op->getResults())
      replaceByArgument(function, result);
    op->erase();
  }
}

//===----------------------------------------------------------------------===//
// Edits
//===----------------------------------------------------------------------===//

bool Reducer::attempt(OwningOpRef<ModuleOp> &module, Edit edit) {
  OwningOpRef<ModuleOp> copy(module->clone());
  edit(*copy);
  ScopedDiagnosticHandler quiet(copy->getContext(), [](Diagnostic &) { return success(); });
  if (failed(verify(*copy)) || !test(*copy))
    return false;
  module = std::move(copy);
  return true;
}

bool Reducer::dropFunctions(OwningOpRef<ModuleOp> &module) {
  bool changed = false;
  for (unsigned i = getFunctions(*module).size(); i-- > 0;)
    changed |= attempt(module, [&](ModuleOp copy) { getFunctions(copy)[i].erase(); });
  return changed;
}

bool Reducer::dropOperations(OwningOpRef<ModuleOp> &module, unsigned function) {
  auto count = [&] { return getOperations(getFunctions(*module)[function]).size(); };
  bool changed = false;
  for (size_t piece = count(); piece > 0; piece /= 2)
    // From the end, so that users go before what they use.
    for (size_t end = count(); end > 0; end -= std::min(end, piece)) {
      size_t size = std::min(piece, end);
      changed |= attempt(module, [&](ModuleOp copy) {
        func::FuncOp target = getFunctions(copy)[function];
        eraseOperations(target, ArrayRef<Operation *>(getOperations(target)).slice(end - size, size));
      });
    }
  return changed;
}

bool Reducer::dropResults(OwningOpRef<ModuleOp> &module, unsigned function) {
  bool changed = false;
  for (unsigned i = getFunctions(*module)[function].getNumResults(); i-- > 0;)
    changed |= attempt(module, [&](ModuleOp copy) {
      func::FuncOp target = getFunctions(copy)[function];
      if (func::ReturnOp end = getReturn(target)) {
        end->eraseOperand(i);
        (void)target.eraseResult(i);
      }
    });
  return changed;
}

bool Reducer::dropArguments(OwningOpRef<ModuleOp> &module, unsigned function) {
  bool changed = false;
  for (unsigned i = getFunctions(*module)[function].getNumArguments(); i-- > 0;) {
    func::FuncOp current = getFunctions(*module)[function];
    if (!current.isDeclaration() && current.getArgument(i).use_empty())
      changed |= attempt(module, [&](ModuleOp copy) { (void)getFunctions(copy)[function].eraseArgument(i); });
  }
  return changed;
}

/// What names inputs and models, at once: few faults need it.
bool Reducer::dropAttributes(OwningOpRef<ModuleOp> &module) {
  auto hasAttributes = [](func::FuncOp function) { return function.getArgAttrsAttr() || function.getResAttrsAttr(); };
  if (module->getOperation()->getDiscardableAttrs().empty() && llvm::none_of(getFunctions(*module), hasAttributes))
    return false;
  return attempt(module, [](ModuleOp copy) {
    for (NamedAttribute attribute : llvm::to_vector(copy->getDiscardableAttrs()))
      copy->removeDiscardableAttr(attribute.getName());
    for (func::FuncOp function : getFunctions(copy)) {
      function.removeArgAttrsAttr();
      function.removeResAttrsAttr();
    }
  });
}

void Reducer::run(OwningOpRef<ModuleOp> &module) {
  bool changed = true;
  while (changed) {
    changed = dropFunctions(module);
    for (unsigned i = 0; i < getFunctions(*module).size(); ++i) {
      changed |= dropOperations(module, i);
      changed |= dropResults(module, i);
      changed |= dropArguments(module, i);
    }
  }
  dropAttributes(module);
}
