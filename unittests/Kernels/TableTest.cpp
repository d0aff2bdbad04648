// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/Table.h"
#include "KernelRunner.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include <set>

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

/// A program that negates an element; its operation lives as long as the process.
GenerateParams makeGenerate(const Extents &shape) {
  static auto module =
      mlir::parseSourceString<mlir::ModuleOp>("func.func @main(%x: tensor<2x5xi32>) -> tensor<2x5xi32> {\n"
                                              "  %y = nibble.generate (%x : tensor<2x5xi32>) {\n"
                                              "  ^bb0(%i: index, %j: index, %t: tensor<2x5xi32>):\n"
                                              "    %e = nibble.read %t[%i, %j] : tensor<2x5xi32> -> i32\n"
                                              "    %zero = arith.constant 0 : i32\n"
                                              "    %n = arith.subi %zero, %e : i32\n"
                                              "    nibble.yield %n : i32\n"
                                              "  } -> tensor<2x5xi32>\n"
                                              "  return %y : tensor<2x5xi32>\n"
                                              "}\n",
                                              &kernelContext());
  auto main = module->lookupSymbol<mlir::func::FuncOp>("main");
  auto op = *main.getOps<GenerateOp>().begin();
  mlir::Type i32 = mlir::IntegerType::get(&kernelContext(), 32);
  return {&op.getBody(), {{i32, shape, {20, 4}}}, i32, shape, {20, 4}};
}

/// A small kernel of each family, in the order of KernelParams.
std::vector<KernelParams> makeOfEachFamily() {
  const Extents shape = {2, 5}, floats = {20, 4};
  ConvParams conv;
  conv.C = conv.N = 4;
  conv.H = conv.W = 2;
  conv.in = conv.out = {8, 4};
  ConvTransposeParams transposed;
  transposed.C = transposed.N = 4;
  transposed.H = transposed.W = transposed.outputH = transposed.outputW = 2;
  transposed.in = transposed.out = {8, 4};
  BatchMatMulParams matmul;
  matmul.lhsRow = matmul.rhsRow = matmul.outputRow = 4;
  BinaryParams binary;
  binary.lhs = binary.rhs = binary.output = ElementKind::F32;
  binary.shape = shape;
  binary.lhsStrides = binary.rhsStrides = binary.outputStrides = floats;
  UnaryParams unary;
  unary.shape = shape;
  unary.inputStrides = unary.outputStrides = floats;
  PoolParams pool;
  pool.C = 4;
  pool.H = pool.W = pool.outputH = pool.outputW = 2;
  pool.in = pool.out = {8, 4};
  ConvertParams convert;
  convert.C = 3;
  convert.H = convert.W = 3;
  convert.pixels = {9, 3};
  HaloParams halo;
  halo.top = 1;
  halo.pitch = {1, 1};
  IntSoftmaxParams bytes;
  bytes.shape = shape;
  bytes.axis = 1;
  bytes.inputStrides = bytes.outputStrides = {5, 1};
  SoftmaxParams softmax;
  softmax.shape = shape;
  softmax.axis = 1;
  softmax.inputStrides = softmax.outputStrides = floats;
  NormParams norm;
  norm.rows = {2};
  norm.length = 5;
  norm.inputStrides = norm.outputStrides = {20};
  return {conv,
          transposed,
          matmul,
          binary,
          unary,
          pool,
          softmax,
          ReductionParams{ReductionKind::Sum, shape, floats, {1}, {4}},
          convert,
          halo,
          CopyParams{4, shape, floats, floats},
          AssembleParams{4, 1, {{0, shape, floats, floats, 0}}, 0},
          GatherParams{4, shape, floats, floats, {0}},
          RowScaleParams{},
          RowQuantizeParams{},
          bytes,
          makeGenerate(shape),
          norm,
          GatherRowsParams{},
          PackColumnsParams{},
          PackedMatMulParams{}};
}

TEST(Table, EveryFamilyHasItsRow) {
  std::vector<KernelParams> all = makeOfEachFamily();
  ASSERT_EQ(all.size(), std::variant_size_v<KernelParams>);
  std::set<std::string> names, keys;
  for (size_t i = 0; i < all.size(); ++i) {
    const KernelParams &params = all[i];
    ASSERT_EQ(params.index(), i);
    EXPECT_GT(kernelTileCount(params).getStatic(), 0);
    keys.insert(kernelKey(params, getISAs().front()));
    for (const ISA &isa : getISAs()) {
      const std::string why = whyNoKernel(params, isa);
      if (isa.isBareMetal() && !why.empty())
        EXPECT_TRUE(llvm::StringRef(why).contains("in floating point, which the target has no instructions for"))
            << why;
      else
        EXPECT_EQ(why, "");
      std::string name = kernelName(params, isa);
      EXPECT_TRUE(llvm::StringRef(name).ends_with("_" + isa.name.str())) << name;
      names.insert(name);
    }
    // Emitted, verified, made into machine code.
    for (const ISA *isa : hostISAs())
      EXPECT_TRUE(CompiledKernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
        return emitKernel(builder, loc, symbol, params, isa);
      })) << kernelName(params, *isa);
  }
  EXPECT_EQ(names.size(), all.size() * getISAs().size());
  EXPECT_EQ(keys.size(), all.size());
}

} // namespace
