// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code of the scalar programs of nibble.generate.

#ifndef NIBBLE_LIB_KERNELS_SCALAREMITTER_H
#define NIBBLE_LIB_KERNELS_SCALAREMITTER_H

#include "KernelBuilder.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Kernels/Generate.h"

namespace nibble {
namespace kernels {

/// Emits a body at one place. Its values are those of the program, but floats that the machine does not compute with
/// are integers of their bits.
class ScalarEmitter {
public:
  ScalarEmitter(KernelBuilder &b, const GenerateParams &params, Value args);

  /// The element at `indices`, each of the kernel's index type.
  Value emit(ValueRange indices);
  /// Stores an element of the result.
  void store(Value value, Value pointer);

private:
  Value get(Value value) const { return values.lookup(value); }
  void emitBlock(mlir::Block &block);
  void emitOperation(mlir::Operation &op);
  /// The value of an operation with one result.
  Value emitValue(mlir::Operation &op);
  Value clone(mlir::Operation &op);
  void emitLoop(mlir::scf::ForOp loop);
  void emitBranch(mlir::scf::IfOp branch);
  Value emitRead(ReadOp op);
  Value emitApply(ApplyOp op);
  /// The index, moved into [0, extent) unless it is known to lie there.
  Value clamp(Value index, const Extent &extent);
  /// Whether the result's own extents keep an index of the program below `extent`.
  bool isBelow(Value index, const Extent &extent) const;
  /// Whether `input` may be without elements though the result is not.
  bool mayBeEmpty(const GenerateInput &input, ReadOp op) const;
  Value load(ReadOp op, const GenerateInput &input, Value pointer);
  Value indexOf(const Extent &extent);
  /// The least and the largest value that an index of the program may have.
  std::pair<int64_t, int64_t> getRange(Value index) const;
  std::pair<int64_t, int64_t> getArgumentRange(mlir::BlockArgument argument) const;

  KernelBuilder &b;
  const GenerateParams &params;
  Values pointers;
  llvm::DenseMap<Value, Value> values;
  /// That nothing which is read changes: the only memory that the kernel writes is the result's.
  mlir::ArrayAttr written;
};

/// Division, remainder, shift or conversion to an integer, defined for all operands; null if `op` is something else.
Value emitDefined(KernelBuilder &b, mlir::Operation &op, ValueRange operands);

/// Whether values of the type are integers of their bits in kernels.
bool isSmallFloat(Type type);
/// The type that a program's values have in kernels.
Type getKernelType(Type type);
/// `bits`, of the small float type `from`, as an f32.
Value extendSmallFloat(KernelBuilder &b, Value bits, Type from);
/// An f32 or f64 rounded to the small float type `to`: its bits.
Value truncateToSmallFloat(KernelBuilder &b, Value value, Type to);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_SCALAREMITTER_H
