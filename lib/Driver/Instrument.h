// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Graphs that return more than the model's outputs, so that any way of running them measures it.

#ifndef NIBBLE_LIB_DRIVER_INSTRUMENT_H
#define NIBBLE_LIB_DRIVER_INSTRUMENT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <string>
#include <vector>

namespace nibble::driver {

/// Attribute of a result that was added: the name of the float value that it is.
inline constexpr llvm::StringLiteral kObservedAttr = "nibble.observed";

/// Removes each `nibble.observe` and makes its operand one more result of the function, behind the model's own.
void returnObserved(mlir::func::FuncOp function);

/// Makes `values` results of the function, behind those it has.
void returnValues(mlir::func::FuncOp function, llvm::ArrayRef<mlir::Value> values);

/// A value that is computed twice, and the nodes that compute it.
struct IsolatedValue {
  std::string name;
  std::vector<std::string> nodes;
  std::vector<std::string> operands; // the values that they read in int8, without the model's inputs
  double scale = 0;                  // of its quantized type
  unsigned width = 8;                // and its bits
  bool hasNarrowWeights = false;     // of fewer than 8 bits, by the plan
};

/// To be applied behind the plan phase: makes the graph float again, and computes each value that has a quantized type
/// a second time from exact operands, with a dequantize before and a quantize behind it, which the quantize phase makes
/// integer. Both become results, in turns behind the model's own: what error each node adds by itself can be measured.
std::vector<IsolatedValue> isolateErrors(mlir::func::FuncOp function);

/// To be applied to a float graph: computes the products of `nodes` that have the mode a second time with a dynamic
/// range, which the quantize phase makes of them. Both results become the function's, in turns behind its own.
std::vector<IsolatedValue> isolateDynamic(mlir::func::FuncOp function, const llvm::StringSet<> &nodes);

/// A value whose rounding a run switches on.
struct SwitchedValue {
  std::string name;
  std::vector<std::string> nodes; // that make it or read it in its quantized type
  int64_t work = 0;               // multiplications of the products that read it, and its elements
};

/// The input of what `switchRounding` makes: float32, one element a value.
inline constexpr llvm::StringLiteral kSwitchesInput = "nibble.switches";

/// To be applied behind the plan phase: makes the graph float again, where each value x that has a quantized type of 8
/// bits becomes x + s * (dequantize(quantize(x)) - x). The factors s are one more input, `kSwitchesInput`: 1 for what
/// is rounded and 0 for what is exact, so that one program measures what each value's rounding does to the outputs.
std::vector<SwitchedValue> switchRounding(mlir::func::FuncOp function);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_INSTRUMENT_H
