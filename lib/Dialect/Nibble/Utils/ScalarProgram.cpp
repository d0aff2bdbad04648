// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What scalar programs consist of, and their text.

#include "nibble/Dialect/Nibble/ScalarProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nibble;

static constexpr ScalarFunction functionTable[] = {
    {"exp", 1},  {"log", 1},  {"tanh", 1}, {"erf", 1},  {"sin", 1},   {"cos", 1},   {"tan", 1},   {"asin", 1},
    {"acos", 1}, {"atan", 1}, {"sinh", 1}, {"cosh", 1}, {"asinh", 1}, {"acosh", 1}, {"atanh", 1}, {"pow", 2}};

const ScalarFunction *nibble::lookupScalarFunction(StringRef name) {
  const ScalarFunction *found = llvm::find_if(functionTable, [&](const ScalarFunction &f) { return f.name == name; });
  return found == std::end(functionTable) ? nullptr : found;
}

bool nibble::isScalarOperation(Operation *op) {
  return isa<
      // Values and choices.
      arith::ConstantOp, arith::SelectOp, arith::CmpIOp, arith::CmpFOp, arith::BitcastOp,
      // Integers.
      arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
      arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::ShLIOp, arith::ShRSIOp, arith::ShRUIOp, arith::MinSIOp,
      arith::MaxSIOp, arith::MinUIOp, arith::MaxUIOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp,
      arith::IndexCastOp, arith::IndexCastUIOp,
      // Floats.
      arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp, arith::MinimumFOp, arith::MaximumFOp,
      arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp, arith::FPToUIOp, arith::ExtFOp, arith::TruncFOp, math::FmaOp,
      math::SqrtOp, math::AbsFOp, math::FloorOp, math::CeilOp, math::RoundEvenOp, math::CopySignOp,
      // Structure.
      scf::ForOp, scf::IfOp, scf::YieldOp, ReadOp, ExtentOp, ExtentValueOp, ApplyOp, YieldOp>(op);
}

bool nibble::acceptsFloat(Operation *op, Type type) {
  // What copies a float, or only looks at its bits.
  if (isa<arith::ConstantOp, arith::SelectOp, arith::BitcastOp, arith::ExtFOp, ReadOp, YieldOp, scf::YieldOp,
          scf::ForOp, scf::IfOp>(op))
    return true;
  if (isa<arith::TruncFOp>(op)) // what it rounds to has no zero, and no sign
    return !isa<Float8E8M0FNUType>(type);
  return type.isF32() || (type.isF64() && !isa<math::FmaOp>(op));
}

namespace {
/// Numbers values in the order of their definitions.
class Printer {
public:
  explicit Printer(llvm::raw_ostream &os) : os(os) {}

  void print(Region &region) {
    for (Block &block : region) {
      os << "{";
      for (BlockArgument argument : block.getArguments())
        define(argument);
      for (Operation &op : block)
        print(op);
      os << "}";
    }
  }

private:
  void define(Value value) {
    numbers[value] = numbers.size();
    os << " %" << numbers.lookup(value) << ":" << value.getType();
  }
  void print(Operation &op) {
    os << "\n" << op.getName();
    for (Value operand : op.getOperands())
      os << " %" << numbers.lookup(operand);
    os << " " << op.getAttrDictionary() << " ->";
    for (Value result : op.getResults())
      define(result);
    for (Region &region : op.getRegions())
      print(region);
  }

  llvm::raw_ostream &os;
  llvm::DenseMap<Value, unsigned> numbers;
};
} // namespace

std::string nibble::printScalarProgram(Region &body) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Printer(os).print(body);
  return text;
}
