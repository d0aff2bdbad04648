// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of instruction sets.

#include "nibble/Kernels/ISA.h"
#include "llvm/ADT/STLExtras.h"

using namespace nibble::kernels;

static constexpr llvm::StringLiteral x86 = "x86_64-unknown-linux-gnu";
static constexpr llvm::StringLiteral aarch64 = "aarch64-unknown-linux-gnu";

static constexpr llvm::StringLiteral cuda = "nvptx64-nvidia-cuda";

static constexpr llvm::StringLiteral native = "run by the tests where the machine has it";
static constexpr llvm::StringLiteral emulated = "run by the tests under qemu-aarch64";
static constexpr llvm::StringLiteral onBoard = "run by the tests under qemu-system-arm";
static constexpr llvm::StringLiteral onVirtualBoard = "run by the tests under qemu-system-riscv32";
static constexpr llvm::StringLiteral onEmulator = "emulated, not executed: its PTX is run by the tests on the CPU";

// The scheduling model's processor has much more than the row asks for: no scalable vectors, and nothing beyond
// ARMv8.2.
static constexpr llvm::StringLiteral i8mmFeatures =
    "-v8.3a,-sve,-complxnum,-jsconv,-rcpc,-flagm,-altnzcv,-fullfp16,-bf16,-fptoint,-sha3";

// A new instruction set is a row here and, where its dot product is new, an expansion in Dot.cpp; a new architecture is
// a class of Instructions. Each one without a system is a machine of its own, with no other's code beside it. 512-bit
// vectors are asked for by name: LLVM's tuning of x86-64-v4 would prefer 256 bits.
static const ISA table[] = {
    // name, arch, triple, cpu, features, extends, required, vector bits, registers, dot, fma, verified
    {"generic", Arch::X86_64, x86, "x86-64", "", "", "", 128, 16, DotKind::Pmaddwd, false, native},
    {"avx2", Arch::X86_64, x86, "x86-64-v3", "", "", "avx2,bmi,bmi2,f16c,fma,lzcnt,movbe", 256, 16, DotKind::Pmaddwd,
     true, native},
    {"avxvnni", Arch::X86_64, x86, "x86-64-v3", "+avxvnni", "avx2", "avxvnni", 256, 16, DotKind::Vpdpbusd, true,
     native},
    {"avx512vnni", Arch::X86_64, x86, "x86-64-v4", "+avx512vnni,-prefer-256-bit", "avx2",
     "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni", 512, 32, DotKind::Vpdpbusd, true, native},
    {"neon", Arch::AArch64, aarch64, "cortex-a53", "", "", "neon", 128, 32, DotKind::Smull, true, emulated},
    {"dotprod", Arch::AArch64, aarch64, "neoverse-n1", "", "neon", "dotprod", 128, 32, DotKind::Sdot, true, emulated},
    {"i8mm", Arch::AArch64, aarch64, "neoverse-n2", i8mmFeatures, "dotprod", "i8mm", 128, 32, DotKind::Smmla, true,
     emulated},
    {"cortex-m0", Arch::CortexM, "thumbv6m-none-eabi", "cortex-m0", "", "", "", 32, 8, DotKind::Mla, false, onBoard},
    {"cortex-m3", Arch::CortexM, "thumbv7m-none-eabi", "cortex-m3", "", "", "", 32, 14, DotKind::Mla, false, onBoard},
    {"cortex-m4", Arch::CortexM, "thumbv7em-none-eabi", "cortex-m4", "-fpregs", "", "", 32, 14, DotKind::Smlad, false,
     onBoard},
    {"cortex-m33", Arch::CortexM, "thumbv8m.main-none-eabi", "cortex-m33", "-fpregs", "", "", 32, 14, DotKind::Smlad,
     false, onBoard},
    {"cortex-m55", Arch::CortexM, "thumbv8.1m.main-none-eabi", "cortex-m55", "-mve.fp,-fp-armv8d16sp,+mve", "", "", 128,
     8, DotKind::Vmladav, false, onBoard},
    {"rv32imc", Arch::RISCV32, "riscv32-unknown-none-elf", "generic-rv32", "+m,+c", "", "", 32, 28, DotKind::Mla, false,
     onVirtualBoard},
    // Of a GPU a vector is what one thread loads at once, and takes four of its registers: 24 of such leave room for
    // others. PTX that drivers know which know the device.
    {"sm_75", Arch::CUDA, cuda, "sm_75", "+ptx64", "", "", 128, 24, DotKind::Dp4a, true, onEmulator},
    {"sm_80", Arch::CUDA, cuda, "sm_80", "+ptx70", "", "", 128, 24, DotKind::Mma, true, onEmulator},
    {"sm_86", Arch::CUDA, cuda, "sm_86", "+ptx71", "", "", 128, 24, DotKind::Mma, true, onEmulator},
    {"sm_89", Arch::CUDA, cuda, "sm_89", "+ptx78", "", "", 128, 24, DotKind::Mma, true, onEmulator},
    {"sm_90", Arch::CUDA, cuda, "sm_90", "+ptx78", "", "", 128, 24, DotKind::Mma, true, onEmulator},
};

llvm::ArrayRef<ISA> nibble::kernels::getISAs() { return table; }

const ISA *nibble::kernels::lookupISA(llvm::StringRef name) {
  const ISA *found = llvm::find_if(table, [&](const ISA &isa) { return isa.name == name; });
  return found == std::end(table) ? nullptr : found;
}
