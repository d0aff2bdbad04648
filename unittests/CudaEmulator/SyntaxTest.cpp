// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is no PTX, or none that is executed here, is refused with its line.
#include "Harness.h"

using namespace harness;

TEST(Syntax, Modules) {
  EXPECT_EQ(loadError(""), "line 1: expected PTX, which begins with .version, got the end of the text");
  EXPECT_EQ(loadError("hello"), "line 1: expected PTX, which begins with .version, got 'hello'");
  EXPECT_EQ(loadError(".version 7.0\n.target sm_80\n.address_size 32\n"),
            "line 3: expected addresses of 64 bits, got '32'");
  EXPECT_EQ(loadError(".version 7.0\n.nonsense"), "line 2: expected a declaration, got '.nonsense'");
  EXPECT_EQ(loadError(".version 7.0\n.visible .entry k("), "line 2: expected .param, got the end of the text");
  EXPECT_EQ(loadError(".version 7.0\n.entry k() {"), "line 2: expected '}', got the end of the text");
  EXPECT_EQ(loadError(".version 7.0\n.entry k() { bra NOWHERE; }"), "line 2: label 'NOWHERE' is not defined");
  EXPECT_EQ(loadError(".version 7.0\n.entry k() { A: A: }"), "line 2: label 'A' is defined twice");
  EXPECT_EQ(loadError(".version 7.0\n.entry k()\n.cluster 2\n{}"), "line 3: '.cluster' is not executed here");
  EXPECT_EQ(loadError(".version 7.0\n.func f() { { } }\n.entry k() {}\n.func g();\n.section .debug { .b8 1 }"), "");
  EXPECT_EQ(loadError(".version 7.0 // comment\n/* and\n another */ .entry k() { /**/ }"), "");
}

TEST(Syntax, Variables) {
  auto variable = [](const std::string &text) { return loadError(".version 7.0\n" + text); };
  EXPECT_EQ(variable(".global .u32 x[2] = {1, 2, 3};"), "line 2: more values than the variable has elements");
  EXPECT_EQ(variable(".global .u32 x = y;"), "line 2: 'y' is no variable declared before");
  EXPECT_EQ(variable(".extern .global .u32 x[];"), "line 2: variable 'x' has no extent");
  EXPECT_EQ(variable(".global .align 3 .u32 x;"),
            "line 2: expected an alignment that is a power of two up to 4096, got 3");
  EXPECT_EQ(variable(".global .u32 x[99999999999];"), "line 2: an array of 99999999999 elements is too large");
  EXPECT_EQ(variable(".global x;"), "line 2: expected a type, got 'x'");
  EXPECT_EQ(variable(".global .u32 5;"), "line 2: expected a name, got '5'");
  EXPECT_EQ(variable(".global .u32 x[2] = {1, 2;"), "line 2: expected '}', got ';'");
}

TEST(Syntax, Instructions) {
  EXPECT_EQ(instructionError("frobnicate.u32 %r0;"), "'frobnicate.u32': unknown instruction");
  EXPECT_EQ(instructionError("add.cc.u32 %r0, %r1, %r2;"), "'add.cc.u32': '.cc' is not executed here");
  EXPECT_EQ(instructionError("add.u32 %r0, %r1;"), "'add.u32': expected 3 operands, got 2");
  EXPECT_EQ(instructionError("add.u32 %r0, %r1, %rd2;"), "'add.u32': operand '%rd2' has 64 bits, expected 32");
  EXPECT_EQ(instructionError("add.u32 %rd0, %r1, %r2;"), "'add.u32': destination '%rd0' has 64 bits, expected 32");
  EXPECT_EQ(instructionError("add.u32 %r0, %r1, %r64;"), "'add.u32': '%r64' is no register or variable of this type");
  EXPECT_EQ(instructionError("add.u32 %r0, %r1, %p1;"), "'add.u32': '%p1' is a predicate");
  EXPECT_EQ(instructionError("add.u32 5, %r1, %r2;"), "'add.u32': expected a register as destination");
  EXPECT_EQ(instructionError("add %r0, %r1, %r2;"), "'add': expected a type");
  EXPECT_EQ(instructionError("mul.u32 %r0, %r1, %r2;"), "'mul.u32': expected .lo, .hi or .wide");
  EXPECT_EQ(instructionError("@%r0 add.u32 %r0, %r1, %r2;"), "'add.u32': '%r0' is no predicate");
  EXPECT_EQ(instructionError("ld.u32 %r0, [p0];"), "'ld.u32': variable 'p0' needs its state space");
  EXPECT_EQ(instructionError("ld.global.u32 %r0, %rd0;"), "'ld.global.u32': expected an address");
  EXPECT_EQ(instructionError("ld.global.v2.u32 %r0, [%rd0];"), "'ld.global.v2.u32': expected 2 elements, got 1");
  EXPECT_EQ(instructionError("ld.global.u32 %h0, [%rd0];"),
            "'ld.global.u32': the register is narrower than the type, or the vector wider than 16 bytes");
  EXPECT_EQ(instructionError("call f;"), "'call': calls are not executed here: inline all functions");
  EXPECT_EQ(instructionError("mov.u32 %r0, 0f3F800000; mov.u16 %h0, 0f3F800000;"),
            "'mov.u16': the immediate does not fit the type");
  EXPECT_EQ(instructionError("mov.u32 %r0 %r1;"), "expected ',' or ';', got '%r1'");
  EXPECT_EQ(instructionError("mov.u32 %r0, 0x;"), "expected an operand, got '0x'");
  EXPECT_EQ(instructionError("ld.global.u32 %r0, [%rd0-8];"), "expected ']', got '-'");
  EXPECT_EQ(instructionError("mov.b32 %r0, {{%h0, %h1}};"), "a vector in a vector");
  EXPECT_EQ(instructionError("mov.u32 %r0, 0f12;"), "expected an operand, got '0f12'");
}

TEST(Syntax, DevicesAndVersions) {
  auto error = [](const std::string &text, const char *version, const char *target) {
    std::string whole = kernelText(text, 1);
    whole.replace(whole.find("7.0"), 3, version);
    whole.replace(whole.find("sm_80"), 5, target);
    std::string made = loadError(whole);
    return made.substr(std::min(made.size(), made.find("': ") + 3));
  };
  std::string product =
      "mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%r0,%r1,%r2,%r3}, {%r4,%r5}, {%r6}, {%r0,%r1,%r2,%r3};";
  EXPECT_EQ(error(product, "7.0", "sm_75"), "needs sm_80, the target is sm_75");
  EXPECT_EQ(error(product, "6.5", "sm_80"), "needs PTX 7.0, this is 6.5");
  EXPECT_EQ(error(product, "7.8", "sm_90a"), "");
  EXPECT_EQ(error("cp.async.wait_all;", "7.0", "sm_75"), "needs sm_80, the target is sm_75");
  EXPECT_EQ(error("redux.sync.add.u32 %r0, %r1, -1;", "7.0", "sm_75"), "needs sm_80, the target is sm_75");
  EXPECT_EQ(error("barrier.cta.sync 0;", "7.0", "sm_80"), "needs PTX 7.8, this is 7.0");
  EXPECT_EQ(error("min.NaN.f32 %f0, %f1, %f2;", "6.5", "sm_75"), "needs sm_80, the target is sm_75");
}

/// Half a text, at any place, ends in an error or a module, never in a crash.
TEST(Syntax, HalfTexts) {
  std::string whole =
      kernelText("{ .reg .b16 %q; mov.b32 {%q, _}, %r0; } A: @!%p0 bra A; ld.global.v4.u32 {%r0, %r1, %r2, "
                 "%r3}, [%rd0+-16]; setp.lt.and.s32 %p0|%p1, %r0, -5, !%p2; /* text */ mov.f32 %f0, 0f3F800000;",
                 2, ".const .align 4 .b8 c[4] = {1, 2};");
  for (size_t length = 0; length < whole.size(); ++length)
    loadError(whole.substr(0, length));
  EXPECT_EQ(loadError(whole), "");
}
