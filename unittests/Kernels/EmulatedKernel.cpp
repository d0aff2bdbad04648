// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatedKernel.h"
#include "nibble/Target/Object.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

EmulatedKernel::EmulatedKernel(ModuleOp module, const ISA &isa) : memory(std::make_unique<ptx::Memory>()) {
  launch = getLaunch(module.lookupSymbol<func::FuncOp>("kernel"));
  auto object = emitObject(module, *lookupTargetSpec(isa.name), /*optLevel=*/2, CodeKind::Assembly);
  if (!object) {
    ADD_FAILURE() << llvm::toString(object.takeError());
    return;
  }
  text.assign(object->begin(), object->end());
  memory->adopt(nullptr, uint64_t(1) << 47); // all that a process may have
  std::string error;
  code = ptx::Module::parse(text, *memory, error);
  EXPECT_TRUE(code) << error << "\n" << text;
}

void EmulatedKernel::run(llvm::ArrayRef<void *> args) const {
  ASSERT_TRUE(code);
  if (launch.items == 0)
    return;
  std::vector<uint64_t> parameters(launch.arguments);
  for (size_t i = 0; i < std::min(args.size(), parameters.size()); ++i)
    parameters[i] = args[i] ? reinterpret_cast<uint64_t>(args[i]) + ptx::Memory::bias : 0;
  ptx::Extent grid, block;
  grid.x = launch.grid();
  block.x = launch.block;
  const ptx::Fault fault = ptx::launch(*code->kernel("kernel"), grid, block, launch.sharedBytes, parameters.data(),
                                       8 * parameters.size(), *memory, {});
  EXPECT_FALSE(fault) << fault.message << "\n" << text;
}
