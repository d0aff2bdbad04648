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
#include "nibble/Kernels/Launch.h"
#include "nibble/Support/Extent.h"

namespace nibble {
namespace kernels {

using mlir::Type;
using mlir::Value;
using mlir::ValueRange;
using mlir::VectorType;
using Values = llvm::SmallVector<Value>;

/// Emits into one kernel. Addresses are bytes; loads and stores assume an alignment of one byte unless told. Where an
/// extent is dynamic, its value is computed once, at the kernel's entry.
class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  KernelBuilder(mlir::Location loc, mlir::OpBuilder &builder, const ISA &isa)
      : ImplicitLocOpBuilder(loc, builder), isa(isa) {}

  /// Begins the body of a kernel, which finds the model's dynamic dimensions before its arguments.
  void enter(mlir::Block *block);

  const ISA &isa;
  /// Of a kernel for a GPU: its tiles, a thread each, unless the emitter cuts it otherwise.
  Launch launch;
  /// Of a kernel for a GPU: what the addresses of its first arguments are known to be multiples of.
  llvm::SmallVector<int64_t> alignments;
  int64_t alignmentOf(int64_t argument) const {
    return argument < int64_t(alignments.size()) ? alignments[argument] : 1;
  }

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
  /// The value of `extent`.
  Value constant(const Extent &extent);
  Value constant64(int64_t value) { return mlir::arith::ConstantIntOp::create(*this, i64(), value); }
  /// The same as floats, rounded to the nearest, in each lane of a vector of f32.
  Value floats(VectorType type, const Extent &extent);
  /// A vector, or scalar, of type `type` with `value` in each lane.
  Value splat(Type type, int64_t value);
  Value splat(Type type, float value);

  Value add(Value a, Value b) { return create<mlir::arith::AddIOp>(a, b); }
  Value mul(Value a, Value b) { return create<mlir::arith::MulIOp>(a, b); }
  /// base + value * factor
  Value addMul(Value base, Value value, const Extent &factor);

  /// The last digit of `number` in base `count`; `number` becomes what stands before it.
  Value takeDigit(Value &number, const Extent &count);

  /// pointer + offset
  Value at(Value pointer, const Extent &offset);
  Value at(Value pointer, Value offset);
  /// `bytes` of the stack, aligned to 64; may be asked for inside of loops.
  Value stackMemory(int64_t bytes);
  Value load(Type type, Value pointer, unsigned alignment = 1);
  void store(Value value, Value pointer, unsigned alignment = 1);
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
  /// Of what is no NaN, and where the sign of a zero does not matter.
  Value clampNumber(Value x, Value low, Value high);
  /// Emits `body(iv, carried)` for iv in [0, count) and gives what it carries on; no loop where it is known that one
  /// trip is enough.
  Values loop(const Extent &count, ValueRange carried, llvm::function_ref<Values(Value, ValueRange)> body);
  void loop(Value begin, Value end, llvm::function_ref<void(Value)> body);
  void loop(const Extent &count, llvm::function_ref<void(Value)> body);
  /// Emits `body` under a condition, of type i1; carries on what it gives, or `carried` where the condition is false.
  Values when(Value condition, ValueRange carried, llvm::function_ref<Values()> body);
  void when(Value condition, llvm::function_ref<void()> body);
  /// Either `then` or `otherwise`.
  void whenElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);

  template <typename Op, typename... Args>
  Value create(Args &&...args) {
    return Op::create(*this, std::forward<Args>(args)...);
  }

private:
  /// Emits at the entry, behind what was emitted there before.
  Value atEntry(llvm::function_ref<Value()> emit);
  Value dimension(unsigned index);

  mlir::Block *entry = nullptr;
  mlir::Operation *lastAtEntry = nullptr;
  Value dimensions; ///< the array
  llvm::SmallVector<std::pair<Extent, Value>> dynamicValues;
};

/// Emits the function of a kernel of `tiles` tiles round `body`.
mlir::func::FuncOp defineKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol, const ISA &isa,
                                const Extent &tiles,
                                llvm::function_ref<void(KernelBuilder &, Value args, Value begin, Value end)> body);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_KERNELBUILDER_H
