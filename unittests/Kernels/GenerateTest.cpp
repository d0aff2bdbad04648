// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar programs as kernels, on every instruction set of this machine, against the interpreter.

#include "nibble/Kernels/Generate.h"
#include "KernelRunner.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Reference/Interpreter.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;
using reference::Tensor;

namespace {

Extents dense(ArrayRef<int64_t> shape, int64_t bytes) { return denseStrides(toExtents(shape), bytes); }

/// One `nibble.generate` with tensors for its inputs.
class Program {
public:
  /// `text` is the operation that makes %y of the function's arguments.
  Program(const std::string &signature, const std::string &text)
      : module(parseSourceString<ModuleOp>("func.func @main" + signature + " {\n" + text +
                                               "\nreturn %y : " + signature.substr(signature.find("-> ") + 3) + "\n}\n",
                                           &kernelContext())) {
    if (!module)
      llvm::report_fatal_error(llvm::Twine("not valid: ") + text);
    main = module->lookupSymbol<func::FuncOp>("main");
    op = *main.getOps<GenerateOp>().begin();
    for (Type type : main.getArgumentTypes()) {
      auto tensor = cast<RankedTensorType>(type);
      inputs.push_back(llvm::cantFail(Tensor::allocate(tensor.getShape(), tensor.getElementType())));
      std::vector<uint8_t> bytes = randomBytes(inputs.back().data.size(), inputs.size());
      copyBytes(inputs.back().data.data(), bytes);
    }
  }

  void setFloats(unsigned input, float deviation) {
    std::vector<float> values = randomFloats(inputs[input].getCount(), deviation, true);
    copyBytes(inputs[input].data.data(), values);
  }

  GenerateParams getParams() {
    GenerateParams params;
    params.body = &op.getBody();
    for (const Tensor &input : inputs)
      params.inputs.push_back(
          {input.elementType, Extents(input.shape.begin(), input.shape.end()), dense(input.shape, bytesOf(input))});
    RankedTensorType type = op.getType();
    params.element = type.getElementType();
    params.shape = Extents(type.getShape().begin(), type.getShape().end());
    params.outputStrides = dense(type.getShape(), *getBytes(type.getElementType()));
    return params;
  }

  /// Runs it everywhere, and by the interpreter.
  void expectExact() {
    Tensor want = llvm::cantFail(reference::interpret(main, inputs)).front();
    GenerateParams params = getParams();
    for (const ISA *isa : testedISAs()) {
      CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
        return emitGenerate(builder, loc, symbol, params, isa);
      });
      ASSERT_TRUE(bool(kernel));
      Guarded result(want.data.size());
      std::vector<void *> args;
      for (Tensor &input : inputs)
        args.push_back(input.data.data());
      args.push_back(result.data());
      kernel.run(args, generateTileCount(params));
      compare(want, result, isa->name.str());
    }
  }

  func::FuncOp main;
  GenerateOp op;
  std::vector<Tensor> inputs;

private:
  static std::optional<int64_t> getBytes(Type type) { return std::max(1u, type.getIntOrFloatBitWidth() / 8); }
  static int64_t bytesOf(const Tensor &tensor) { return *getBytes(tensor.elementType); }

  /// All NaNs are one.
  static bool isNaN(const Tensor &tensor, const char *element) {
    auto type = dyn_cast<FloatType>(tensor.elementType);
    uint64_t bits = 0;
    std::memcpy(&bits, element, bytesOf(tensor));
    return type && APFloat(type.getFloatSemantics(), APInt(type.getWidth(), bits, false, true)).isNaN();
  }

  static void compare(const Tensor &want, Guarded &got, const std::string &isa) {
    const int64_t bytes = bytesOf(want);
    for (int64_t i = 0, differences = 0; i < want.getCount() && differences < 4; ++i) {
      const char *a = got.data() + i * bytes, *b = want.data.data() + i * bytes;
      if (std::memcmp(a, b, bytes) == 0 || (isNaN(want, a) && isNaN(want, b)))
        continue;
      uint64_t x = 0, y = 0;
      std::memcpy(&x, a, bytes), std::memcpy(&y, b, bytes);
      ADD_FAILURE() << isa << ": element " << i << " is " << std::hex << x << ", expected " << y;
      ++differences;
    }
  }

  OwningOpRef<ModuleOp> module;
};

std::string tensor(const std::string &shape, const std::string &element) {
  return "tensor<" + shape + "x" + element + ">";
}

/// Two tensors of `shape`, elementwise: `body` makes %e, of `result`, of %a and %b of `element`.
Program elementwise(const std::string &shape, const std::string &element, const std::string &result,
                    const std::string &body) {
  const std::string in = tensor(shape, element), out = tensor(shape, result);
  auto plain = [](std::string type) { return type.front() == 'u' ? type.substr(1) : type; };
  std::string indices, read;
  for (int64_t i = 0, rank = std::count(shape.begin(), shape.end(), 'x') + 1; i < rank; ++i) {
    indices += "%i" + std::to_string(i) + ": index, ";
    read += (i ? ", %i" : "%i") + std::to_string(i);
  }
  return Program("(%x: " + in + ", %z: " + in + ") -> " + out,
                 "%y = nibble.generate (%x, %z : " + in + ", " + in + ") {\n^bb0(" + indices + "%s: " + in +
                     ", %t: " + in + "):\n%a = nibble.read %s[" + read + "] : " + in + " -> " + plain(element) +
                     "\n%b = nibble.read %t[" + read + "] : " + in + " -> " + plain(element) + "\n" + body +
                     "\nnibble.yield %e : " + plain(result) + "\n} -> " + out);
}

TEST(Generate, IntegersOfEachWidth) {
  for (const char *type : {"i1", "i2", "i4", "i8", "ui8", "i16", "i32", "i64"}) {
    std::string plain = type[0] == 'u' ? type + 1 : type;
    for (const char *function : {"addi", "subi", "muli", "divsi", "divui", "remsi", "remui", "andi", "ori", "xori",
                                 "shli", "shrsi", "shrui", "minsi", "maxsi", "minui", "maxui"})
      elementwise("3x37", type, type, std::string("%e = arith.") + function + " %a, %b : " + plain).expectExact();
    for (const char *predicate : {"eq", "ne", "slt", "sle", "ult", "uge"})
      elementwise("3x37", type, "i1", std::string("%e = arith.cmpi ") + predicate + ", %a, %b : " + plain)
          .expectExact();
  }
}

TEST(Generate, ExtremesOfDivision) {
  Program program = elementwise("64", "i32", "i32", "%e = arith.divsi %a, %b : i32");
  const int32_t extremes[] = {INT32_MIN, -1, 0, 1, INT32_MAX, 2, -2, 7};
  for (int i = 0; i < 64; ++i) {
    program.inputs[0].as<int32_t>()[i] = extremes[i / 8];
    program.inputs[1].as<int32_t>()[i] = extremes[i % 8];
  }
  program.expectExact();
}

TEST(Generate, Floats) {
  for (const char *body :
       {"%e = arith.addf %a, %b : f32", "%e = arith.divf %a, %b : f32", "%e = arith.negf %a : f32",
        "%e = arith.minimumf %a, %b : f32", "%e = arith.maximumf %a, %b : f32", "%e = math.fma %a, %b, %a : f32",
        "%e = math.sqrt %a : f32", "%e = math.floor %a : f32", "%e = math.ceil %a : f32",
        "%e = math.roundeven %a : f32", "%e = math.absf %a : f32", "%e = math.copysign %a, %b : f32",
        "%e = nibble.apply \"exp\"(%a)", "%e = nibble.apply \"log\"(%a)", "%e = nibble.apply \"tanh\"(%a)",
        "%e = nibble.apply \"erf\"(%a)", "%e = nibble.apply \"pow\"(%a, %b)"}) {
    Program program = elementwise("5x67", "f32", "f32", body);
    program.setFloats(0, 3);
    program.setFloats(1, 30);
    program.expectExact();
  }
  for (const char *body : {"addf %a, %b", "mulf %a, %b", "divf %a, %b", "minimumf %a, %b"})
    elementwise("5x67", "f64", "f64", std::string("%e = arith.") + body + " : f64").expectExact();
  for (const char *body : {"sqrt %a", "floor %a", "ceil %a", "roundeven %a", "absf %a", "copysign %a, %b"})
    elementwise("5x67", "f64", "f64", std::string("%e = math.") + body + " : f64").expectExact();
  for (const char *predicate : {"oeq", "olt", "une", "uno", "ule"})
    elementwise("5x67", "f64", "i1", std::string("%e = arith.cmpf ") + predicate + ", %a, %b : f64").expectExact();
}

TEST(Generate, Functions) {
  for (std::string name : {"sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh"}) {
    Program program = elementwise("5x267", "f32", "f32", "%e = nibble.apply \"" + name + "\"(%a)");
    for (float deviation : {0.5f, 30.0f, 1e20f}) {
      program.setFloats(0, deviation);
      program.expectExact();
    }
  }
}

TEST(Generate, FloatsToIntegers) {
  for (const char *to : {"i1", "i4", "i8", "i16", "i32", "i64"})
    for (const char *from : {"f32", "f64"})
      for (const char *function : {"fptosi", "fptoui"}) {
        Program program =
            elementwise("3x64", from, to, std::string("%e = arith.") + function + " %a : " + from + " to " + to);
        program.expectExact();
        for (int64_t i = 0; i < program.inputs[0].getCount(); ++i) {
          const double value = std::ldexp(1.0 + i % 3 * 0.25, int(i / 2 % 70) - 3) * (i % 2 ? -1 : 1);
          if (std::string(from) == "f32")
            program.inputs[0].as<float>()[i] = float(value);
          else
            program.inputs[0].as<double>()[i] = value;
        }
        program.expectExact();
      }
  for (const char *from : {"i1", "i8", "i32", "i64"})
    for (const char *to : {"f32", "f64"})
      for (const char *function : {"sitofp", "uitofp"})
        elementwise("3x64", from, to, std::string("%e = arith.") + function + " %a : " + from + " to " + to)
            .expectExact();
}

const char *const kSmallFloats[] = {"f16",    "bf16",       "f8E4M3FN",  "f8E4M3FNUZ",
                                    "f8E5M2", "f8E5M2FNUZ", "f8E8M0FNU", "f4E2M1FN"};

/// All values of the type.
TEST(Generate, SmallFloatsExtend) {
  for (std::string type : kSmallFloats)
    for (const char *to : {"f32", "f64"}) {
      const bool wide = type == "f16" || type == "bf16";
      Program program = elementwise(wide ? "65536" : "256", type, to, "%e = arith.extf %a : " + type + " to " + to);
      for (int i = 0; i < (wide ? 65536 : 256); ++i)
        std::memcpy(program.inputs[0].data.data() + i * (wide ? 2 : 1), &i, wide ? 2 : 1);
      program.expectExact();
    }
}

/// Each value of the type, the ties on both sides of it and the neighbours of those, infinities and NaNs.
std::vector<double> getHardCases(const llvm::fltSemantics &semantics, bool single) {
  std::vector<double> values, cases;
  for (unsigned bits = 0, count = 1u << APFloat::semanticsSizeInBits(semantics); bits < count; ++bits) {
    APFloat value(semantics, APInt(APFloat::semanticsSizeInBits(semantics), bits));
    bool lost;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    values.push_back(value.convertToDouble());
  }
  std::sort(values.begin(), values.end(), [](double a, double b) { return a < b; });
  auto next = [&](double x, double to) {
    return single ? double(std::nextafter(float(x), float(to))) : std::nextafter(x, to);
  };
  for (size_t i = 0; i < values.size(); ++i) {
    const double middle = i ? (values[i] + values[i - 1]) / 2 : values[i];
    for (double x : {values[i], middle, values[i] * 1.5})
      cases.insert(cases.end(), {x, next(x, INFINITY), next(x, -INFINITY)});
  }
  for (double x : {double(INFINITY), -double(INFINITY), double(NAN), 0.0, -0.0, 1e-46, -1e-46, 1e39, -1e39, 65520.0,
                   65519.0, 464.0, 480.0})
    cases.push_back(x);
  return cases;
}

TEST(Generate, SmallFloatsTruncate) {
  for (std::string type : kSmallFloats) {
    if (type == "f8E8M0FNU")
      continue; // nothing is rounded to it
    auto parsed = cast<FloatType>(parseType(type, &kernelContext()));
    for (std::string from : {"f32", "f64"}) {
      std::vector<double> cases = getHardCases(parsed.getFloatSemantics(), from == "f32");
      // NaNs are no numbers to be sorted by.
      cases.erase(std::remove_if(cases.begin(), cases.end(), [](double x) { return x != x; }), cases.end());
      cases.push_back(NAN);
      Program program =
          elementwise(std::to_string(cases.size()), from, type, "%e = arith.truncf %a : " + from + " to " + type);
      for (size_t i = 0; i < cases.size(); ++i)
        if (from == "f32")
          program.inputs[0].as<float>()[i] = float(cases[i]);
        else
          program.inputs[0].as<double>()[i] = cases[i];
      program.expectExact();
    }
  }
}

/// Between types of fewer bits than 32, through f32.
TEST(Generate, SmallFloatsAmongThemselves) {
  for (std::string type : {"f8E4M3FN", "f8E5M2", "f8E4M3FNUZ", "f8E5M2FNUZ", "f4E2M1FN"}) {
    Program up = elementwise("256", type, "f16", "%e = arith.extf %a : " + type + " to f16");
    Program down = elementwise("65536", "f16", type, "%e = arith.truncf %a : f16 to " + type);
    for (int i = 0; i < 256; ++i)
      up.inputs[0].data[i] = char(i);
    for (int i = 0; i < 65536; ++i)
      std::memcpy(down.inputs[0].data.data() + 2 * i, &i, 2);
    up.expectExact();
    down.expectExact();
  }
}

/// Rows by indices that mostly lie outside, and a loop whose own index is inside.
TEST(Generate, ReadsByIndices) {
  Program("(%x: tensor<7x5xf32>, %z: tensor<11xi64>) -> tensor<11x5xf32>",
          "%y = nibble.generate (%x, %z : tensor<7x5xf32>, tensor<11xi64>) {\n"
          "^bb0(%i: index, %j: index, %t: tensor<7x5xf32>, %s: tensor<11xi64>):\n"
          "%r = nibble.read %s[%i] : tensor<11xi64> -> i64\n"
          "%row = arith.index_cast %r : i64 to index\n"
          "%e = nibble.read %t[%row, %j] : tensor<7x5xf32> -> f32\n"
          "nibble.yield %e : f32\n} -> tensor<11x5xf32>")
      .expectExact();
  Program("(%x: tensor<9x13xi32>) -> tensor<9xi64>",
          "%y = nibble.generate (%x : tensor<9x13xi32>) {\n"
          "^bb0(%i: index, %t: tensor<9x13xi32>):\n"
          "%zero = arith.constant 0 : index\n%one = arith.constant 1 : index\n%n = arith.constant 20 : index\n"
          "%init = arith.constant 0 : i64\n"
          "%sum = scf.for %k = %zero to %n step %one iter_args(%s = %init) -> i64 {\n"
          "  %e = nibble.read %t[%i, %k] : tensor<9x13xi32> -> i32\n"
          "  %limit = arith.constant 100 : i32\n"
          "  %less = arith.cmpi slt, %e, %limit : i32\n"
          "  %next = scf.if %less -> i64 {\n"
          "    %w = arith.extsi %e : i32 to i64\n    %a = arith.addi %s, %w : i64\n    scf.yield %a : i64\n"
          "  } else {\n    scf.yield %s : i64\n  }\n"
          "  scf.yield %next : i64\n}\n"
          "nibble.yield %sum : i64\n} -> tensor<9xi64>")
      .expectExact();
}

/// One dimension in pieces, many in tiles, none at all.
TEST(Generate, Tiles) {
  elementwise("100003", "i32", "i32", "%e = arith.addi %a, %b : i32").expectExact();
  elementwise("7x3x1x1031x5", "i8", "i8", "%e = arith.addi %a, %b : i8").expectExact();
  elementwise("2x50001", "i16", "i16", "%e = arith.addi %a, %b : i16").expectExact();
  Program("(%x: tensor<i64>) -> tensor<i64>", "%y = nibble.generate (%x : tensor<i64>) {\n^bb0(%t: tensor<i64>):\n"
                                              "%e = nibble.read %t[] : tensor<i64> -> i64\n"
                                              "nibble.yield %e : i64\n} -> tensor<i64>")
      .expectExact();
}

} // namespace
