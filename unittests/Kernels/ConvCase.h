// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One convolution with operands: run by plain loops, and by a compiled kernel between canaries.

#ifndef NIBBLE_UNITTESTS_KERNELS_CONVCASE_H
#define NIBBLE_UNITTESTS_KERNELS_CONVCASE_H

#include "EmulatedKernel.h"
#include "KernelJit.h"
#include "nibble/Kernels/Conv.h"
#include <array>
#include <random>

namespace nibble {
namespace kernels {

/// What the operands are filled with.
enum class Fill { Random, Extremes, AllHigh, AllLow, Limits };

/// A convolution whose images have gaps between rows and pixels where the pitches say so.
class ConvCase {
public:
  /// Sets the pitches that `params` leaves 0: pixels and rows without gaps.
  ConvCase(ConvParams params, Fill fill = Fill::Random, unsigned seed = 1);

  /// The result of the definition: dialects/Nibble/README.md, by nibble::numerics.
  std::vector<uint8_t> expected() const;
  /// The kernel's, tiles in descending order, one at a time; canaries round it are the same as in `expected`.
  std::vector<uint8_t> computed(Kernel *kernel) const;
  /// The same of a kernel for dynamic extents, `emitted`, which are those of this case where the dimensions are `dims`.
  std::vector<uint8_t> computed(Kernel *kernel, const ConvParams &emitted, llvm::ArrayRef<int64_t> dims) const;
  /// Whether the result may lie where the addend does, and the kernel's then.
  bool canTakeAddend() const;
  std::vector<uint8_t> computedInPlace(Kernel *kernel) const;
  /// The same of a GPU's kernel.
  std::vector<uint8_t> computed(const test::EmulatedKernel &kernel, bool inPlace) const;

  void emit(mlir::OpBuilder &builder, mlir::Location loc, const ISA &isa) const {
    emitConv(builder, loc, "kernel", p, isa);
  }

  ConvParams p;

private:
  friend class PreparedConv;
  bool isFloat() const { return p.input == ElementKind::F32; }
  int64_t height() const { return p.H.getStatic(); }
  int64_t width() const { return p.W.getStatic(); }
  int64_t inputBytes() const { return bytesOf(p.input); }
  int64_t outputBytes() const { return bytesOf(p.output); }
  void multiplyGroups(std::mt19937 &random);
  void makeIntegers(Fill fill, std::mt19937 &random);
  void makeFloats(std::mt19937 &random);
  void makeScales(std::mt19937 &random);
  int32_t sumAt(int64_t y, int64_t x, int64_t o) const;
  float scaledAt(int64_t y, int64_t x, int64_t o) const;
  int32_t requantize(int32_t acc, int64_t o, int64_t y, int64_t x) const;
  int32_t integerAt(int64_t y, int64_t x, int64_t o) const;
  float floatAt(int64_t y, int64_t x, int64_t o) const;
  int64_t inputOffset(int64_t y, int64_t x, int64_t ky, int64_t kx, int64_t c) const;

  std::vector<uint8_t> input, addend, blank;
  std::vector<int8_t> weights;
  std::vector<float> floatWeights, multipliers, floatBias, rowScales; ///< the float weights of bytes are their values
  std::vector<int32_t> bias;
};

/// The operands of a kernel, packed and aligned, and its result between canaries.
class PreparedConv {
public:
  explicit PreparedConv(const ConvCase &test, DotInput dotInput = DotInput::U8)
      : PreparedConv(test, test.p, {}, dotInput) {}
  /// For the kernel `emitted`, whose extents are those of the case where the dimensions are `dims`.
  PreparedConv(const ConvCase &test, const ConvParams &emitted, llvm::ArrayRef<int64_t> dims,
               DotInput dotInput = DotInput::U8);
  /// The result is written over the addend from here on.
  void takeAddend(const ConvCase &test);
  void run(Kernel *kernel) const { kernel(&args[1], 0, tiles); }
  void runTile(Kernel *kernel, int64_t tile) const { kernel(&args[1], tile, tile + 1); }
  void run(const test::EmulatedKernel &kernel) const { kernel.run(llvm::ArrayRef(args).drop_front()); }
  const std::vector<uint8_t> &getResult() const { return result; }
  /// What the addresses of the arguments are multiples of, up to 16.
  std::vector<int64_t> getAlignments() const;

  const int64_t tiles;

private:
  void *addAligned(const std::vector<char> &bytes);

  std::vector<std::vector<char>> buffers;
  std::vector<uint8_t> result;
  std::vector<int64_t> dims;
  std::array<void *, 7> args; ///< the dimensions, then the kernel's
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_UNITTESTS_KERNELS_CONVCASE_H
