// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loads and stores of all spaces, their bounds and alignment.
#include "Evaluate.h"

using namespace harness;
using ptx::FaultKind;

namespace {

/// The message of the fault without the place; its kind must be this one.
std::string faultOf(const std::string &body, FaultKind kind, const std::string &declarations = "",
                    uint64_t bytes = 128) {
  Device device;
  if (!device.load(kernelText(body, 1, declarations)))
    return "";
  std::string message = device.run({device.memory.allocate(bytes)});
  EXPECT_EQ(device.fault.kind, kind) << message;
  return message.substr(message.find("thread"));
}

} // namespace

TEST(Memory, ExtendsWhatItLoads) {
  std::vector<uint32_t> none(32);
  std::string bytes = "cvt.u64.u32 %rd2, %t; add.u64 %rd2, %rd2, %a0; st.global.u8 [%rd2], 200; ld.global";
  expectBits(evaluate<uint32_t>(bytes + ".u8 %d, [%rd2];", none), std::vector<uint32_t>(32, 200), "u8");
  expectBits(evaluate<uint32_t>(bytes + ".s8 %d, [%rd2];", none), std::vector<uint32_t>(32, uint32_t(-56)), "s8");
  expectBits(evaluate<uint64_t>(bytes + ".s8 %d, [%rd2];", none), std::vector<uint64_t>(32, uint64_t(-56)), "s8 to 64");
  expectBits(evaluate<uint16_t>(bytes + ".b8 %d, [%rd2];", none), std::vector<uint16_t>(32, 200), "b8 to 16");
}

TEST(Memory, Vectors) {
  Device device;
  ASSERT_TRUE(device.load(kernelText("mad.wide.u32 %rd0, %t, 16, %a0; mad.wide.u32 %rd1, %t, 16, %a1;"
                                     "ld.global.nc.v4.u32 {%r0, %r1, %r2, %r3}, [%rd0];"
                                     "st.global.v2.u32 [%rd1], {%r3, %r2}; st.global.v2.b32 [%rd1+8], {%r1, %r0};"
                                     "mad.wide.u32 %rd1, %t, 4, %a2; ld.v4.u8 {%h0, %h1, %h2, %h3}, [%rd0];"
                                     "st.global.v4.b8 [%rd1], {%h3, %h2, %h1, 7};",
                                     3)));
  std::vector<uint32_t> in, reversed, bytes;
  for (uint32_t k = 0; k < 128; ++k)
    in.push_back(k * 0x01030507 + 99);
  for (uint32_t k = 0; k < 128; ++k)
    reversed.push_back(in[k / 4 * 4 + 3 - k % 4]);
  for (uint32_t k = 0; k < 32; ++k)
    bytes.push_back(in[4 * k] >> 24 | (in[4 * k] >> 16 & 255) << 8 | (in[4 * k] >> 8 & 255) << 16 | 7u << 24);
  uint64_t a = device.upload(in), b = device.upload(in), c = device.upload(in);
  ASSERT_EQ(device.run({a, b, c}), "");
  EXPECT_EQ(device.download<uint32_t>(b, 128), reversed);
  EXPECT_EQ(device.download<uint32_t>(c, 32), bytes);
}

TEST(Memory, VariablesOfTheModule) {
  std::string declarations = ".const .align 4 .u32 table[4] = {10, 20, 0x30, -1};\n"
                             ".global .align 8 .b8 letters[8] = {97, 98, 99};\n"
                             ".global .u64 places[2] = {letters+1, generic(letters)};\n";
  Device device;
  ASSERT_TRUE(device.load(kernelText("and.b32 %r0, %t, 3; mul.wide.u32 %rd0, %r0, 4; mov.u64 %rd1, table;"
                                     "add.u64 %rd1, %rd1, %rd0; ld.const.u32 %r1, [%rd1]; ld.const.u32 %r2, [table+8];"
                                     "ld.global.u64 %rd2, [places]; ld.u8 %r3, [%rd2]; mov.u64 %rd3, letters+2;"
                                     "ld.global.u8 %r4, [%rd3]; mad.wide.u32 %rd4, %t, 16, %a0;"
                                     "st.global.v4.u32 [%rd4], {%r1, %r2, %r3, %r4};",
                                     1, declarations)));
  uint64_t out = device.memory.allocate(512), bytes = 0;
  ASSERT_EQ(device.run({out}), "");
  std::vector<uint32_t> got = device.download<uint32_t>(out, 128);
  uint32_t table[] = {10, 20, 0x30, 0xFFFFFFFF};
  for (uint32_t t = 0; t < 32; ++t) {
    EXPECT_EQ(got[4 * t], table[t % 4]);
    EXPECT_EQ(got[4 * t + 1], 0x30u);
    EXPECT_EQ(got[4 * t + 2], uint32_t('b'));
    EXPECT_EQ(got[4 * t + 3], uint32_t('c'));
  }
  EXPECT_NE(device.module->variable("letters", bytes), 0u);
  EXPECT_EQ(bytes, 8u);
}

TEST(Memory, SharedLocalAndGeneric) {
  std::string declarations = ".shared .align 16 .b8 fixed[128];\n.extern .shared .align 16 .b8 dynamic[];\n";
  std::string body = ".local .align 8 .b8 depot[16];\n.reg .b32 %s;\n"
                     // through shared memory to the other end of the warp, by addresses of 32 bits
                     "mov.u64 %rd0, fixed; cvt.u32.u64 %s, %rd0; mad.lo.u32 %s, %t, 4, %s; st.shared.u32 [%s], %t;"
                     "mov.u64 %rd1, dynamic; mad.wide.u32 %rd2, %t, 4, %rd1; st.shared.u32 [%rd2], %s;"
                     "bar.sync 0; sub.u32 %r1, 31, %t; mul.wide.u32 %rd3, %r1, 4; cvta.shared.u64 %rd4, %rd0;"
                     "add.u64 %rd4, %rd4, %rd3; ld.u32 %r2, [%rd4]; ld.shared.u32 %r3, [%rd2];"
                     // through local memory
                     "mov.u64 %rd5, depot; st.local.u32 [%rd5+8], %t; cvta.local.u64 %rd6, %rd5; ld.u32 %r4, [%rd6+8];"
                     "cvta.to.local.u64 %rd7, %rd6; ld.local.u32 %r5, [%rd7+8]; add.u32 %r4, %r4, %r5;"
                     "mov.u32 %r6, %dynamic_smem_size; mad.wide.u32 %rd8, %t, 16, %a0;"
                     "st.global.v4.u32 [%rd8], {%r2, %r3, %r4, %r6};";
  Device device;
  ASSERT_TRUE(device.load(kernelText(body, 1, declarations)));
  uint64_t out = device.memory.allocate(512);
  ASSERT_EQ(device.run({out}, {1, 1, 1}, {32, 1, 1}, 128), "");
  std::vector<uint32_t> got = device.download<uint32_t>(out, 128);
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(std::vector<uint32_t>(&got[4 * t], &got[4 * t] + 4), (std::vector<uint32_t>{31 - t, 4 * t, 2 * t, 128}));
  EXPECT_EQ(device.run({out}).substr(0, 11), "kernel 'k',"); // no dynamic memory
}

TEST(Memory, ParameterStructures) {
  Device device;
  ASSERT_TRUE(device.load(compile(R"(
%args = type { [3 x ptr] }
define ptx_kernel void @k(ptr byval(%args) align 8 %p, i64 %begin, i64 %end) {
  %which = getelementptr ptr, ptr %p, i64 %begin
  %a = load ptr, ptr %which
  %x = load i64, ptr %a
  %sum = add i64 %x, %end
  %p2 = getelementptr i8, ptr %p, i64 16
  %b = load ptr, ptr %p2
  store i64 %sum, ptr %b
  ret void
})")));
  uint64_t a = device.upload(std::vector<uint64_t>{40}), b = device.upload(std::vector<uint64_t>{0});
  device.settings.races = false; // all threads write the same
  ASSERT_EQ(device.run({0, a, b, 1, 2}, {1, 1, 1}, {1, 1, 1}), "");
  EXPECT_EQ(device.download<uint64_t>(b, 1)[0], 42u);
}

TEST(Memory, ParametersAreAligned) {
  Device device;
  ASSERT_TRUE(device.load(".version 7.0\n.target sm_80\n.visible .entry k(.param .u8 a, .param .u64 b, .param .u16 c,"
                          " .param .align 16 .b8 d[3]) { ret; }"));
  ptx::Resources resources = ptx::resourcesOf(*device.module->kernel("k"));
  EXPECT_EQ(resources.parameterOffsets, (std::vector<uint32_t>{0, 8, 16, 32}));
  EXPECT_EQ(resources.parameterSizes, (std::vector<uint32_t>{1, 8, 2, 3}));
  EXPECT_EQ(resources.parameterBytes, 35u);
}

TEST(Memory, Bounds) {
  EXPECT_EQ(
      faultOf("mad.wide.u32 %rd0, %t, 4, %a0; ld.global.u32 %r0, [%rd0+4];", FaultKind::IllegalAddress).substr(0, 38),
      "thread (31,0,0): reads 4 bytes at 0x10");
  EXPECT_EQ(
      faultOf("mad.wide.u32 %rd0, %t, 8, %a0; st.global.u8 [%rd0+-8], 1;", FaultKind::IllegalAddress).substr(0, 37),
      "thread (0,0,0): writes 1 bytes at 0x1");
  EXPECT_EQ(faultOf("ld.global.u32 %r0, [0];", FaultKind::IllegalAddress),
            "thread (0,0,0): reads 4 bytes at 0x0, outside of what is allocated");
  EXPECT_EQ(faultOf("ld.global.u32 %r0, [%a0+124];", FaultKind::IllegalAddress, "", 127).substr(0, 37),
            "thread (0,0,0): reads 4 bytes at 0x10");
  EXPECT_EQ(faultOf("mov.u64 %rd0, s; mad.wide.u32 %rd0, %t, 4, %rd0; ld.shared.u32 %r0, [%rd0];",
                    FaultKind::IllegalAddress, ".shared .align 4 .b8 s[124];"),
            "thread (31,0,0): reads 4 bytes at 0x7c, outside of the block's 124 bytes of shared memory");
  EXPECT_EQ(faultOf("st.shared.u32 [64], 1;", FaultKind::IllegalAddress, ".shared .b8 s[64];"),
            "thread (0,0,0): writes 4 bytes at 0x40, outside of the block's 0 bytes of shared memory");
  EXPECT_EQ(faultOf(".local .align 4 .b8 depot[8]; ld.local.u32 %r0, [depot+8];", FaultKind::IllegalAddress),
            "thread (0,0,0): reads 4 bytes at 0x8, outside of 8 bytes of local memory");
  EXPECT_EQ(faultOf("ld.param.u32 %r0, [p0+8];", FaultKind::IllegalAddress),
            "thread (0,0,0): reads 4 bytes at 0x8, outside of 8 bytes of parameters");
  EXPECT_EQ(faultOf("st.param.u32 [p0], 1;", FaultKind::IllegalAddress), "thread (0,0,0): writes to a parameter");
  EXPECT_EQ(faultOf("mov.u64 %rd0, c; st.global.u32 [%rd0], 1;", FaultKind::IllegalAddress, ".const .u32 c = 1;")
                .substr(0, 42),
            "thread (0,0,0): writes to constant memory ");
}

TEST(Memory, Alignment) {
  EXPECT_EQ(
      faultOf("mad.wide.u32 %rd0, %t, 2, %a0; ld.global.u32 %r0, [%rd0];", FaultKind::MisalignedAddress).substr(0, 37),
      "thread (1,0,0): reads 4 bytes at 0x10");
  EXPECT_EQ(faultOf("ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%a0+8];", FaultKind::MisalignedAddress).substr(0, 38),
            "thread (0,0,0): reads 16 bytes at 0x10");
  EXPECT_EQ(faultOf("ld.shared.u16 %h0, [s+1];", FaultKind::MisalignedAddress, ".shared .b8 s[64];"),
            "thread (0,0,0): reads 2 bytes at 0x1, which is no multiple of 2");
}

TEST(Memory, HostAddressesAreNotTheDevices) {
  uint32_t host = 0;
  Device device;
  ASSERT_TRUE(device.load(kernelText("ld.global.u32 %r0, [%a0];", 1)));
  EXPECT_NE(device.run({reinterpret_cast<uint64_t>(&host)}), "");
  uint64_t freed = device.memory.allocate(4);
  EXPECT_TRUE(device.memory.release(freed));
  EXPECT_FALSE(device.memory.release(freed));
  EXPECT_NE(device.run({freed}), "");
}

TEST(Memory, DifferentSpacesInOneAccess) {
  EXPECT_EQ(
      faultOf("cvta.shared.u64 %rd0, 0; setp.eq.u32 %p0, %t, 3; selp.u64 %rd1, %rd0, %a0, %p0; ld.u32 %r0, [%rd1];",
              FaultKind::IllegalAddress),
      "thread (3,0,0): lanes of one access in different state spaces are not executed here");
}
