// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions element by element: of any rank, with weights that are computed at run time.

#include "Convolution.h"
#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Plain floats: what a scalar program computes with.
static SmallVector<Value> floatOperands(Node &node, const Convolution &conv) {
  SmallVector<Value> operands = {dequantized(node, conv.input), dequantized(node, conv.filter)};
  if (conv.bias)
    operands.push_back(dequantized(node, conv.bias));
  return operands;
}

static Scalar startOf(Body &b, const Convolution &conv, Scalar channel) {
  return conv.bias ? b.read(2, {channel}) : b.constant(b.getF32Type(), 0);
}

/// [first, indices...] with a channel between.
static Scalars withChannel(Scalar first, Scalar channel, ArrayRef<Scalar> indices) {
  Scalars all = {first, channel};
  llvm::append_range(all, indices);
  return all;
}

Value nibble::onnximport::generateConv(Node &node, const Convolution &conv) {
  return node.generate(conv.shape, node.importer.builder.getF32Type(), floatOperands(node, conv), [&](Body &b) {
    Scalar sample = b.index(0), output = b.index(1), inputs = b.extent(1, 1);
    Scalar perGroup = b.div(b.extent(1, 0), b.integer(conv.groups));
    Scalar first = b.mul(b.div(output, perGroup), inputs);
    return forEachTap(b, conv.window, 0, {startOf(b, conv, output)}, [&](const Tap &tap, ArrayRef<Scalar> acc) {
      return b.loop(inputs, acc, [&](Scalar channel, ArrayRef<Scalar> acc) -> Scalars {
        Scalar x = b.read(0, withChannel(sample, b.add(first, channel), tap.position));
        Scalar w = b.read(1, withChannel(output, channel, tap.offset));
        return {b.fma(x, w, acc[0])};
      });
    })[0];
  });
}

Value nibble::onnximport::generateConvTranspose(Node &node, const Convolution &conv) {
  return node.generate(conv.shape, node.importer.builder.getF32Type(), floatOperands(node, conv), [&](Body &b) {
    Scalar sample = b.index(0), output = b.index(1), outputs = b.extent(1, 1);
    Scalar inputs = b.div(b.extent(1, 0), b.integer(conv.groups));
    Scalar first = b.mul(b.div(output, outputs), inputs), filter = b.rem(output, outputs);
    return forEachSource(b, conv.window, 0, {startOf(b, conv, output)}, [&](const Tap &tap, ArrayRef<Scalar> acc) {
      return b.loop(inputs, acc, [&](Scalar channel, ArrayRef<Scalar> acc) -> Scalars {
        Scalar input = b.add(first, channel);
        Scalar x = b.read(0, withChannel(sample, input, tap.position));
        Scalar w = b.read(1, withChannel(input, filter, tap.offset));
        return {b.fma(x, w, acc[0])};
      });
    })[0];
  });
}
