// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators on quantized values: ONNX's QLinear family and onnxruntime's.

#include "Quant.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

void nibble::onnximport::addQuantizedOperators(TranslatorTable &table) {}
