// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Driver/Inspect.h"
#include "nibble/Driver/Open.h"
#include "nibble/Reference/Interpreter.h"

#include "llvm/ADT/STLExtras.h"

#include <cstring>

using namespace llvm;

namespace nibble::driver {

namespace {
class Reference : public Executable {
public:
  static Expected<std::unique_ptr<Executable>> make(mlir::OwningOpRef<mlir::ModuleOp> module) {
    auto reference = std::make_unique<Reference>();
    if (Error error = readPorts(*module, reference->inputPorts, reference->outputPorts))
      return std::move(error);
    reference->module = std::move(module);
    reference->readLimits();
    return std::unique_ptr<Executable>(std::move(reference));
  }

protected:
  Expected<std::vector<Array>> execute(ArrayRef<Array> arguments, Kept *) override;

private:
  void readLimits();

  mlir::OwningOpRef<mlir::ModuleOp> module;
};
} // namespace

/// The bounds that the graph was compiled for.
void Reference::readLimits() {
  auto function = module->lookupSymbol<mlir::func::FuncOp>("main");
  auto bounds = function->getAttrOfType<mlir::DenseI64ArrayAttr>(ukernel::kBoundsAttr);
  if (!bounds)
    return;
  for (auto [name, bound] : zip(getDimNames(function), bounds.asArrayRef()))
    if (bound > 0)
      dimLimits[name] = bound;
}

static reference::Tensor toTensor(const Array &array, mlir::Type type) {
  reference::Tensor tensor;
  tensor.shape.assign(array.shape.begin(), array.shape.end());
  tensor.elementType = mlir::getElementTypeOrSelf(type);
  tensor.data.assign(array.data.get(), array.data.get() + array.getByteSize());
  return tensor;
}

static Array toArray(reference::Tensor tensor, ElementKind kind) {
  auto owner = std::make_shared<reference::Tensor>(std::move(tensor));
  return Array::view(kind, owner->shape, std::shared_ptr<char>(owner, owner->data.data()));
}

Expected<std::vector<Array>> Reference::execute(ArrayRef<Array> arguments, Kept *) {
  auto function = module->lookupSymbol<mlir::func::FuncOp>("main");
  std::vector<reference::Tensor> inputs;
  for (auto [argument, type] : zip_equal(arguments, function.getArgumentTypes()))
    inputs.push_back(toTensor(argument, type));
  Expected<std::vector<reference::Tensor>> results = reference::interpret(function, inputs);
  if (!results)
    return results.takeError();
  std::vector<Array> arrays;
  for (auto [result, port] : zip_equal(*results, outputPorts))
    arrays.push_back(toArray(std::move(result), port.kind));
  return arrays;
}

Expected<std::unique_ptr<Executable>> makeReference(Session &session, mlir::OwningOpRef<mlir::ModuleOp> module) {
  return Reference::make(std::move(module));
}

} // namespace nibble::driver
