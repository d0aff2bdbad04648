// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of instruction set levels.

#include "nibble/Target/TargetSpec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace nibble;
using llvm::StringRef;

static constexpr const char *linuxTriple = "x86_64-unknown-linux-gnu";

llvm::ArrayRef<TargetSpec> nibble::getTargetSpecs() {
  // 512-bit vectors are asked for by name: LLVM's tuning of x86-64-v4 would prefer 256 bits.
  static const TargetSpec specs[] = {
      {"generic", linuxTriple, "x86-64", ""},
      {"avx2", linuxTriple, "x86-64-v3", ""},
      {"avxvnni", linuxTriple, "x86-64-v3", "+avxvnni"},
      {"avx512vnni", linuxTriple, "x86-64-v4", "+avx512vnni,-prefer-256-bit"},
  };
  return specs;
}

const TargetSpec *nibble::lookupTargetSpec(StringRef isa) {
  for (const TargetSpec &spec : getTargetSpecs())
    if (spec.isa == isa)
      return &spec;
  return nullptr;
}

// The features that distinguish a level from the one before it.
static llvm::ArrayRef<StringRef> getRequiredFeatures(StringRef isa) {
  static const StringRef avx2[] = {"avx2", "fma", "bmi2", "f16c"};
  static const StringRef avxvnni[] = {"avx2", "fma", "bmi2", "f16c", "avxvnni"};
  static const StringRef avx512[] = {"avx2",     "fma",      "bmi2",     "f16c",    "avx512f",
                                     "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vnni"};
  if (isa == "avx2")
    return avx2;
  if (isa == "avxvnni")
    return avxvnni;
  if (isa == "avx512vnni")
    return avx512;
  return {};
}

bool nibble::isHostCapable(const TargetSpec &spec) {
#if defined(__x86_64__)
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  return llvm::all_of(getRequiredFeatures(spec.isa), [&](StringRef feature) { return host.lookup(feature); });
#else
  return false;
#endif
}

const TargetSpec &nibble::getHostTargetSpec() {
  for (const TargetSpec &spec : llvm::reverse(getTargetSpecs()))
    if (isHostCapable(spec))
      return spec;
  return getTargetSpecs().front();
}
