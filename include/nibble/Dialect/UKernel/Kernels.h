// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the plain kernels, all but the convolutions, are made of.

#ifndef NIBBLE_DIALECT_UKERNEL_KERNELS_H
#define NIBBLE_DIALECT_UKERNEL_KERNELS_H

#include "nibble/Dialect/UKernel/IRArith.h"
#include "nibble/Dialect/UKernel/UKernel.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nibble::ukernel {

/// Whether `ukernel.unary` has a function of that name.
bool isKnownFunction(llvm::StringRef name);

/// How many parameters it takes.
unsigned getParameterCount(llvm::StringRef name);

/// `ui8`, `i8`, `i32` or `f32` as `u8`, `s8`, `s32` or `f32`.
std::string spell(mlir::Type elementType);

/// The text that tells kernels apart: types of operands and results, and attributes but `offset`.
std::string getGenericKey(mlir::Operation *op);

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// A kernel under construction: `void symbol(void *const *args, int64_t begin, int64_t end)`.
class KernelFunction {
public:
  /// Opens the function and loads `count` pointers. `tile` emits the body for one tile.
  KernelFunction(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol, unsigned count,
                 llvm::function_ref<void(KernelFunction &, mlir::Value tile)> tile);

  mlir::OpBuilder &b;
  mlir::Location loc;
  llvm::SmallVector<mlir::Value> pointers;

  mlir::Value index(int64_t c);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, int64_t y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value max(mlir::Value x, mlir::Value y);
  /// for (i = from; i < to; i += step) body(i)
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  void loop(int64_t count, llvm::function_ref<void(mlir::Value)> body) { loop(index(0), index(count), 1, body); }
  /// As `loop`, with values carried from one turn to the next.
  llvm::SmallVector<mlir::Value>
  reduce(mlir::Value from, mlir::Value to, int64_t step, mlir::ValueRange init,
         llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  /// if (condition) then(); else otherwise();
  void branch(mlir::Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise = {});
  /// condition ? then() : otherwise
  mlir::Value choose(mlir::Value condition, llvm::function_ref<mlir::Value()> then, mlir::Value otherwise);
  /// Splits [0, n) into runs of 16, 4 and 1 elements; body(start, lanes).
  void vectorLoop(int64_t n, llvm::function_ref<void(mlir::Value, int64_t)> body);
  /// `index` of a row-major shape, for each dimension.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value index, llvm::ArrayRef<int64_t> shape);

  mlir::Value address(unsigned pointer, mlir::Value element, int64_t elementBytes);
  /// `lanes` elements from `element` on, `stride` (0 or 1, or any for one lane) apart; bytes as i32 unless `raw`.
  mlir::Value load(unsigned pointer, mlir::Value element, mlir::Type type, int64_t lanes, bool broadcast = false,
                   bool raw = false);
  void store(unsigned pointer, mlir::Value element, mlir::Type type, int64_t lanes, mlir::Value value,
             bool raw = false);
};

//===----------------------------------------------------------------------===//
// Elementwise loops
//===----------------------------------------------------------------------===//

/// A loop nest over a result and operands whose addresses are affine in the result's indices.
struct LoopNest {
  LoopNest() = default;
  /// Operands by the result's indices: strides of 0 where they broadcast.
  LoopNest(BufferType result, llvm::ArrayRef<BufferType> operands);

  struct Access {
    mlir::Type type;
    llvm::SmallVector<int64_t> strides;
    /// Elements from the pointer to the first element.
    int64_t base = 0;
    /// Which pointer of the kernel; -1 is the last.
    int pointer = -1;
  };
  llvm::SmallVector<int64_t> extents;
  /// The result first.
  llvm::SmallVector<Access> accesses;

  /// Gives dimension i of the result to dimension `permutation[i]` of the operand.
  void permute(unsigned operand, BufferType type, llvm::ArrayRef<int64_t> permutation);
  /// Drops extents of 1 and merges dimensions that lie one behind the other in all buffers.
  void collapse();
  int64_t getTileCount() const;

  using Body = llvm::function_ref<mlir::Value(KernelFunction &, IRArith &, mlir::ValueRange)>;
  /// Emits result = body(operands) elementwise, for one tile. `raw` moves bytes as they are.
  void emitTile(KernelFunction &f, mlir::Value tile, Body body, bool raw = false) const;
  /// Emits a kernel of this nest alone. Pointers: the operands, then the result.
  void emit(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol, unsigned pointerCount, Body body,
            bool raw = false) const;

private:
  unsigned getTileDims() const;
};

/// Nests that write disjoint parts of one result. One with an operand copies it, one without stores `fill`.
struct CopyNests {
  llvm::SmallVector<LoopNest> nests;
  double fill = 0;

  /// The parts of `result`, a shape, outside of the box at `low` with `extents`.
  void addBorder(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> strides, mlir::Type type,
                 llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> extents);
  int64_t getTileCount() const;
  void emit(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol, unsigned pointerCount);
};

/// The kernel that fills the halo of a buffer; its one pointer is the memory's start.
CopyNests getHaloNests(BufferType type);

/// The pointers of an elementwise kernel: operands, then the result, each at its first element.
void getOriginArguments(mlir::Operation *op, llvm::SmallVectorImpl<KernelArgument> &arguments);

} // namespace nibble::ukernel

#endif // NIBBLE_DIALECT_UKERNEL_KERNELS_H
