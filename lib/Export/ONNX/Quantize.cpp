// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between real and quantized values.

#include "Exporter.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

/// quantize and requantize: the result is quantized by `setReal`.
static void exportQuantize(Exporter &exporter, Operation *op) {
  Value input = op->getOperand(0);
  Form form = exporter.isImage(input) ? Form::Image : Form::Plain;
  exporter.setReal(op, exporter.real(input, form), form);
}

static void exportDequantize(Exporter &exporter, Operation *operation) {
  auto op = cast<DequantizeOp>(operation);
  if (op.getInput().getDefiningOp<ConstantOp>())
    return; // written where it is read
  Form form = exporter.isImage(op.getInput()) ? Form::Image : Form::Plain;
  exporter.set(op, exporter.real(op.getInput(), form, exporter.storedName(op, form)), form);
}

static void exportObserve(Exporter &exporter, Operation *op) {
  exporter.stored(op->getOperand(0), exporter.isImage(op->getOperand(0)) ? Form::Image : Form::Plain);
  exporter.alias(op->getResult(0), op->getOperand(0));
}

void nibble::onnxexport::addQuantization(TranslatorTable &table) {
  table["nibble.quantize"] = exportQuantize;
  table["nibble.requantize"] = exportQuantize;
  table["nibble.dequantize"] = exportDequantize;
  table["nibble.observe"] = exportObserve;
}
