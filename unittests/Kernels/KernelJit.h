// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles one kernel for a row of the ISA table, to run it or to look at its instructions.

#ifndef NIBBLE_UNITTESTS_KERNELS_KERNELJIT_H
#define NIBBLE_UNITTESTS_KERNELS_KERNELJIT_H

#include "EmulatedKernel.h"
#include "mlir/IR/Builders.h"
#include "nibble/Kernels/ISA.h"
#include "nibble/Target/JIT.h"

namespace nibble {
namespace kernels {

using Kernel = void(void *const *args, int64_t begin, int64_t end);
using Emit = llvm::function_ref<void(mlir::OpBuilder &, mlir::Location)>;

/// A compiled kernel; its code lives as long.
class KernelJit {
public:
  /// `emit` emits the function `kernel`.
  KernelJit(const ISA &isa, Emit emit);
  Kernel *get() const { return kernel; }

private:
  std::unique_ptr<JITLibrary> library;
  Kernel *kernel;
};

/// The same of a GPU, emulated.
test::EmulatedKernel emulate(const ISA &isa, Emit emit);

/// The kernel's assembly.
std::string kernelAssembly(const ISA &isa, Emit emit);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_UNITTESTS_KERNELS_KERNELJIT_H
