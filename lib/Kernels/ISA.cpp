// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of instruction sets.

#include "nibble/Kernels/ISA.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace nibble::kernels;

// A new instruction set is a row here and, where its dot product is new, an expansion in Dot.cpp.
static const ISA table[] = {
    // name, cpu, features, vector bits, registers, dot, fma
    {"generic", "x86-64", "", 128, 16, DotKind::Pmaddwd, false},
    {"avx2", "x86-64-v3", "", 256, 16, DotKind::Pmaddwd, true},
    {"avxvnni", "x86-64-v3", "+avxvnni", 256, 16, DotKind::Vpdpbusd, true},
    {"avx512vnni", "x86-64-v4", "+avx512vnni", 512, 32, DotKind::Vpdpbusd, true},
};

llvm::ArrayRef<ISA> nibble::kernels::getISAs() { return table; }

const ISA *nibble::kernels::lookupISA(llvm::StringRef name) {
  const ISA *found = llvm::find_if(table, [&](const ISA &isa) { return isa.name == name; });
  return found == std::end(table) ? nullptr : found;
}

/// What the host must have for a row: the levels' deciding features.
static llvm::SmallVector<llvm::StringRef> requiredFeatures(const ISA &isa) {
  if (isa.vectorBits == 512)
    return {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vnni"};
  if (isa.vectorBits == 256 && isa.dot == DotKind::Vpdpbusd)
    return {"avx2", "fma", "bmi2", "f16c", "movbe", "lzcnt", "avxvnni"};
  if (isa.vectorBits == 256)
    return {"avx2", "fma", "bmi2", "f16c", "movbe", "lzcnt"};
  return {};
}

bool nibble::kernels::isExecutable(const ISA &isa) {
  const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  return llvm::all_of(requiredFeatures(isa), [&](llvm::StringRef feature) { return host.lookup(feature); });
}
