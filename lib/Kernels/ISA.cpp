// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of instruction sets.

#include "nibble/Kernels/ISA.h"
#include "nibble/Target/TargetSpec.h"
#include "llvm/ADT/STLExtras.h"

using namespace nibble::kernels;

// A new instruction set is a row here, one in lib/Target/TargetSpec.cpp and, where its dot product is new, an expansion
// in Dot.cpp.
static const ISA table[] = {
    // name, vector bits, registers, dot, fma
    {"generic", 128, 16, DotKind::Pmaddwd, false},
    {"avx2", 256, 16, DotKind::Pmaddwd, true},
    {"avxvnni", 256, 16, DotKind::Vpdpbusd, true},
    {"avx512vnni", 512, 32, DotKind::Vpdpbusd, true},
};

llvm::ArrayRef<ISA> nibble::kernels::getISAs() { return table; }

const ISA *nibble::kernels::lookupISA(llvm::StringRef name) {
  const ISA *found = llvm::find_if(table, [&](const ISA &isa) { return isa.name == name; });
  return found == std::end(table) ? nullptr : found;
}

bool nibble::kernels::isExecutable(const ISA &isa) { return isHostCapable(*lookupTargetSpec(isa.name)); }
