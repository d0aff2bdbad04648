// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel for a GPU, run by the emulator of its PTX on this process's memory.

#ifndef NIBBLE_UNITTESTS_KERNELS_EMULATEDKERNEL_H
#define NIBBLE_UNITTESTS_KERNELS_EMULATEDKERNEL_H

#include "Ptx.h"
#include "nibble/Kernels/ISA.h"
#include "nibble/Kernels/Launch.h"

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace nibble::kernels::test {

class EmulatedKernel {
public:
  /// Of a module with the function `kernel`, which is used up.
  EmulatedKernel(mlir::ModuleOp module, const ISA &isa);
  explicit operator bool() const { return bool(code); }
  /// All items. A failure of the test where the kernel does what no kernel may.
  void run(llvm::ArrayRef<void *> args) const;
  const std::string &ptx() const { return text; }

private:
  std::string text;
  Launch launch;
  std::unique_ptr<ptx::Memory> memory;
  std::unique_ptr<ptx::Module> code;
};

} // namespace nibble::kernels::test

#endif // NIBBLE_UNITTESTS_KERNELS_EMULATEDKERNEL_H
