// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs of dynamic extents, and what kernels of all families say of them.

#include "DynamicKernel.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Kernels/Table.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// The body of the `nibble.generate` in a function of this text; it lives as long as the process.
mlir::Region *parseBody(const std::string &text) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &kernelContext());
  if (!module)
    llvm::report_fatal_error(llvm::Twine("not valid: ") + text);
  auto function = module->lookupSymbol<mlir::func::FuncOp>("main");
  mlir::Region *body = &(*function.getOps<GenerateOp>().begin()).getBody();
  module.release();
  return body;
}

std::vector<char> runGenerate(const GenerateParams &p, Call call) {
  const auto bytesOfType = [](mlir::Type type) { return std::max<int64_t>(1, type.getIntOrFloatBitWidth() / 8); };
  std::vector<std::vector<char>> inputs;
  llvm::SmallVector<void *> args;
  for (const GenerateInput &input : p.inputs)
    inputs.push_back(
        elements(u8, reach(input.shape, input.strides, bytesOfType(input.element)), uint32_t(inputs.size() + 1)));
  for (std::vector<char> &input : inputs)
    args.push_back(input.data());
  Result out(reach(p.shape, p.outputStrides, bytesOfType(p.element)));
  args.push_back(out.data());
  call(args);
  return out.bytes;
}
const Family<GenerateParams> programs{whyNoGenerate, emitGenerate, generateTileCount, generateKernelKey, runGenerate};

/// A program of tensors of i32.
GenerateParams program(mlir::Region *body, const std::vector<Extents> &inputs, const Extents &shape) {
  mlir::Type i32 = mlir::IntegerType::get(&kernelContext(), 32);
  GenerateParams p;
  p.body = body;
  for (const Extents &input : inputs)
    p.inputs.push_back({i32, input, denseStrides(input, 4)});
  p.element = i32;
  p.shape = shape;
  p.outputStrides = denseStrides(shape, 4);
  return p;
}

TEST(DynamicGenerate, ReversesRows) {
  mlir::Region *body = parseBody(R"(
func.func @main(%x: tensor<?x?xi32>) -> tensor<?x?xi32> {
  %y = nibble.generate (%x : tensor<?x?xi32>) attributes {extents = #nibble.extents<[d0, d1]>} {
  ^bb0(%i: index, %j: index, %t: tensor<?x?xi32>):
    %n = nibble.extent %t[1] : tensor<?x?xi32>
    %one = arith.constant 1 : index
    %last = arith.subi %n, %one : index
    %from = arith.subi %last, %j : index
    %e = nibble.read %t[%i, %from] : tensor<?x?xi32> -> i32
    nibble.yield %e : i32
  } -> tensor<?x?xi32>
  return %y : tensor<?x?xi32>
})");
  const auto make = [&](const Extent &a, const Extent &b) { return program(body, {{a, b}}, {a, b}); };
  check<GenerateParams>(programs, make, false);
  // Pieces of one dimension, and many tiles.
  const auto large = [&](const Extent &a, const Extent &b) { return program(body, {{a, b * 400}}, {a, b * 400}); };
  check<GenerateParams>(programs, large, false);
  const auto one = [&](const Extent &a, const Extent &b) { return program(body, {{1, a * b * 97}}, {1, a * b * 97}); };
  check<GenerateParams>(programs, one, false);
}

/// Indices that lie outside on all sides; inputs that may have no elements where the result has.
TEST(DynamicGenerate, ReadsOutside) {
  mlir::Region *body = parseBody(R"(
func.func @main(%x: tensor<?x?xi32>, %z: tensor<?xi32>) -> tensor<?x7xi32> {
  %y = nibble.generate (%x, %z : tensor<?x?xi32>, tensor<?xi32>) attributes {extents = #nibble.extents<[d0, 7]>} {
  ^bb0(%i: index, %j: index, %t: tensor<?x?xi32>, %s: tensor<?xi32>):
    %two = arith.constant 2 : index
    %far = arith.constant 40 : index
    %before = arith.subi %i, %two : index
    %scaled = arith.muli %j, %two : index
    %least = arith.minsi %j, %far : index
    %a = nibble.read %t[%before, %scaled] : tensor<?x?xi32> -> i32
    %b = nibble.read %s[%i] : tensor<?xi32> -> i32
    %row = arith.index_cast %b : i32 to index
    %c = nibble.read %t[%row, %least] : tensor<?x?xi32> -> i32
    %d = arith.addi %a, %b : i32
    %e = arith.xori %d, %c : i32
    nibble.yield %e : i32
  } -> tensor<?x7xi32>
  return %y : tensor<?x7xi32>
})");
  const auto make = [&](const Extent &a, const Extent &b) { return program(body, {{b, a}, {b}}, {a, 7}); };
  check<GenerateParams>(programs, make, false);
  const auto within = [&](const Extent &a, const Extent &) { return program(body, {{a, 7}, {a}}, {a, 7}); };
  const auto sometimes = [&](const Extent &a, const Extent &b) { return program(body, {{b, 7}, {a + b}}, {a, 7}); };
  check<GenerateParams>(programs, within, false);
  check<GenerateParams>(programs, sometimes, false);
}

/// A loop to an extent, whose index is inside.
TEST(DynamicGenerate, SumsRows) {
  mlir::Region *body = parseBody(R"(
func.func @main(%x: tensor<?x?xi32>) -> tensor<?xi32> {
  %y = nibble.generate (%x : tensor<?x?xi32>) attributes {extents = #nibble.extents<[d0]>} {
  ^bb0(%i: index, %t: tensor<?x?xi32>):
    %n = nibble.extent %t[1] : tensor<?x?xi32>
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %init = arith.constant 0 : i32
    %sum = scf.for %k = %zero to %n step %one iter_args(%s = %init) -> i32 {
      %e = nibble.read %t[%i, %k] : tensor<?x?xi32> -> i32
      %next = arith.addi %s, %e : i32
      scf.yield %next : i32
    }
    nibble.yield %sum : i32
  } -> tensor<?xi32>
  return %y : tensor<?xi32>
})");
  const auto make = [&](const Extent &a, const Extent &b) { return program(body, {{a, b}}, {a}); };
  check<GenerateParams>(programs, make, false);
}

/// Rows of a causal mask, by an extent that is of no tensor.
TEST(DynamicGenerate, ComputesWithExtents) {
  const auto make = [](const Extent &a, const Extent &b) {
    mlir::Region *body = parseBody(R"(
func.func @main(%x: tensor<?x?xi32>) -> tensor<?x?xi32> {
  %y = nibble.generate (%x : tensor<?x?xi32>) attributes {extents = #nibble.extents<[d0, d1]>} {
  ^bb0(%i: index, %j: index, %t: tensor<?x?xi32>):
    %past = nibble.extent_value <[)" +
                                   (floorDiv(b, 3) - a + 2).str() + R"(]>
    %end = arith.addi %i, %past : index
    %seen = arith.cmpi slt, %j, %end : index
    %e = nibble.read %t[%i, %j] : tensor<?x?xi32> -> i32
    %n = arith.index_cast %past : index to i32
    %kept = arith.select %seen, %e, %n : i32
    nibble.yield %kept : i32
  } -> tensor<?x?xi32>
  return %y : tensor<?x?xi32>
})");
    return program(body, {{a, b}}, {a, b});
  };
  check<GenerateParams>(programs, make, false);
}

//===----------------------------------------------------------------------===//
// All families
//===----------------------------------------------------------------------===//

TEST(DynamicExtents, KeysSpellThem) {
  EXPECT_EQ(copyKernelKey(transposeCopy({d0, d1}, {1, 0}, 4)), "copy 4 of d1xd0 by 4x4 * d1 by 4 * d0x4");
  EXPECT_EQ(copyKernelKey(transposeCopy({3, 5}, {1, 0}, 4)), "copy 4 of 5x3 by 4x20 by 12x4");
}

TEST(DynamicExtents, TileCounts) {
  EXPECT_EQ(copyTileCount(transposeCopy({d0, d1}, {1, 0}, 4)), d1);
  EXPECT_EQ(copyTileCount(transposeCopy({d0, d1}, {0, 1}, 4)), ceilDiv(d0 * d1, 4096));
}

TEST(DynamicExtents, MicrocontrollersHaveNone) {
  UnaryParams lookup;
  lookup.kind = UnaryKind::Lookup;
  lookup.input = lookup.output = u8;
  lookup.shape = {d0};
  lookup.inputStrides = lookup.outputStrides = {1};
  BatchMatMulParams matrices;
  matrices.lhs = matrices.rhs = matrices.output = u8;
  matrices.M = d0;
  matrices.requant = Requant::Fixed;
  IntSoftmaxParams lines;
  lines.shape = {d0};
  lines.inputStrides = lines.outputStrides = {1};
  // Of one known extent, with a dynamic pitch.
  const CopyParams pitch{1, {2, 4}, {d0, 1}, {4, 1}};
  const GatherRowsParams table{7, d0, 8, 4, false};
  for (const ISA &isa : getISAs())
    if (isa.isBareMetal())
      for (const KernelParams &params : std::initializer_list<KernelParams>{
               lookup, matrices, lines, pitch, table, AssembleParams{1, 1, {{0, {d0}, {1}, {1}, 0}}, 0},
               GatherParams{1, {d0}, {1}, {1}, {}}})
        EXPECT_EQ(whyNoKernel(params, isa), "dynamic extents on a microcontroller") << kernelKey(params, isa);
}

} // namespace
