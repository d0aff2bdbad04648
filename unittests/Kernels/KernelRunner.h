// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles kernels for every instruction set of this machine and runs them between canaries.

#ifndef NIBBLE_UNITTESTS_KERNELS_KERNELRUNNER_H
#define NIBBLE_UNITTESTS_KERNELS_KERNELRUNNER_H

#include "EmulatedKernel.h"
#include "nibble/Kernels/ISA.h"
#include "nibble/Support/Extent.h"
#include "nibble/Target/JIT.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <random>

namespace nibble::kernels::test {

using KernelFunction = void(void *const *args, int64_t begin, int64_t end);
using Emit = llvm::function_ref<mlir::func::FuncOp(mlir::OpBuilder &, mlir::Location, llvm::StringRef, const ISA &)>;

/// One kernel's code in this process.
class CompiledKernel {
public:
  CompiledKernel(const ISA &isa, Emit emit);
  explicit operator bool() const { return function || emulated; }
  void run(llvm::ArrayRef<void *> args, int64_t begin, int64_t end) const { function(args.data(), begin, end); }
  /// All tiles, whose number is known, in two calls where there are two, the later ones first; of a GPU, in one.
  void run(llvm::ArrayRef<void *> args, const Extent &tiles) const;

private:
  std::unique_ptr<JITLibrary> library;
  KernelFunction *function = nullptr;
  std::unique_ptr<EmulatedKernel> emulated;
};

/// Extents that are known, as integers.
std::vector<int64_t> toIntegers(llvm::ArrayRef<Extent> extents);

/// Where kernels are emitted, with all dialects.
mlir::MLIRContext &kernelContext();

/// The instruction sets of this machine.
std::vector<const ISA *> hostISAs();
/// These, and a GPU, which is emulated: its kernels have no dynamic extents.
std::vector<const ISA *> testedISAs();

/// Bytes with a canary on either side, which the destructor checks. `margin` bytes before and behind `data()` are ours.
class Guarded {
public:
  explicit Guarded(int64_t bytes, int64_t skew = 0);
  ~Guarded() { EXPECT_TRUE(isIntact()) << "written outside the output"; }
  Guarded(const Guarded &) = delete;

  template <typename T = char>
  T *data() {
    return reinterpret_cast<T *>(storage.data() + margin + skew);
  }
  int64_t size() const { return bytes; }
  bool isIntact() const;

private:
  static constexpr int64_t margin = 256;
  int64_t bytes, skew;
  std::vector<char> storage;
};

/// What an untouched byte of a Guarded holds.
constexpr char canary = char(0xa5);

/// memcpy of a whole container, which may be empty.
template <typename T>
void copyBytes(void *to, const std::vector<T> &from) {
  if (!from.empty())
    std::memcpy(to, from.data(), from.size() * sizeof(T));
}

/// Equal bits, or both NaN.
inline bool same(float a, float b) { return (a != a && b != b) || std::memcmp(&a, &b, sizeof a) == 0; }
inline bool same(uint8_t a, uint8_t b) { return a == b; }
inline bool same(int8_t a, int8_t b) { return a == b; }
inline bool same(int16_t a, int16_t b) { return a == b; }

/// Compares, and stops after a few differences.
template <typename T>
void expectSame(const T *got, const T *want, int64_t count, const std::string &what) {
  int differences = 0;
  for (int64_t i = 0; i < count && differences < 4; ++i)
    if (!same(got[i], want[i])) {
      ADD_FAILURE() << what << ": element " << i << " is " << +got[i] << ", expected " << +want[i];
      ++differences;
    }
}

/// Normal numbers round 0, with the extremes of f32 among them where `extremes`.
std::vector<float> randomFloats(int64_t count, float deviation, bool extremes, uint32_t seed = 1);
/// Any bytes, the smallest and largest among them.
std::vector<uint8_t> randomBytes(int64_t count, uint32_t seed = 1);

} // namespace nibble::kernels::test

#endif // NIBBLE_UNITTESTS_KERNELS_KERNELRUNNER_H
