// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects need nothing from outside: no libm, no libc.

#include "Harness.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Object/ObjectFile.h"
#include "gtest/gtest.h"
#include <set>

using namespace mlir;
using namespace nibble;
using namespace nibble::test;

namespace {

/// A model with every float function, one behind the other, and what else has float arithmetic.
std::string everyFloatFunction() {
  const std::string t = "tensor<1x4x37xf32>";
  std::string body, last = "%x";
  int count = 0;
  auto append = [&](const std::string &op, const std::string &operands, const std::string &attrs,
                    const std::string &types) {
    std::string name = "%v" + std::to_string(count++);
    body += name + " = nibble." + op + " " + operands + " " + attrs + " : " + types + " -> " + t + "\n";
    last = name;
  };
  for (const char *op : {"relu", "sigmoid", "tanh", "hard_swish", "gelu", "silu", "softplus", "erf", "exp", "log",
                         "sqrt", "reciprocal", "neg", "abs", "floor", "ceil", "round"})
    append(op, last, "", t);
  append("leaky_relu", last, "{alpha = 0.1 : f32}", t);
  append("elu", last, "{alpha = 0.7 : f32}", t);
  append("hard_sigmoid", last, "{alpha = 0.2 : f32, beta = 0.5 : f32}", t);
  append("clip", last, "{min = 0.0 : f32, max = 6.0 : f32}", t);
  for (const char *op : {"add", "sub", "mul", "div", "min", "max", "pow"})
    append(op, last + ", %x", "", t + ", " + t);
  append("softmax", last, "{axis = 2 : i64}", t);
  append("softmax", last, "{axis = 1 : i64}", t);
  body += "%m = nibble.matmul " + last + ", %w : " + t + ", tensor<1x37x37xf32> -> " + t + "\n";
  body += "%r = nibble.reduce %m {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>, keep_dims} : " + t +
          " -> tensor<1x1x37xf32>\n";
  body += "%q = nibble.int_quantize %r {scale = 0.1 : f32, zero_point = 3 : i32, clamp = array<i32: 0, 255>} : "
          "tensor<1x1x37xf32> -> tensor<1x1x37xui8>\nreturn %q : tensor<1x1x37xui8>";
  return makeMain("(%x: " + t + ", %w: tensor<1x37x37xf32>) -> tensor<1x1x37xui8>", body);
}

std::set<std::string> undefinedSymbols(const std::vector<ObjectBytes> &objects) {
  std::set<std::string> defined, undefined;
  for (const ObjectBytes &bytes : objects) {
    llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "object");
    auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(buffer));
    for (const llvm::object::SymbolRef &symbol : object->symbols()) {
      std::string name = llvm::cantFail(symbol.getName()).str();
      bool missing = llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined;
      if (!name.empty())
        (missing ? undefined : defined).insert(name);
    }
  }
  for (const std::string &name : defined)
    undefined.erase(name);
  return undefined;
}

/// A program of what might be a library's work: conversions, roundings, divisions.
std::string everyConversion() {
  std::string body = "%y = nibble.generate (%x, %z : tensor<37xf64>, tensor<37xi64>) {\n"
                     "^bb0(%i: index, %s: tensor<37xf64>, %t: tensor<37xi64>):\n"
                     "%f = nibble.read %s[%i] : tensor<37xf64> -> f64\n"
                     "%n = nibble.read %t[%i] : tensor<37xi64> -> i64\n"
                     "%q = arith.divui %n, %n : i64\n"
                     "%v0 = arith.uitofp %q : i64 to f64\n%v1 = arith.addf %f, %v0 : f64\n"
                     "%v2 = math.floor %v1 : f64\n%v3 = math.ceil %v2 : f64\n%v4 = math.roundeven %v3 : f64\n"
                     "%v5 = arith.minimumf %v4, %f : f64\n%v6 = arith.maximumf %v5, %f : f64\n"
                     "%w0 = math.sqrt %v6 : f64\n";
  int count = 0;
  for (std::string type : {"f16", "bf16", "f8E4M3FN", "f8E4M3FNUZ", "f8E5M2", "f8E5M2FNUZ", "f4E2M1FN"}) {
    const std::string last = "%w" + std::to_string(count), next = "%w" + std::to_string(++count);
    body += "%s" + next.substr(1) + " = arith.truncf " + last + " : f64 to " + type + "\n" + next + " = arith.extf %s" +
            next.substr(1) + " : " + type + " to f64\n";
  }
  const std::string last = "%w" + std::to_string(count);
  body += "%a = arith.fptosi " + last + " : f64 to i64\n%b = arith.fptoui " + last +
          " : f64 to i64\n%c = arith.remsi %a, %b : i64\n%e = arith.shrsi %c, %n : i64\nnibble.yield %e : i64\n"
          "} -> tensor<37xi64>\nreturn %y : tensor<37xi64>";
  return makeMain("(%x: tensor<37xf64>, %z: tensor<37xi64>) -> tensor<37xi64>", body);
}

/// Integers alone, which microcontrollers compute.
std::string everyDivision() {
  std::string body;
  for (std::string width : {"8", "16", "32", "64"}) {
    const std::string t = "tensor<37xi" + width + ">", i = " : i" + width + "\n";
    body += "%y" + width + " = nibble.generate (%x" + width + " : " + t + ") {\n^bb0(%i: index, %s: " + t +
            "):\n%a = nibble.read %s[%i] : " + t + " -> i" + width + "\n%q = arith.divsi %a, %a" + i +
            "%r = arith.remui %q, %a" + i + "%l = arith.shli %r, %a" + i + "%m = arith.muli %l, %a" + i +
            "nibble.yield %m : i" + width + "\n} -> " + t + "\n";
  }
  return makeMain("(%x8: tensor<37xi8>, %x16: tensor<37xi16>, %x32: tensor<37xi32>, %x64: tensor<37xi64>) -> "
                  "(tensor<37xi8>, tensor<37xi16>, tensor<37xi32>, tensor<37xi64>)",
                  body +
                      "return %y8, %y16, %y32, %y64 : tensor<37xi8>, tensor<37xi16>, tensor<37xi32>, tensor<37xi64>");
}

void expectNothingUndefined(const std::string &text, bool onMicrocontrollers) {
  auto context = makeContext();
  for (const TargetSpec &target : getTargetSpecs()) {
    if ((isBareMetal(target) && !onMicrocontrollers) || isGPU(target))
      continue; // whose runtime needs what a C library has: test_cuda.py
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context.get());
    ASSERT_TRUE(bool(module)) << text;
    CodegenOptions options;
    options.targets = {target};
    auto model = compileToObjects(*module, options);
    ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
    model->objects.push_back(model->weights.object);
    EXPECT_EQ(undefinedSymbols(model->objects), std::set<std::string>()) << target.isa;
  }
}

TEST(Symbols, ObjectsNeedNothingFromOutside) {
  expectNothingUndefined(everyFloatFunction(), /*onMicrocontrollers=*/false);
  expectNothingUndefined(everyConversion(), /*onMicrocontrollers=*/false);
  expectNothingUndefined(everyDivision(), /*onMicrocontrollers=*/true);
}

} // namespace
