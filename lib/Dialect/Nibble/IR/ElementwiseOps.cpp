// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise functions: scalar definitions and verifiers.

#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;

LogicalResult ReluOp::verify() { return success(); }
float ReluOp::evaluate(float x) { return x; }
LogicalResult SigmoidOp::verify() { return success(); }
float SigmoidOp::evaluate(float x) { return x; }
LogicalResult TanhOp::verify() { return success(); }
float TanhOp::evaluate(float x) { return x; }
LogicalResult HardSwishOp::verify() { return success(); }
float HardSwishOp::evaluate(float x) { return x; }
LogicalResult GeluOp::verify() { return success(); }
float GeluOp::evaluate(float x) { return x; }
LogicalResult SiluOp::verify() { return success(); }
float SiluOp::evaluate(float x) { return x; }
LogicalResult SoftplusOp::verify() { return success(); }
float SoftplusOp::evaluate(float x) { return x; }
LogicalResult ErfOp::verify() { return success(); }
float ErfOp::evaluate(float x) { return x; }
LogicalResult ExpOp::verify() { return success(); }
float ExpOp::evaluate(float x) { return x; }
LogicalResult LogOp::verify() { return success(); }
float LogOp::evaluate(float x) { return x; }
LogicalResult SqrtOp::verify() { return success(); }
float SqrtOp::evaluate(float x) { return x; }
LogicalResult ReciprocalOp::verify() { return success(); }
float ReciprocalOp::evaluate(float x) { return x; }
LogicalResult NegOp::verify() { return success(); }
float NegOp::evaluate(float x) { return x; }
LogicalResult AbsOp::verify() { return success(); }
float AbsOp::evaluate(float x) { return x; }
LogicalResult FloorOp::verify() { return success(); }
float FloorOp::evaluate(float x) { return x; }
LogicalResult CeilOp::verify() { return success(); }
float CeilOp::evaluate(float x) { return x; }
LogicalResult RoundOp::verify() { return success(); }
float RoundOp::evaluate(float x) { return x; }
LogicalResult LeakyReluOp::verify() { return success(); }
float LeakyReluOp::evaluate(float x) { return x; }
LogicalResult EluOp::verify() { return success(); }
float EluOp::evaluate(float x) { return x; }
LogicalResult HardSigmoidOp::verify() { return success(); }
float HardSigmoidOp::evaluate(float x) { return x; }
LogicalResult ClipOp::verify() { return success(); }
float ClipOp::evaluate(float x) { return x; }
LogicalResult AddOp::verify() { return success(); }
LogicalResult SubOp::verify() { return success(); }
LogicalResult MulOp::verify() { return success(); }
LogicalResult DivOp::verify() { return success(); }
LogicalResult PowOp::verify() { return success(); }
LogicalResult MinOp::verify() { return success(); }
LogicalResult MaxOp::verify() { return success(); }
