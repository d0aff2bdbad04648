// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelRunner.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "nibble/InitAll.h"
#include <limits>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

MLIRContext &test::kernelContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerAllDialects(registry);
    auto *made = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    made->loadAllAvailableDialects();
    return made;
  }();
  return *context;
}

CompiledKernel::CompiledKernel(const ISA &isa, Emit emit) {
  const TargetSpec *target = lookupTargetSpec(isa.name);
  if (!target) {
    ADD_FAILURE() << "no target for " << isa.name.str();
    return;
  }
  MLIRContext &context = kernelContext();
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder(module->getBodyRegion());
  emit(builder, loc, "kernel", isa);
  if (failed(verify(*module))) {
    ADD_FAILURE() << "the kernel does not verify";
    return;
  }
  if (isa.isGPU()) {
    emulated = std::make_unique<EmulatedKernel>(*module, isa);
    return;
  }
  auto object = emitObject(*module, *target);
  if (!object) {
    ADD_FAILURE() << llvm::toString(object.takeError());
    return;
  }
  auto loaded = JITLibrary::load(*object);
  if (!loaded) {
    ADD_FAILURE() << llvm::toString(loaded.takeError());
    return;
  }
  library = std::move(*loaded);
  auto found = library->lookupFunction<KernelFunction>("kernel");
  if (!found) {
    ADD_FAILURE() << llvm::toString(found.takeError());
    return;
  }
  function = *found;
}

void CompiledKernel::run(llvm::ArrayRef<void *> args, const Extent &tiles) const {
  if (emulated)
    return emulated->run(args);
  ASSERT_NE(function, nullptr);
  const int64_t half = tiles.getStatic() / 2;
  function(args.data(), half, tiles.getStatic());
  function(args.data(), 0, half);
}

std::vector<int64_t> test::toIntegers(llvm::ArrayRef<Extent> extents) {
  std::vector<int64_t> integers;
  for (const Extent &extent : extents)
    integers.push_back(extent.getStatic());
  return integers;
}

std::vector<const ISA *> test::hostISAs() {
  std::vector<const ISA *> found;
  for (const ISA &isa : getISAs())
    if (isHostCapable(*lookupTargetSpec(isa.name)))
      found.push_back(&isa);
  return found;
}

std::vector<const ISA *> test::testedISAs() {
  std::vector<const ISA *> tested = hostISAs();
  tested.push_back(lookupISA("sm_80"));
  return tested;
}

Guarded::Guarded(int64_t bytes, int64_t skew)
    : bytes(bytes), skew(skew), storage(margin + skew + bytes + margin, canary) {}

bool Guarded::isIntact() const {
  auto untouched = [](char byte) { return byte == canary; };
  return std::all_of(storage.begin(), storage.begin() + margin + skew, untouched) &&
         std::all_of(storage.end() - margin, storage.end(), untouched);
}

std::vector<float> test::randomFloats(int64_t count, float deviation, bool extremes, uint32_t seed) {
  using Limits = std::numeric_limits<float>;
  const float special[] = {0.0f,
                           -0.0f,
                           Limits::infinity(),
                           -Limits::infinity(),
                           Limits::quiet_NaN(),
                           Limits::max(),
                           -Limits::max(),
                           Limits::min(),
                           Limits::denorm_min(),
                           -Limits::denorm_min(),
                           1.0f,
                           -1.0f,
                           0.5f,
                           -0.5f,
                           1.5f,
                           2.5f,
                           -2.5f,
                           0x1p23f,
                           -0x1.8p22f,
                           88.75f,
                           -104.5f,
                           -87.5f,
                           0.70710677f,
                           8388609.0f,
                           1e-20f};
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution(0.0f, deviation);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(engine);
  if (extremes)
    for (int64_t i = 0; i < count; i += 3)
      values[i] = special[engine() % std::size(special)];
  return values;
}

std::vector<uint8_t> test::randomBytes(int64_t count, uint32_t seed) {
  std::mt19937 engine(seed);
  const uint8_t special[] = {0, 1, 127, 128, 254, 255};
  std::vector<uint8_t> values(count);
  for (uint8_t &value : values)
    value = engine() % 4 == 0 ? special[engine() % std::size(special)] : engine() & 255;
  return values;
}
