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

TEST(Symbols, ObjectsNeedNothingFromOutside) {
  const std::string text = everyFloatFunction();
  auto context = makeContext();
  for (const TargetSpec &target : getTargetSpecs()) {
    if (isBareMetal(target)) // refuses floats
      continue;
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context.get());
    ASSERT_TRUE(bool(module)) << text;
    CodegenOptions options;
    options.targets = {target};
    auto model = compileToObjects(*module, options);
    ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
    EXPECT_EQ(undefinedSymbols(model->objects), std::set<std::string>()) << target.isa;
  }
}

} // namespace
