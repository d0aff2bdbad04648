// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short spellings for the operations that kernels consist of.

#ifndef NIBBLE_LIB_KERNELS_KERNELBUILDER_H
#define NIBBLE_LIB_KERNELS_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "nibble/Kernels/ISA.h"

namespace nibble {
namespace kernels {

using mlir::Type;
using mlir::Value;
using mlir::ValueRange;
using mlir::VectorType;
using Values = llvm::SmallVector<Value>;

/// Emits into one kernel. Addresses are bytes; loads and stores assume an alignment of one byte unless told.
class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  KernelBuilder(mlir::Location loc, mlir::OpBuilder &builder, const ISA &isa)
      : ImplicitLocOpBuilder(loc, builder), isa(isa) {}

  const ISA &isa;

  Type i8() { return getI8Type(); }
  Type i16() { return getIntegerType(16); }
  Type i32() { return getI32Type(); }
  Type i64() { return getI64Type(); }
  Type f32() { return getF32Type(); }
  Type ptr() { return mlir::LLVM::LLVMPointerType::get(getContext()); }
  VectorType vec(int64_t lanes, Type element) { return VectorType::get({lanes}, element); }
  static int64_t lanesOf(Value vector) { return llvm::cast<VectorType>(vector.getType()).getNumElements(); }

  /// Of tiles, trips and offsets: an integer as wide as a pointer.
  Type index() { return getIntegerType(isa.pointerBits()); }
  Value constant(int64_t value) { return mlir::arith::ConstantIntOp::create(*this, index(), value); }
  Value constant64(int64_t value) { return mlir::arith::ConstantIntOp::create(*this, i64(), value); }
  /// A vector, or scalar, of type `type` with `value` in each lane.
  Value splat(Type type, int64_t value);
  Value splat(Type type, float value);

  Value add(Value a, Value b) { return create<mlir::arith::AddIOp>(a, b); }
  Value mul(Value a, Value b) { return create<mlir::arith::MulIOp>(a, b); }
  /// base + value * factor
  Value addMul(Value base, Value value, int64_t factor);

  /// pointer + offset
  Value at(Value pointer, int64_t offset);
  Value at(Value pointer, Value offset);
  Value load(Type type, Value pointer, unsigned alignment = 1);
  void store(Value value, Value pointer);
  /// args[index]
  Value argument(Value args, int64_t index);

  /// The dword or float at `pointer` in each lane.
  Value broadcastLoad(VectorType type, Value pointer);
  Value bitcast(Value vector, Type element);
  Value shuffle(Value a, Value b, llvm::ArrayRef<int64_t> indices);
  /// `count` lanes from `first` on.
  Value slice(Value vector, int64_t first, int64_t count);
  /// Stores the first `count` lanes exactly, by powers of two.
  void storePart(Value vector, int64_t count, Value pointer);

  Value intrinsic(llvm::StringRef name, Type result, ValueRange operands);

  /// a < b ? b : a and a > b ? b : a: one instruction, and a NaN in `a` stays.
  Value maxFloat(Value a, Value b);
  Value minFloat(Value a, Value b);
  /// Emits `body(iv, carried)` for iv in [0, count) and gives what it carries on; no loop where one trip is enough.
  Values loop(int64_t count, ValueRange carried, llvm::function_ref<Values(Value, ValueRange)> body);
  void loop(Value begin, Value end, llvm::function_ref<void(Value)> body);
  void loop(int64_t count, llvm::function_ref<void(Value)> body);

  template <typename Op, typename... Args>
  Value create(Args &&...args) {
    return Op::create(*this, std::forward<Args>(args)...);
  }
};

/// Emits the function of a kernel round `body`.
mlir::func::FuncOp defineKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol, const ISA &isa,
                                llvm::function_ref<void(KernelBuilder &, Value args, Value begin, Value end)> body);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_KERNELBUILDER_H
