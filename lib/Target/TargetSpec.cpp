// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's targets for the instruction sets of lib/Kernels/ISA.cpp.

#include "nibble/Target/TargetSpec.h"
#include "nibble/Kernels/ISA.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

#include <optional>
#include <vector>

using namespace nibble;

llvm::ArrayRef<TargetSpec> nibble::getTargetSpecs() {
  static const std::vector<TargetSpec> specs = [] {
    std::vector<TargetSpec> made;
    for (const kernels::ISA &isa : kernels::getISAs())
      made.push_back({isa.name.str(), isa.triple.str(), isa.cpu.str(), isa.features.str()});
    return made;
  }();
  return specs;
}

const TargetSpec *nibble::lookupTargetSpec(llvm::StringRef isa) {
  for (const TargetSpec &spec : getTargetSpecs())
    if (spec.isa == isa)
      return &spec;
  return nullptr;
}

bool TargetSpec::hasFMA() const {
  const kernels::ISA *row = kernels::lookupISA(isa);
  return row && row->hasFMA;
}

const TargetSpec &nibble::getPlainestTargetSpec(const TargetSpec &spec) {
  return *llvm::find_if(getTargetSpecs(), [&](const TargetSpec &other) { return other.triple == spec.triple; });
}

const TargetSpec &nibble::getLibraryTargetSpec(const TargetSpec &spec) {
  return isGPU(spec) ? *lookupTargetSpec("generic") : getPlainestTargetSpec(spec);
}

bool nibble::isGPU(const TargetSpec &spec) {
  const kernels::ISA *isa = kernels::lookupISA(spec.isa);
  return isa && isa->isGPU();
}

bool nibble::isBaseline(const TargetSpec &spec) { return spec.isa == getPlainestTargetSpec(spec).isa; }

bool nibble::isBareMetal(const TargetSpec &spec) {
  const kernels::ISA *isa = kernels::lookupISA(spec.isa);
  return isa && isa->isBareMetal();
}

#if defined(__x86_64__)
static constexpr std::optional<kernels::Arch> hostArch = kernels::Arch::X86_64;
#elif defined(__aarch64__)
static constexpr std::optional<kernels::Arch> hostArch = kernels::Arch::AArch64;
#else
static constexpr std::optional<kernels::Arch> hostArch;
#endif

static bool hasFeatures(const llvm::StringMap<bool> &host, const kernels::ISA &isa) {
  const kernels::ISA *base = kernels::lookupISA(isa.extends);
  return (!base || hasFeatures(host, *base)) &&
         llvm::all_of(llvm::split(isa.required, ','),
                      [&](llvm::StringRef feature) { return feature.empty() || host.lookup(feature); });
}

bool nibble::isHostCapable(const TargetSpec &spec) {
  const kernels::ISA *isa = kernels::lookupISA(spec.isa);
  return isa && isa->arch == hostArch && hasFeatures(llvm::sys::getHostCPUFeatures(), *isa);
}

const TargetSpec &nibble::getHostTargetSpec() {
  for (const TargetSpec &spec : llvm::reverse(getTargetSpecs()))
    if (isHostCapable(spec))
      return spec;
  return getTargetSpecs().front();
}
