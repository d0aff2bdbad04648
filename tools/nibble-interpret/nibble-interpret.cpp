// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs every function without arguments of an MLIR file in the reference interpreter and prints its results, for tests.

#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Dialect/Nibble/ShapeUtils.h"
#include "nibble/InitAll.h"
#include "nibble/Reference/Interpreter.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace nibble;
using reference::Tensor;

/// Enough digits to tell a float from its neighbours.
static void printReal(FloatType type, const APInt &bits) {
  APFloat value(type.getFloatSemantics(), bits);
  bool lost;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  if (value.isNaN())
    llvm::outs() << "nan"; // a NaN's sign is not specified
  else
    llvm::outs() << llvm::format(type.isF64() ? "%.17g" : "%.9g", value.convertToDouble());
}

/// Integers without a sign are signed, but i1 is 0 or 1. Of fewer bits than 8 the low ones count.
static void printElement(const Tensor &tensor, int64_t i) {
  Type type = tensor.elementType;
  if (auto quantized = dyn_cast<quant::QuantizedType>(type))
    type = getStorageElementType(quantized);
  const int64_t bytes = *getElementBytes(type);
  uint64_t data = 0;
  std::memcpy(&data, tensor.data.data() + i * bytes, bytes);
  APInt bits(type.getIntOrFloatBitWidth(), data, /*isSigned=*/false, /*implicitTrunc=*/true);
  if (auto real = dyn_cast<FloatType>(type))
    printReal(real, bits);
  else
    bits.print(llvm::outs(), /*isSigned=*/!type.isUnsignedInteger() && !type.isInteger(1));
}

/// "[2, 3]xf32 [1, 2, 3, 4, 5, 6]"
static void print(const Tensor &tensor) {
  llvm::outs() << "  " << formatShape(tensor.shape) << " " << tensor.elementType << " = [";
  for (int64_t i = 0; i < tensor.getCount(); ++i) {
    llvm::outs() << (i ? ", " : "");
    printElement(tensor, i);
  }
  llvm::outs() << "]\n";
}

/// False if a function could not be executed; its error is printed where its results would be.
static bool run(func::FuncOp function) {
  llvm::outs() << "@" << function.getName() << "\n";
  auto results = reference::interpret(function, {});
  if (!results) {
    llvm::outs() << "  error: " << llvm::toString(results.takeError()) << "\n";
    return false;
  }
  for (const Tensor &tensor : *results)
    print(tensor);
  return true;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::opt<std::string> path(llvm::cl::Positional, llvm::cl::desc("<file.mlir>"), llvm::cl::init("-"));
  llvm::cl::ParseCommandLineOptions(argc, argv, "Runs functions without arguments in the reference interpreter\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, &context);
  if (!module)
    return 1;
  bool good = true;
  for (auto function : module->getOps<func::FuncOp>())
    if (function.getNumArguments() == 0)
      good &= run(function);
  return good ? 0 : 1;
}
