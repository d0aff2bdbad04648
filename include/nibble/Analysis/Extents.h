// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents of a function's values by the dynamic dimensions of its arguments.

#ifndef NIBBLE_ANALYSIS_EXTENTS_H
#define NIBBLE_ANALYSIS_EXTENTS_H

#include "nibble/Support/Extent.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <string>

namespace nibble {
class IfOp;
class LoopOp;

/// Of a function: pairs of extents (`#nibble.extents`) that must be equal, or a run refuses the dimensions.
inline constexpr llvm::StringLiteral kRequirementsAttr = "nibble.requirements";

/// The dynamic dimensions d0, d1, … of a function's arguments: the distinct names in `nibble.dims`, in the order of
/// arguments and axes. A dynamic extent without a name is a dimension of its own.
class ArgumentDims {
public:
  explicit ArgumentDims(mlir::func::FuncOp function);

  /// The names. One that has none is called after its argument and axis, "x.0".
  llvm::ArrayRef<std::string> getNames() const { return names; }
  /// The extents of an argument, a ranked tensor.
  llvm::ArrayRef<Extent> getExtents(unsigned argument) const { return extents[argument]; }

private:
  /// The dimension called `name`, a new one if there is none.
  Extent getDim(llvm::StringRef name);

  llvm::SmallVector<std::string> names;
  llvm::SmallVector<llvm::SmallVector<Extent>> extents;
};

/// The names of the dynamic dimensions, see ArgumentDims.
llvm::SmallVector<std::string> getDimNames(mlir::func::FuncOp function);

/// Writes the names of all dimensions of the arguments, so that they keep their numbers where types tell of fewer.
void nameDims(mlir::func::FuncOp function, const ArgumentDims &dims);

/// Whether what `op` computes depends on the dynamic dimensions, beside its operands: it has extents that they give.
bool readsDims(mlir::Operation *op);

/// The extent of two that broadcast: one is 1, or both are equal. Of a static one and another it is the static one, of
/// n and min(n, 512) it is n: the two must then be equal when the model runs. None of others, which may or may not
/// broadcast.
std::optional<Extent> broadcastExtents(const Extent &a, const Extent &b);

/// Extents that must be equal when the model runs, or `op` cannot be executed; null where the function says so.
struct ExtentRequirement {
  Extent lhs, rhs;
  mlir::Operation *op;
};

/// The extents of all values of a function of nibble operations.
class ExtentAnalysis {
public:
  explicit ExtentAnalysis(mlir::func::FuncOp function);

  /// One extent a dimension; none if they cannot be told. Those that the type knows are static.
  std::optional<llvm::SmallVector<Extent>> get(mlir::Value value) const;
  /// Why `get` tells none, naming the operation: "nibble.add (node 'sum'): …".
  std::string whyUnknown(mlir::Value value) const;
  /// What must hold of the dimensions, that is not known to hold for all. An access outside of a tensor is among it.
  llvm::ArrayRef<ExtentRequirement> getRequirements() const { return requirements; }
  const ArgumentDims &getDims() const { return dims; }

private:
  void visit(mlir::Block &block);
  void visit(mlir::Operation *op);
  void visitLoop(LoopOp loop);
  void visitIf(IfOp branch);
  void copy(mlir::Value from, mlir::Value to);
  void require(const Extent &lhs, const Extent &rhs, mlir::Operation *op);
  void requireSame(mlir::Value a, mlir::Value b, mlir::Operation *op);
  Extent useRequirements(Extent extent) const;

  ArgumentDims dims;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Extent>> extents;
  llvm::DenseMap<mlir::Value, std::string> reasons;
  llvm::SmallVector<ExtentRequirement> requirements;
};

} // namespace nibble

#endif // NIBBLE_ANALYSIS_EXTENTS_H
