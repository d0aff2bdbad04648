// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RNN, GRU and LSTM: one direction's cell, which is unrolled.

#ifndef NIBBLE_LIB_IMPORT_ONNX_RECURRENT_H
#define NIBBLE_LIB_IMPORT_ONNX_RECURRENT_H

#include "Importer.h"

namespace nibble::onnximport {

/// A function of the attribute `activations`.
struct Activation {
  mlir::Value (*apply)(Node &, mlir::Value, float alpha, float beta);
  float alpha, beta;
};

/// The functions of one direction and those of the next, in the order in which the attributes list them. `defaults` are
/// those of one direction.
llvm::SmallVector<Activation> readActivations(Node &node, llvm::ArrayRef<llvm::StringRef> defaults, size_t directions);

/// What goes from one step to the next, [batch, hidden]; null for zeros.
struct CellState {
  mlir::Value hidden, cell;
};

/// One direction of a node.
struct Cell {
  Node &node;
  int64_t hidden;
  llvm::ArrayRef<Activation> activations;
  /// [hidden, gates * hidden]
  mlir::Value weights;
  /// GRU: what is added to the last gate's product before it is reset, [hidden]; null for none.
  mlir::Value resetBias;
  /// LSTM: for the gates i, o and f, [3 * hidden]; null for none.
  mlir::Value peepholes;
  std::optional<float> clip;
  /// LSTM: the forget gate is what the input gate leaves.
  bool couplesForget = false;
  /// GRU: the reset gate works on the product, not on the state.
  bool resetsProduct = false;

  /// Columns of `count` gates from `first` on.
  mlir::Value gates(mlir::Value all, int64_t first, int64_t count = 1) const;
  /// Function `which` of the clipped value.
  mlir::Value activate(unsigned which, mlir::Value value) const;
  /// `input` and the state's product with some gates' weights. Products, and what they read, are named: they are what a
  /// quantized model quantizes.
  mlir::Value addProduct(mlir::Value input, mlir::Value state, mlir::Value weights, const llvm::Twine &name) const;
};

/// The state behind a step, from that before it and from the input's product, [batch, gates * hidden], which has the
/// biases. `step` ends the names of what is computed.
using CellStep = CellState (*)(const Cell &cell, const CellState &before, mlir::Value input, llvm::StringRef step);

CellState stepRNN(const Cell &cell, const CellState &before, mlir::Value input, llvm::StringRef step);
CellState stepGRU(const Cell &cell, const CellState &before, mlir::Value input, llvm::StringRef step);
CellState stepLSTM(const Cell &cell, const CellState &before, mlir::Value input, llvm::StringRef step);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_RECURRENT_H
