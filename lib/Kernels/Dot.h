// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The multiply-and-add step of a kernel: one row of the ISA table, expanded.

#ifndef NIBBLE_LIB_KERNELS_DOT_H
#define NIBBLE_LIB_KERNELS_DOT_H

#include "KernelBuilder.h"
#include "nibble/Kernels/Conv.h"
#include <array>

namespace nibble {
namespace kernels {

/// An operand in the form its multiplication wants: four bytes or two words a lane, or, where they have been split,
/// `odd` too.
struct Operand {
  Value even, odd;
};

/// acc += input * weight over 4 bytes, 2 words (16 bits, by weights of 8) or 1 float a lane.
///
/// A step takes 4 bytes of input and, for 16 columns, 64 bytes of weights, whatever the element kind (32 for words, 16
/// where bytes become floats): dense convolutions differ between integer and float here and in their epilogue only.
class Dot {
public:
  Dot(KernelBuilder &b, const ConvParams &params)
      : b(b), kind(params.input), byteWeights(params.scaled && params.input == ElementKind::F32),
        weightBits(params.weightBits), hasFactors(params.weightGroup != 0), pairsTwo(pairsRows(b.isa, params)) {}

  bool isFloat() const { return kind == ElementKind::F32; }
  bool isWords() const { return kind == ElementKind::S16; }
  /// Whether an operand takes two registers: then the shorter side of a tile had better stay in them.
  bool splitsOperands() const { return !isFloat() && !isWords() && b.isa.dot == DotKind::Pmaddwd; }
  /// i32 or f32.
  Type element() { return isFloat() ? b.f32() : b.i32(); }

  /// Whether two rows share instructions, each taking 8 bytes of both: `multiplyAddPair`. They take bytes of either
  /// kind, and so the plain bias.
  bool pairsRows() const { return pairsTwo; }

  /// An accumulator that starts at `bias`, and the sum it ends with: it may take more than one register.
  Value start(Value bias);
  Value finish(Value acc);

  /// The 4 bytes (or the float) at `pointer`, in each of `lanes` lanes.
  Operand broadcastInput(Value pointer, int64_t lanes);
  /// Whether instructions multiply by an element of a register, so that one load serves four of `steps` steps.
  static bool takesElements(const ISA &isa, int64_t steps);
  /// The inputs of four steps.
  std::array<Operand, 4> broadcastElements(Value pointer, int64_t lanes);
  /// Input bytes that are already 4 a lane.
  Operand input(Value bytes);
  /// A byte for each lane, as `weights` takes the factors of its lanes.
  Value factors(Value pointer, int64_t lanes);
  /// Of 8 bytes for each of `lanes` columns the first four and the last four.
  std::array<Operand, 2> weightsOfPair(Value pointer, int64_t lanes, int64_t step, Value factors);
  /// Of weights of fewer than 8 bits those of step `step` among the steps that share their bytes, times their factors.
  Operand weights(Value pointer, int64_t lanes, int64_t step = 0, Value factors = {});
  Value multiplyAdd(Value acc, Operand input, Operand weights);

  /// Two rows by two columns, row by row: the first two columns of a vector's four, or the last two.
  struct PairTile {
    Value first, last;
  };
  /// Rows that begin at an accumulator each as a tile, and back.
  PairTile joinRows(Value upper, Value lower);
  std::array<Value, 2> splitRows(PairTile tile);
  /// One or two steps (8 bytes each) of two rows.
  std::array<Value, 2> loadRows(Value upper, Value lower, int64_t steps);
  /// The weights of a step, and of four columns.
  PairTile pairWeights(Value pointer, int64_t step, Value factors);
  PairTile multiplyAddPair(PairTile acc, Value input, PairTile weights);

  /// Vector registers that a tile of mr pixels by nr vectors occupies.
  static int64_t registers(const ISA &isa, const ConvParams &params, int64_t mr, int64_t nr);
  /// Cycles of one step of such a tile, where nothing else limits it.
  static double stepCycles(const ISA &isa, const ConvParams &params, int64_t mr, int64_t nr);

private:
  static bool pairsRows(const ISA &isa, const ConvParams &params) {
    return isa.dot == DotKind::Smmla && params.pairedSteps;
  }
  /// Whether an accumulator holds two sums for each lane until the end.
  bool sumsPairs() const { return !isFloat() && !isWords() && b.isa.dot == DotKind::Smull; }
  Value toDotInput(Value dwords);
  Operand pairsOfWords(Value words);
  Value multiplyAddWords(Value acc, Operand input, Operand weights);
  Operand splitInput(Value dwords);
  Operand splitWeights(Value dwords, int64_t step);
  Value narrowWeights(Value dwords, int64_t step);
  Operand unpack(Value dwords, int64_t step, Value factors);
  Operand multipliedWeights(Value dwords, int64_t step, Value factors);
  /// By how many bits narrow weights stand above their place, and so the sums. Not where they become words.
  int64_t sumShift() const { return b.isa.dot == DotKind::Pmaddwd || hasFactors ? 0 : 8 - weightBits; }

  KernelBuilder &b;
  ElementKind kind;
  bool byteWeights; ///< of a float input
  int64_t weightBits;
  bool hasFactors;
  bool pairsTwo; ///< rows
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_DOT_H
