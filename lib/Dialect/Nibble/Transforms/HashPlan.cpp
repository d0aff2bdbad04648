// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Support/ElementData.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/SHA256.h"

namespace nibble {
#define GEN_PASS_DEF_HASHPLAN
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-hash-plan"

using namespace mlir;
using namespace nibble;

namespace {

/// Feeds a hash with what the bits of a function's results depend on.
class PlanHasher {
public:
  void addFunction(func::FuncOp function);
  std::string finish() { return llvm::toHex(hash.final(), /*LowerCase=*/true); }

private:
  void addNumber(uint64_t number) {
    uint8_t bytes[8];
    llvm::support::endian::write64le(bytes, number);
    hash.update(bytes);
  }
  /// With its length, so that no two sequences of texts are one.
  void addText(StringRef text) {
    addNumber(text.size());
    hash.update(text);
  }
  template <typename T>
  void print(const T &printed) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    stream << printed;
    addText(text);
  }
  void addAttributes(DictionaryAttr attributes);
  void addElements(ElementsAttr elements);
  void addPorts(TypeRange types, function_ref<DictionaryAttr(unsigned)> getAttributes);
  void addOperation(Operation &op);
  void addBody(Block &block);

  llvm::SHA256 hash;
  llvm::DenseMap<Value, uint64_t> numbers;
};

struct HashPlan : nibble::impl::HashPlanBase<HashPlan> {
  void runOnOperation() override {
    PlanHasher hasher;
    getOperation().walk([&](func::FuncOp function) { hasher.addFunction(function); });
    getOperation()->setAttr("nibble.plan_hash", StringAttr::get(&getContext(), hasher.finish()));
  }
};

} // namespace

/// The bytes, not the name that a resource has in this process; by a hash of their own that is twenty times faster.
void PlanHasher::addElements(ElementsAttr elements) {
  std::optional<ElementData> data = getElementData(elements);
  if (!data)
    return print(Attribute(elements));
  print(elements.getShapedType());
  addNumber(data->splat);
  llvm::BLAKE3 content;
  forEachPiece(data->bytes, [&](ArrayRef<char> piece) {
    content.update(ArrayRef(reinterpret_cast<const uint8_t *>(piece.data()), piece.size()));
  });
  hash.update(content.final());
}

void PlanHasher::addAttributes(DictionaryAttr attributes) {
  addNumber(attributes ? attributes.size() : 0);
  for (NamedAttribute attribute : attributes ? attributes.getValue() : ArrayRef<NamedAttribute>()) {
    addText(attribute.getName().getValue());
    if (auto elements = dyn_cast<ElementsAttr>(attribute.getValue()))
      addElements(elements);
    else
      print(attribute.getValue());
  }
}

void PlanHasher::addPorts(TypeRange types, function_ref<DictionaryAttr(unsigned)> getAttributes) {
  addNumber(types.size());
  for (auto [index, type] : llvm::enumerate(types)) {
    print(type);
    addAttributes(getAttributes(index));
  }
}

void PlanHasher::addOperation(Operation &op) {
  addText(op.getName().getStringRef());
  addNumber(op.getNumOperands());
  for (Value operand : op.getOperands())
    addNumber(numbers.lookup(operand));
  addAttributes(op.getAttrDictionary());
  addNumber(op.getNumResults());
  for (Value result : op.getResults()) {
    numbers[result] = numbers.size();
    print(result.getType());
  }
  for (Region &region : op.getRegions())
    if (isa<LoopOp, IfOp>(op))
      addBody(region.front());
    else
      addText(printScalarProgram(region));
}

void PlanHasher::addBody(Block &block) {
  addNumber(block.getNumArguments());
  for (Value argument : block.getArguments())
    numbers[argument] = numbers.size();
  for (Operation &op : block)
    addOperation(op);
}

void PlanHasher::addFunction(func::FuncOp function) {
  addPorts(function.getArgumentTypes(), [&](unsigned index) { return function.getArgAttrDict(index); });
  addPorts(function.getResultTypes(), [&](unsigned index) { return function.getResultAttrDict(index); });
  for (Value argument : function.getArguments())
    numbers[argument] = numbers.size();
  for (Operation &op : function.getOps())
    addOperation(op);
}
