// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One step of RNN, GRU and LSTM. A state that is null is zero, and what it would be multiplied with is left out.

#include "Recurrent.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Value Cell::gates(Value all, int64_t first, int64_t count) const {
  return node.sliceAlong(all, node.shapeOf(all).size() - 1, first * hidden, count * hidden);
}

Value Cell::activate(unsigned which, Value value) const {
  if (clip)
    value = node.unary<ClipOp>(value, APFloat(-*clip), APFloat(*clip));
  const Activation &activation = activations[which];
  return activation.apply(node, value, activation.alpha, activation.beta);
}

Value Cell::addProduct(Value input, Value state, Value weights, const Twine &name) const {
  if (!state)
    return input;
  Value product = node.matmul(state, weights, Value());
  node.nameStep(product, name);
  return node.binary<AddOp>(input, product);
}

/// 1 - x.
static Value complement(Node &node, Value x) { return node.binary<SubOp>(node.floats(1.0f), x); }

/// H' = f(x + H·R)
CellState nibble::onnximport::stepRNN(const Cell &cell, const CellState &before, Value input, StringRef step) {
  return {cell.activate(0, cell.addProduct(input, before.hidden, cell.weights, ".product" + step)), Value()};
}

/// z, r = f(x + H·R); h = g(x + (r * H)·R), or g(x + r * (H·R + b)); H' = (1 - z) * h + z * H
CellState nibble::onnximport::stepGRU(const Cell &cell, const CellState &before, Value input, StringRef step) {
  Node &node = cell.node;
  Value both =
      cell.addProduct(cell.gates(input, 0, 2), before.hidden, cell.gates(cell.weights, 0, 2), ".product" + step);
  Value updateReset = cell.activate(0, both), last = cell.gates(input, 2), weights = cell.gates(cell.weights, 2);
  Value update = cell.gates(updateReset, 0), reset = cell.gates(updateReset, 1);
  if (cell.resetsProduct) {
    Value product = before.hidden ? node.matmul(before.hidden, weights, Value()) : Value();
    if (product)
      node.nameStep(product, ".candidate" + step);
    if (product && cell.resetBias)
      product = node.binary<AddOp>(product, cell.resetBias);
    else if (!product)
      product = cell.resetBias;
    if (product)
      last = node.binary<AddOp>(last, node.binary<MulOp>(reset, product));
  } else if (before.hidden) {
    Value rest = node.binary<MulOp>(reset, before.hidden);
    node.nameStep(rest, ".reset" + step);
    last = cell.addProduct(last, rest, weights, ".candidate" + step);
  }
  Value next = node.binary<MulOp>(complement(node, update), cell.activate(1, last));
  if (before.hidden)
    next = node.binary<AddOp>(next, node.binary<MulOp>(update, before.hidden));
  return {next, Value()};
}

/// `gate` and the peephole `which` of the cell's state.
static Value peep(const Cell &cell, Value gate, int64_t which, Value state) {
  if (!cell.peepholes || !state)
    return gate;
  return cell.node.binary<AddOp>(gate, cell.node.binary<MulOp>(state, cell.gates(cell.peepholes, which)));
}

/// i, f = f(x + H·R + p * C); C' = f * C + i * g(x + H·R); o = f(x + H·R + p * C'); H' = o * h(C')
CellState nibble::onnximport::stepLSTM(const Cell &cell, const CellState &before, Value input, StringRef step) {
  Node &node = cell.node;
  Value all = cell.addProduct(input, before.hidden, cell.weights, ".product" + step);
  Value in = cell.activate(0, peep(cell, cell.gates(all, 0), 0, before.cell));
  Value state = node.binary<MulOp>(in, cell.activate(1, cell.gates(all, 3)));
  if (before.cell) {
    Value forget =
        cell.couplesForget ? complement(node, in) : cell.activate(0, peep(cell, cell.gates(all, 2), 2, before.cell));
    state = node.binary<AddOp>(node.binary<MulOp>(forget, before.cell), state);
  }
  Value out = cell.activate(0, peep(cell, cell.gates(all, 1), 1, state));
  const Activation &last = cell.activations[2];
  return {node.binary<MulOp>(out, last.apply(node, state, last.alpha, last.beta)), state};
}
