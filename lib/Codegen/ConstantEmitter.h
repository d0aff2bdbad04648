// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants of a module as C lays them out.

#ifndef NIBBLE_CODEGEN_CONSTANTEMITTER_H
#define NIBBLE_CODEGEN_CONSTANTEMITTER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace nibble {

/// Emits strings and aggregates as private globals, called `prefix` and a number.
class ConstantEmitter {
public:
  using Fill = llvm::function_ref<void(llvm::SmallVectorImpl<mlir::Value> &)>;

  ConstantEmitter(mlir::ModuleOp module, std::string prefix)
      : module(module), b(module.getContext()), loc(module.getLoc()),
        pointer(mlir::LLVM::LLVMPointerType::get(module.getContext())), prefix(std::move(prefix)) {
    b.setInsertionPointToEnd(module.getBody());
  }

  mlir::Value i32(int64_t c);
  mlir::Value i64(int64_t c);
  mlir::Value f32(float c);
  mlir::Value null();
  mlir::Value addressOf(llvm::StringRef symbol);
  mlir::Type structOf(llvm::ArrayRef<mlir::Type> fields) {
    return mlir::LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
  }

  /// These give the constant's symbol. A zero is added to the text.
  std::string emitString(llvm::StringRef text);
  /// A constant of an aggregate type whose elements `fill` makes.
  std::string emitAggregate(mlir::Type type, Fill fill);
  /// `count` structures of one type.
  std::string emitArray(mlir::Type element, size_t count,
                        llvm::function_ref<void(size_t index, llvm::SmallVectorImpl<mlir::Value> &fields)> fill);

protected:
  mlir::ModuleOp module;
  mlir::OpBuilder b;
  mlir::Location loc;
  mlir::Type pointer;

private:
  std::string nextSymbol() { return prefix + std::to_string(counter++); }

  std::string prefix;
  unsigned counter = 0;
};

} // namespace nibble

#endif // NIBBLE_CODEGEN_CONSTANTEMITTER_H
