// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every convolution kernel, on every instruction set that this machine has, against plain loops, bit for bit.

#include "ConvCase.h"
#include "gtest/gtest.h"

using namespace nibble;
using namespace nibble::kernels;

namespace {

class ConvTest : public testing::TestWithParam<const ISA *> {
protected:
  const ISA &isa = *GetParam();

  void SetUp() override {
    if (!isa.isGPU() && !isHostCapable(*lookupTargetSpec(isa.name)))
      GTEST_SKIP() << "this machine has no " << isa.name.str();
  }

  void check(const ConvParams &params, Fill fill = Fill::Random) {
    const ConvCase test(params, fill);
    SCOPED_TRACE(convKernelName(test.p, isa) + " " + convKernelKey(test.p));
    if (isa.isGPU())
      return checkEmulated(test);
    KernelJit jit(isa, [&](mlir::OpBuilder &b, mlir::Location loc) { test.emit(b, loc, isa); });
    const std::vector<uint8_t> expected = test.expected();
    compare(expected, test.computed(jit.get()));
    if (test.canTakeAddend()) {
      SCOPED_TRACE("in the addend's place");
      compare(expected, test.computedInPlace(jit.get()));
    }
  }

private:
  /// Of kernels that know nothing of their arguments' addresses, and what they are multiples of.
  void checkEmulated(const ConvCase &test) {
    const std::vector<int64_t> known = PreparedConv(test, DotInput::Either).getAlignments();
    for (llvm::ArrayRef<int64_t> alignments : {llvm::ArrayRef<int64_t>(), llvm::ArrayRef<int64_t>(known)}) {
      SCOPED_TRACE(alignments.empty() ? "addresses unknown" : "addresses known");
      checkEmulated(test, emulate(isa, [&](mlir::OpBuilder &b, mlir::Location loc) {
                      const ArgumentAlignments scope(mlir::cast<mlir::ModuleOp>(b.getInsertionBlock()->getParentOp()),
                                                     alignments);
                      test.emit(b, loc, isa);
                    }));
    }
  }

  void checkEmulated(const ConvCase &test, const test::EmulatedKernel &kernel) {
    std::vector<uint8_t> expected = test.expected(), computed = test.computed(kernel, /*inPlace=*/false);
    if (test.p.output == ElementKind::F32 && !test.p.sums)
      for (std::vector<uint8_t> *bytes : {&expected, &computed})
        unifyNaNs(*bytes);
    compare(expected, computed);
    if (test.canTakeAddend())
      compare(expected, test.computed(kernel, /*inPlace=*/true));
  }

  /// GPUs have another NaN than CPUs.
  static void unifyNaNs(std::vector<uint8_t> &bytes) {
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      float value;
      std::memcpy(&value, &bytes[i], 4);
      if (std::isnan(value))
        std::memset(&bytes[i], 0xff, 4);
    }
  }

  static void compare(const std::vector<uint8_t> &expected, const std::vector<uint8_t> &computed) {
    int64_t wrong = 0, first = -1;
    for (size_t i = 0; i < expected.size(); ++i)
      if (expected[i] != computed[i] && wrong++ == 0)
        first = i;
    EXPECT_EQ(wrong, 0) << "of " << expected.size() << " bytes; first at " << first - 256 << ": expected "
                        << int(expected[first < 0 ? 0 : first]) << ", got " << int(computed[first < 0 ? 0 : first]);
  }
};

ConvParams conv(int64_t C, int64_t N, int64_t H, int64_t W, int64_t kernel = 1, int64_t stride = 1) {
  ConvParams p;
  p.C = C, p.N = N, p.H = H, p.W = W;
  p.KH = p.KW = kernel;
  p.strideH = p.strideW = stride;
  p.outputZeroPoint = 100;
  return p;
}

ConvParams depthwise(int64_t C, int64_t H, int64_t W, int64_t kernel, int64_t stride = 1) {
  ConvParams p = conv(C, C, H, W, kernel, stride);
  p.groups = C;
  return p;
}

ConvParams asFloat(ConvParams p) {
  p.input = p.output = ElementKind::F32;
  return p;
}

/// Bytes and i8 weights to floats, by scales.
ConvParams asScaled(ConvParams p, ElementKind input) {
  p.input = input;
  p.output = ElementKind::F32;
  p.scaled = true;
  return p;
}

/// A matrix product, each of whose rows has a scale.
ConvParams asRows(ConvParams p) {
  p.rowScalePitch = 4;
  return p;
}

ConvParams withResidual(ConvParams p) {
  Residual r;
  r.scale = 0.7f, r.addendScale = 0.4f;
  r.addendZeroPoint = 120, r.zeroPoint = 90, r.min = 10, r.max = 250;
  p.residual = r;
  return p;
}

/// Everything signed, with zero points within s8.
ConvParams asSigned(ConvParams p) {
  p.input = p.output = ElementKind::S8;
  p.outputZeroPoint -= 128, p.clampMin -= 128, p.clampMax -= 128;
  if (p.residual) {
    Residual &r = *p.residual;
    r.addendZeroPoint -= 128, r.zeroPoint -= 128, r.min -= 128, r.max -= 128;
  }
  return p;
}

/// 16-bit values on either side or both.
ConvParams asWords(ConvParams p, ElementKind input = ElementKind::S16, ElementKind output = ElementKind::S16) {
  p.input = input, p.output = output;
  const int64_t least = output == ElementKind::S16 ? -32767 : output == ElementKind::S8 ? -128 : 0;
  const int64_t greatest = output == ElementKind::S16 ? 32767 : least + 255;
  p.outputZeroPoint = output == ElementKind::U8 ? 100 : 0;
  p.clampMin = least, p.clampMax = greatest;
  if (!p.residual)
    return p;
  Residual &r = *p.residual;
  r.addendZeroPoint = r.zeroPoint = p.outputZeroPoint;
  r.min = least, r.max = greatest - 5;
  return p;
}

TEST_P(ConvTest, ColumnTails) {
  for (int64_t n : {1, 2, 3, 7, 8, 15, 17, 24, 31, 48, 63, 65, 100})
    check(conv(8, n, 1, 3));
}

TEST_P(ConvTest, PixelTails) {
  for (int64_t w : {1, 2, 5, 7, 13, 29, 97})
    check(conv(12, 40, 1, w));
}

TEST_P(ConvTest, ChannelTails) {
  for (int64_t c : {1, 2, 3, 4, 6, 17, 63})
    for (int64_t kernel : {1, 3})
      check(conv(c, 20, 2, 3, kernel));
}

TEST_P(ConvTest, Windows) {
  for (int64_t stride : {1, 2, 3})
    for (int64_t kernel : {1, 2, 3})
      check(conv(8, 24, 3, 4, kernel, stride));
  check(conv(8, 24, 3, 4, 5));
  ConvParams p = conv(3, 16, 4, 6, 3);
  p.KW = 4, p.strideW = 2, p.dilationH = 2, p.dilationW = 3;
  check(p);
  p.dilationW = 1;
  check(p);
}

TEST_P(ConvTest, Gaps) {
  ConvParams p = conv(6, 21, 4, 5, 3);
  p.in = {200, 9};
  p.out = {5 * 27 + 11, 27};
  check(p);
  check(withResidual(p));
  p.C = p.N = p.groups = 21;
  p.in = {400, 23};
  check(p);
}

TEST_P(ConvTest, ManyTiles) {
  check(conv(8, 16, 1, 131)); // prime: a last tile of another length
  check(conv(8, 16, 20, 20));
  check(conv(16, 200, 1, 1)); // columns over several tiles, the last one shorter
  check(conv(16, 150, 2, 3, 2));
}

/// Blocks of threads: rows, columns and sums one below, at and above what their tiles are made of.
TEST_P(ConvTest, BlockTiles) {
  if (!isa.isGPU())
    GTEST_SKIP() << "threads have tiles of their own";
  for (int64_t size : {15, 16, 17, 31, 33, 63, 64, 65, 127, 129}) {
    check(conv(48, 32, 1, size));
    check(conv(16, size, 1, 20));
    check(withResidual(conv(size, 24, 1, 9)));
    check(asSigned(conv(4 * size, 40, 1, 5)));
    check(asFloat(conv(size, 20, 1, 18)));
  }
  for (int64_t channels : {4, 8, 16, 24, 64, 68}) // taps of as many, in pieces of 4, 8 or 16 bytes
    for (int64_t stride : {1, 2}) {
      ConvParams p = conv(channels, 20, 3, 5, 3, stride);
      check(p);
      p.dilationH = p.dilationW = 2;
      check(withResidual(p));
      check(asFloat(p));
    }
  check(conv(64, 150, 60, 71));   // tiles of 128 rows
  check(conv(32, 1030, 1, 1100)); // many either way, in groups of rows
}

TEST_P(ConvTest, Extremes) {
  for (Fill fill : {Fill::Extremes, Fill::AllHigh, Fill::AllLow})
    for (int64_t zero : {fill == Fill::AllHigh ? 0 : 255}) {
      ConvParams p = conv(40, 32, 2, 3, 3);
      p.outputZeroPoint = zero;
      check(p, fill);
      check(withResidual(p), fill);
      ConvParams d = depthwise(64, 2, 3, 3);
      d.outputZeroPoint = zero;
      check(d, fill);
      p.input = ElementKind::S8;
      check(p, fill);
    }
}

TEST_P(ConvTest, AccumulatorLimits) {
  for (bool below : {false, true})
    for (Requant requant : {Requant::Float, Requant::Fixed}) {
      ConvParams p = conv(4, 20, 1, 5), d = depthwise(20, 2, 3, 3);
      p.multipliersBelowOne = d.multipliersBelowOne = below;
      p.requant = d.requant = requant;
      check(p, Fill::Limits);
      check(d, Fill::Limits);
    }
}

TEST_P(ConvTest, Clamps) {
  for (bool below : {false, true})
    for (bool depth : {false, true}) {
      ConvParams p = depth ? depthwise(40, 2, 2, 3) : conv(24, 40, 1, 3);
      p.multipliersBelowOne = below;
      check(p);
      p.clampMin = 100, p.clampMax = 180;
      check(p);
      check(asSigned(p));
      check(withResidual(p));
    }
}

TEST_P(ConvTest, Signed) {
  for (bool below : {false, true}) {
    ConvParams p = asSigned(conv(10, 40, 2, 3, 3));
    p.multipliersBelowOne = below;
    check(p);
    check(asSigned(withResidual(conv(10, 40, 2, 3, 3))));
    p = asSigned(depthwise(50, 2, 3, 3));
    p.multipliersBelowOne = below;
    check(p);
  }
}

TEST_P(ConvTest, Residual) {
  for (int64_t n : {7, 16, 33, 100})
    check(withResidual(conv(8, n, 2, 4)));
  for (int64_t c : {7, 40, 64})
    check(withResidual(depthwise(c, 2, 2, 3)));
  // Scales with which the order of the operands decides one pair of bytes in a thousand.
  ConvParams p = withResidual(conv(8, 64, 16, 16));
  p.outputZeroPoint = 196;
  p.residual->scale = 0.51f / 0.474f, p.residual->addendScale = 0.509f / 0.474f;
  p.residual->addendZeroPoint = 3, p.residual->zeroPoint = 80;
  for (bool first : {false, true}) {
    p.residual->addendFirst = first;
    check(p);
  }
}

TEST_P(ConvTest, Fixed) {
  for (int64_t n : {7, 33}) {
    ConvParams p = conv(20, n, 2, 3);
    p.requant = Requant::Fixed;
    check(p);
    check(withResidual(p));
    check(asSigned(p));
    p.C = p.groups = n;
    p.KH = p.KW = 3;
    check(p);
  }
  ConvParams p = conv(12, 20, 2, 2, 3);
  p.groups = 2;
  p.requant = Requant::Fixed;
  check(p);
}

TEST_P(ConvTest, Depthwise) {
  for (int64_t c : {2, 8, 15, 16, 17, 47, 65, 110, 144})
    check(depthwise(c, 2, 5, 3));
  for (int64_t stride : {1, 2, 3})
    for (int64_t kernel : {1, 2, 4, 5})
      check(depthwise(12, 3, 5, kernel, stride));
  check(depthwise(12, 2, 3, 7, 2));
  ConvParams p = depthwise(20, 3, 5, 3);
  p.dilationH = 2, p.dilationW = 2;
  check(p);
  p = depthwise(20, 3, 5, 3);
  p.KH = 1;
  check(p);
}

TEST_P(ConvTest, Groups) {
  for (int64_t groups : {2, 3}) {
    ConvParams p = conv(groups * 5, groups * 7, 3, 4, 3);
    p.groups = groups;
    check(p);
    check(withResidual(p));
  }
  ConvParams p = conv(6, 12, 3, 4, 3); // a depth multiplier of 2
  p.groups = 6;
  check(p);
}

TEST_P(ConvTest, Float) {
  for (int64_t n : {1, 3, 8, 23, 64})
    check(asFloat(conv(9, n, 2, 3, 3)));
  for (int64_t c : {1, 2, 3, 4, 17})
    check(asFloat(conv(c, 20, 2, 3, 3, 2)));
  for (int64_t c : {2, 5, 8, 21, 70})
    check(asFloat(depthwise(c, 3, 9, 3)));
  check(asFloat(depthwise(24, 2, 4, 5, 2)));
  ConvParams p = asFloat(conv(12, 20, 3, 5, 3));
  p.groups = 4;
  check(p);
  p.floatMin = 0, p.floatMax = 0.5f;
  check(p);
  check(asFloat(conv(8, 16, 1, 131)));
}

TEST_P(ConvTest, Scaled) {
  for (ElementKind input : {ElementKind::U8, ElementKind::S8, ElementKind::F32}) {
    if (input == ElementKind::F32 && !isa.hasFMA)
      continue;
    for (int64_t n : {1, 3, 8, 15, 23, 64, 100})
      check(asScaled(conv(9, n, 2, 3, 3), input));
    for (int64_t c : {1, 2, 3, 4, 17, 640})
      check(asScaled(conv(c, 20, 1, 1), input));
    for (int64_t c : {2, 5, 8, 16, 21, 33, 64, 70, 130})
      check(asScaled(depthwise(c, 3, 9, 3), input));
    check(asScaled(depthwise(24, 2, 4, 5, 2), input));
    ConvParams p = asScaled(conv(12, 20, 3, 5, 3), input);
    p.groups = 4;
    check(p);
    p.floatMin = 0, p.floatMax = 0.5f;
    check(p);
    p.groups = 1;
    p.out = {5 * 100 + 12, 100};
    check(p);
    for (Fill fill : {Fill::Extremes, Fill::AllHigh, Fill::AllLow})
      check(asScaled(conv(70, 20, 1, 3), input), fill);
  }
}

TEST_P(ConvTest, RowScales) {
  for (ElementKind input : {ElementKind::U8, ElementKind::S8})
    for (int64_t rows : {2, 5, 13, 131})
      for (int64_t columns : {1, 20, 130})
        check(asRows(asScaled(conv(33, columns, 1, rows), input)));
}

TEST_P(ConvTest, Words) {
  for (int64_t n : {1, 3, 8, 15, 17, 31, 48, 100})
    check(asWords(conv(9, n, 2, 3, 3)));
  for (int64_t c : {1, 2, 3, 4, 5, 17, 64, 1000})
    check(asWords(conv(c, 20, 1, 5)));
  for (int64_t w : {1, 2, 7, 29, 97, 131})
    check(asWords(conv(12, 40, 1, w)));
  for (int64_t c : {1, 2, 7, 8, 9, 16, 17, 31, 33, 47, 64, 65, 110, 144})
    check(asWords(depthwise(c, 2, 5, 3)));
  for (int64_t stride : {1, 2})
    for (int64_t kernel : {1, 2, 4, 5}) {
      check(asWords(depthwise(12, 3, 5, kernel, stride)));
      check(asWords(conv(5, 24, 3, 4, kernel, stride)));
    }
  ConvParams p = asWords(conv(12, 20, 2, 2, 3));
  p.groups = 2, p.dilationW = 2;
  check(p);
  p.in = {400, 28}, p.out = {200, 50};
  check(p);
}

TEST_P(ConvTest, WordsAndBytes) {
  const ElementKind words = ElementKind::S16;
  for (ElementKind bytes : {ElementKind::U8, ElementKind::S8})
    for (bool below : {false, true})
      for (ConvParams p : {conv(9, 45, 2, 3, 3), depthwise(77, 2, 5, 3), depthwise(5, 2, 3, 3)}) {
        p.multipliersBelowOne = below;
        check(asWords(p, words, bytes));
        check(asWords(p, bytes, words));
        check(asWords(withResidual(p), words, bytes));
        check(asWords(withResidual(p), bytes, words));
      }
}

TEST_P(ConvTest, WordsAtTheirEnds) {
  for (Requant requant : {Requant::Float, Requant::Fixed})
    for (bool below : {false, true})
      for (ConvParams p : {asWords(conv(40, 33, 2, 3, 3)), asWords(depthwise(40, 2, 3, 3)),
                           asWords(withResidual(conv(8, 24, 2, 3))), asWords(withResidual(depthwise(70, 2, 3, 3)))}) {
        p.requant = requant, p.multipliersBelowOne = below;
        for (Fill fill : {Fill::Extremes, Fill::AllHigh, Fill::AllLow, Fill::Limits})
          check(p, fill);
        p.clampMin = -100, p.clampMax = 20000;
        check(p);
        p.outputZeroPoint = -90;
        check(p, Fill::Limits);
      }
}

ConvParams asNarrow(ConvParams p, int64_t bits) {
  p.weightBits = bits;
  return p;
}

TEST_P(ConvTest, NarrowWeights) {
  for (int64_t bits : {4, 2}) {
    for (int64_t n : {1, 8, 15, 17, 40, 63, 100})
      check(asNarrow(conv(9, n, 2, 3, 3), bits));
    for (int64_t c : {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 20, 24, 28, 32, 33, 63, 640})
      check(asNarrow(conv(c, 20, 1, 5), bits));
    for (int64_t c : {3, 5, 8, 20, 37}) {
      check(asNarrow(conv(c, 20, 3, 4, 3, 2), bits));
      ConvParams p = conv(c, 33, 2, 3, 3);
      p.dilationW = 2;
      check(asNarrow(withResidual(p), bits));
    }
    for (int64_t w : {1, 2, 7, 29, 131})
      check(asNarrow(asSigned(conv(12, 40, 1, w)), bits));
    ConvParams p = asNarrow(conv(3 * 13, 3 * 7, 3, 4, 3), bits);
    p.groups = 3;
    check(p);
    p.requant = Requant::Fixed;
    check(p);
    for (ElementKind input : {ElementKind::U8, ElementKind::S8})
      check(asNarrow(asRows(asScaled(conv(33, 20, 1, 13), input)), bits));
    check(asNarrow(asWords(conv(24, 20, 1, 3), ElementKind::U8, ElementKind::S16), bits));
  }
}

ConvParams asPaired(ConvParams p) {
  p.pairedSteps = true;
  return p;
}

TEST_P(ConvTest, PairedSteps) {
  for (int64_t n : {1, 8, 15, 17, 40, 63, 100})
    check(asPaired(conv(9, n, 2, 3, 3)));
  for (int64_t c : {1, 4, 5, 7, 8, 9, 12, 16, 17, 20, 24, 28, 33, 63, 640})
    check(asPaired(conv(c, 20, 1, 5)));
  for (int64_t w : {1, 2, 7, 29, 131})
    check(asPaired(asSigned(conv(12, 40, 1, w))));
  for (Fill fill : {Fill::Extremes, Fill::AllHigh, Fill::AllLow, Fill::Limits})
    for (ConvParams p : {conv(40, 32, 2, 3, 3), asSigned(conv(40, 32, 2, 3, 3)), conv(1000, 20, 1, 1)})
      check(asPaired(p), fill);
  for (int64_t bits : {8, 4, 2}) {
    for (int64_t c : {3, 5, 8, 20, 37}) {
      check(asPaired(asNarrow(conv(c, 20, 3, 4, 3, 2), bits)));
      ConvParams p = conv(c, 33, 2, 3, 3);
      p.dilationW = 2;
      check(asPaired(asNarrow(withResidual(p), bits)));
    }
    ConvParams p = asPaired(asNarrow(conv(3 * 13, 3 * 7, 3, 4, 3), bits));
    p.groups = 3;
    check(p);
    p.requant = Requant::Fixed;
    check(p);
    for (ElementKind input : {ElementKind::U8, ElementKind::S8})
      check(asPaired(asNarrow(asRows(asScaled(conv(33, 20, 1, 13), input)), bits)));
  }
  for (int64_t bits : {4, 2})
    for (int64_t c : {1, 17, 33, 40, 64, 100, 257}) {
      ConvParams p = asPaired(asNarrow(conv(c, 33, 1, 5), bits));
      p.weightGroup = 32;
      check(p);
    }
}

ConvParams inGroups(ConvParams p, int64_t bits, int64_t group) {
  p.weightBits = bits;
  p.weightGroup = group;
  return p;
}

TEST_P(ConvTest, GroupsOfNarrowWeights) {
  for (int64_t bits : {4, 2}) {
    for (int64_t c : {1, 15, 16, 17, 31, 33, 40, 64, 100, 257}) // the last group is shorter
      for (int64_t group : {16, 32})
        check(inGroups(conv(c, 33, 1, 5), bits, group));
    for (int64_t n : {1, 15, 16, 17, 63, 100})
      check(inGroups(conv(48, n, 2, 3), bits, 16));
    check(inGroups(conv(32, 20, 3, 4, 3, 2), bits, 16)); // several taps
    check(inGroups(asSigned(conv(64, 20, 3, 4, 3)), bits, 64));
    check(inGroups(withResidual(conv(96, 33, 2, 3, 3)), bits, 32));
    ConvParams p = inGroups(conv(3 * 32, 3 * 7, 3, 4, 3), bits, 16);
    p.groups = 3;
    check(p);
    p.requant = Requant::Fixed;
    check(p);
    for (Fill fill : {Fill::Extremes, Fill::AllHigh, Fill::AllLow})
      check(inGroups(conv(160, 32, 1, 3), bits, 32), fill);
  }
}

TEST_P(ConvTest, NarrowExtremes) {
  for (int64_t bits : {4, 2})
    for (Fill fill : {Fill::Extremes, Fill::AllHigh, Fill::AllLow, Fill::Limits})
      for (ConvParams p : {conv(40, 32, 2, 3, 3), asSigned(conv(40, 32, 2, 3, 3)), conv(1000, 20, 1, 1)})
        check(asNarrow(p, bits), fill);
}

TEST(ConvRefusal, NarrowWeights) {
  const ISA &isa = getISAs().front();
  EXPECT_EQ(whyNoConv(asNarrow(conv(8, 16, 3, 7), 3), isa), "weights of 3 bits");
  const char *bytesAlone = "weights of fewer than 8 bits multiply bytes, and not by channel";
  EXPECT_EQ(whyNoConv(asNarrow(depthwise(8, 3, 7, 3), 4), isa), bytesAlone);
  EXPECT_EQ(whyNoConv(asNarrow(asWords(conv(8, 16, 3, 7)), 4), isa), bytesAlone);
  EXPECT_EQ(whyNoConv(inGroups(conv(32, 16, 3, 7), 4, 12), isa), "weights of 4 bits in groups of 12");
  EXPECT_EQ(whyNoConv(inGroups(conv(32, 16, 3, 7), 8, 16), isa), "weights of 8 bits in groups of 16");
  const std::vector<int8_t> odd(40 * 9, 127), seven(40 * 9, 14 * 7);
  EXPECT_EQ(whyNotNarrow(inGroups(conv(40, 1, 3, 4, 3), 4, 16), seven, {}, DotInput::U8),
            "kernels take no groups of 16");
  EXPECT_EQ(whyNotNarrow(inGroups(conv(40, 1, 1, 1), 4, 16), seven, {}, DotInput::U8), "");
  EXPECT_EQ(whyNotNarrow(inGroups(conv(40, 1, 1, 1), 2, 16), odd, {}, DotInput::U8), "");
  EXPECT_EQ(whyNotNarrow(asNarrow(conv(40, 1, 1, 1), 4), odd, {}, DotInput::U8), "the weights need more than 4 bits");
  const std::vector<int8_t> weights(4, 7);
  const std::vector<int32_t> little(1, 1000), much(1, (1 << 27) - 4 * 7 * 255);
  const ConvParams p = asNarrow(conv(4, 1, 1, 1), 4);
  EXPECT_EQ(whyNotNarrow(p, weights, little, DotInput::U8), "");
  EXPECT_EQ(whyNotNarrow(p, weights, much, DotInput::U8), "sums of up to 134217728 leave no room for 4 more bits");
  EXPECT_EQ(whyNotNarrow(asWords(p), weights, little, DotInput::U8), "kernels unpack weights for bytes alone");
  EXPECT_EQ(whyNotNarrow(asNarrow(depthwise(4, 1, 1, 1), 4), weights, little, DotInput::U8),
            "depthwise kernels unpack no weights");
}

ConvParams randomConv(std::mt19937 &random) {
  const auto pick = [&](int64_t low, int64_t high) { return low + int64_t(random() % (high - low + 1)); };
  const int64_t groups = pick(0, 3) ? 1 : pick(2, 3);
  ConvParams p = pick(0, 2) ? conv(groups * pick(1, 40), groups * pick(1, 90), pick(1, 4), pick(1, 20))
                            : depthwise(pick(2, 90), pick(1, 4), pick(1, 12), 1);
  if (p.groups == 1)
    p.groups = groups;
  p.KH = pick(1, 4), p.KW = pick(1, 4);
  p.strideH = pick(1, 2), p.strideW = pick(1, 3);
  p.dilationH = pick(1, 2), p.dilationW = pick(1, 2);
  p.outputZeroPoint = pick(0, 255);
  p.clampMin = pick(0, 1) ? 0 : pick(0, 100), p.clampMax = pick(0, 1) ? 255 : pick(150, 255);
  p.multipliersBelowOne = pick(0, 1);
  p.requant = pick(0, 3) ? Requant::Float : Requant::Fixed;
  if (pick(0, 2) == 0)
    p = withResidual(p);
  return pick(0, 2) ? p : asSigned(p);
}

TEST_P(ConvTest, RandomShapes) {
  std::mt19937 random(2026);
  for (int i = 0; i < 10; ++i) {
    const ConvParams p = randomConv(random);
    check(p, Fill::Random);
    if (isa.hasFMA && i % 3 == 0 && !p.residual)
      check(asFloat(p));
    const ElementKind kinds[] = {ElementKind::S16, ElementKind::U8, ElementKind::S16, ElementKind::S8};
    check(asWords(p, kinds[i % 4], i % 2 ? ElementKind::S16 : kinds[(i + 1) % 4]));
    if (!p.residual && p.requant == Requant::Float)
      check(asScaled(p, i % 2 ? ElementKind::U8 : ElementKind::S8));
  }
}

TEST(ConvRefusal, Scaled) {
  const ISA &isa = getISAs().front();
  ConvParams p = asScaled(conv(8, 16, 3, 7), ElementKind::U8);
  EXPECT_EQ(whyNoConv(p, isa), "");
  EXPECT_EQ(whyNoConv(asRows(p), isa), "the pixels of an image share one row scale");
  EXPECT_EQ(whyNoConv(withResidual(p), isa), "a scaled result is float and nothing is added to it");
}

TEST(ConvRefusal, ScaledWords) {
  EXPECT_EQ(whyNoConv(asScaled(conv(8, 16, 3, 7), ElementKind::S16), getISAs().front()),
            "a scaled product of 16-bit values");
}

TEST(ConvRefusal, ExtentsThatNoCodeServes) {
  const ISA &isa = getISAs().front();
  EXPECT_EQ(whyNoConv(conv(8, 16, 3, 7), isa), "");
  EXPECT_EQ(whyNoConv(conv(8, 16, 3, 0), isa), "an extent of 0");
  ConvParams p = conv(8, 16, 3, 7, 3);
  p.in.row = int64_t(1) << 30;
  EXPECT_EQ(whyNoConv(p, isa), "a window that spans more than 1 GiB");
}

// Machines with AVX-VNNI and without AVX-512 are rare: what others can check is the encoding.
TEST(ConvEncoding, AvxVnni) {
  const ISA &isa = *lookupISA("avxvnni");
  const ConvCase test(conv(64, 64, 1, 12));
  const std::string text = kernelAssembly(isa, [&](mlir::OpBuilder &b, mlir::Location loc) { test.emit(b, loc, isa); });
  EXPECT_NE(text.find("{vex}\tvpdpbusd\t"), std::string::npos);
  EXPECT_EQ(text.find("zmm"), std::string::npos);
  EXPECT_EQ(text.find("ymm16"), std::string::npos);
}

TEST(ConvEncoding, Words) {
  for (auto [name, instruction] : {std::pair("avxvnni", "{vex}\tvpdpwssd\t"),
                                   {"avx512vnni", "vpdpwssd\t"},
                                   {"avx2", "vpmaddwd\t"},
                                   {"neon", "smlal"}}) {
    const ISA &isa = *lookupISA(name);
    const ConvCase test(asWords(conv(64, 64, 1, 12)));
    const std::string text =
        kernelAssembly(isa, [&](mlir::OpBuilder &b, mlir::Location loc) { test.emit(b, loc, isa); });
    EXPECT_NE(text.find(instruction), std::string::npos) << name << ": " << text;
  }
}

std::string isaName(const testing::TestParamInfo<const ISA *> &info) {
  std::string name = info.param->name.str();
  std::replace(name.begin(), name.end(), '-', '_'); // letters, digits and underscores alone
  return name;
}

std::vector<const ISA *> allISAs() {
  std::vector<const ISA *> all;
  for (const ISA &isa : getISAs())
    if (!isa.isGPU() || isa.name == "sm_75" || isa.name == "sm_80") // without tensor cores for bytes, and with
      all.push_back(&isa);
  return all;
}

INSTANTIATE_TEST_SUITE_P(ISA, ConvTest, testing::ValuesIn(allISAs()), isaName);

} // namespace
