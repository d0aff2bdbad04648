// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Harness.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace harness;

std::string harness::kernelText(const std::string &body, unsigned parameters, const std::string &declarations) {
  std::string text = ".version 7.0\n.target sm_80\n.address_size 64\n" + declarations + "\n.visible .entry k(";
  for (unsigned k = 0; k < parameters; ++k)
    text += (k ? ", .param .u64 p" : ".param .u64 p") + std::to_string(k);
  text += ")\n{\n.reg .pred %p<16>;\n.reg .b16 %h<32>;\n.reg .b32 %r<64>;\n.reg .b64 %rd<64>;\n"
          ".reg .f32 %f<32>;\n.reg .f64 %fd<32>;\n.reg .b64 %a<8>;\n.reg .b32 %t;\n.reg .b64 %td;\n"
          "mov.u32 %t, %tid.x;\ncvt.u64.u32 %td, %t;\n";
  for (unsigned k = 0; k < parameters; ++k)
    text += "ld.param.u64 %a" + std::to_string(k) + ", [p" + std::to_string(k) + "];\n";
  return text + body + "\nret;\n}\n";
}

std::string harness::compile(const std::string &ir) {
  char name[] = "/tmp/emulatorXXXXXX";
  int file = mkstemp(name);
  EXPECT_GE(file, 0);
  close(file);
  std::ofstream(name) << "target triple = \"nvptx64-nvidia-cuda\"\n" << ir;
  std::string out = std::string(name) + ".ptx";
  std::string command = std::string(LLC) + " -march=nvptx64 -mcpu=sm_80 -mattr=+ptx70 " + name + " -o " + out;
  EXPECT_EQ(std::system(command.c_str()), 0) << ir;
  std::stringstream text;
  text << std::ifstream(out).rdbuf();
  std::remove(name);
  std::remove(out.c_str());
  return text.str();
}

bool Device::load(const std::string &text) {
  std::string error;
  module = ptx::Module::parse(text, memory, error);
  EXPECT_TRUE(module) << error << "\n" << text;
  return bool(module);
}

std::string Device::run(const std::vector<uint64_t> &parameters, ptx::Extent grid, ptx::Extent block, uint32_t shared,
                        const char *kernel) {
  ptx::Kernel *found = module->kernel(kernel);
  if (!found)
    return "no such kernel";
  fault = ptx::launch(*found, grid, block, shared, parameters.data(), parameters.size() * 8, memory, settings);
  return fault.message;
}

std::string harness::loadError(const std::string &text) {
  ptx::Memory memory;
  std::string error;
  return ptx::Module::parse(text, memory, error) ? "" : error;
}

std::string harness::instructionError(const std::string &text, const std::string &declarations) {
  std::string error = loadError(kernelText(text, 1, declarations));
  return error.substr(std::min(error.size(), error.find(": ") + 2));
}
