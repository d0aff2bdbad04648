// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Samples.h"
#include "nibble/Support/Npz.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <cmath>
#include <numeric>

using namespace llvm;
using namespace nibble;
using namespace nibble::driver;

namespace {

Array iota(ArrayRef<int64_t> shape) {
  Array array = Array::allocate(ElementKind::F32, shape);
  std::iota(array.as<float>().begin(), array.as<float>().end(), 0.0f);
  return array;
}

Port port(StringRef name, ArrayRef<int64_t> shape) {
  Port result;
  result.name = name.str();
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

/// A folder that goes when the test ends.
class SamplesTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(sys::fs::createUniqueDirectory("nibble", folder)); }
  void TearDown() override { sys::fs::remove_directories(folder); }

  std::string write(StringRef name, const NamedArrays &arrays) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    EXPECT_FALSE(bool(writeNpz(path, arrays)));
    return path.str().str();
  }

  /// Type and first element of each array of all samples, then the error,
  /// without the folder's name.
  std::string read(StringRef path, ArrayRef<Port> inputs) {
    std::string text;
    auto addNote = [&](const Twine &note) { text += "note: " + clean(note.str()) + "\n"; };
    Expected<std::unique_ptr<Samples>> samples = openSamples(path, inputs, addNote);
    if (!samples)
      return text + clean(toString(samples.takeError()));
    while (true) {
      Expected<std::optional<NamedArrays>> feed = (*samples)->next();
      if (!feed)
        return text + clean(toString(feed.takeError()));
      if (!*feed)
        return text;
      for (const NamedArray &entry : **feed)
        text += entry.name + " " + describe(entry.array) + "=" + std::to_string(int(entry.array.toDoubles()[0])) + ", ";
    }
  }

  std::string clean(std::string text) const {
    for (size_t at; (at = text.find(folder.str())) != std::string::npos;)
      text.erase(at, folder.size() + 1);
    return text;
  }

  SmallString<128> folder;
};

TEST_F(SamplesTest, DynamicBatchGoesRowByRow) {
  EXPECT_EQ(read(write("a.npz", {{"x", iota({3, 2})}}), port("x", {-1, 2})),
            "x float32[1x2]=0, x float32[1x2]=2, x float32[1x2]=4, ");
}

TEST_F(SamplesTest, StaticBatchGoesInItsSteps) {
  EXPECT_EQ(read(write("a.npz", {{"x", iota({4, 2})}}), port("x", {2, 2})), "x float32[2x2]=0, x float32[2x2]=4, ");
}

TEST_F(SamplesTest, ExtraDimensionCountsSamples) {
  EXPECT_EQ(read(write("a.npz", {{"x", iota({2, 1, 3})}}), port("x", {1, 3})), "x float32[1x3]=0, x float32[1x3]=3, ");
}

TEST_F(SamplesTest, ScalarsHoldForAll) {
  Port inputs[] = {port("x", {-1}), port("s", {})};
  EXPECT_EQ(read(write("a.npz", {{"x", iota({2})}, {"s", iota({})}}), inputs),
            "x float32[1]=0, s float32[]=0, x float32[1]=1, s float32[]=0, ");
}

TEST_F(SamplesTest, Folder) {
  write("b.npz", {{"x", iota({1, 2})}});
  write("a.npz", {{"x", iota({2, 2})}});
  EXPECT_EQ(read(folder, port("x", {-1, 2})), "x float32[1x2]=0, x float32[1x2]=2, x float32[1x2]=0, ");
}

TEST_F(SamplesTest, UnusedEntryIsNoted) {
  EXPECT_EQ(read(write("a.npz", {{"x", iota({1})}, {"y", iota({1})}}), port("x", {-1})),
            "note: 'a.npz': entry 'y' is not an input of the model and is not "
            "used\nx float32[1]=0, ");
}

TEST_F(SamplesTest, MissingEntry) {
  EXPECT_EQ(read(write("a.npz", {{"y", iota({1})}}), port("x", {-1})),
            "'a.npz' has no entry 'x', an input of the model; it has 'y'");
}

TEST_F(SamplesTest, WrongType) {
  EXPECT_EQ(read(write("a.npz", {{"x", Array::allocate(ElementKind::F64, {5, 2})}}), port("x", {-1, 2})),
            "'a.npz': entry 'x' is float64[5x2], expected samples of float32[? x 2]");
}

TEST_F(SamplesTest, WrongShape) {
  EXPECT_EQ(read(write("a.npz", {{"x", iota({5, 3})}}), port("x", {-1, 2})),
            "'a.npz': entry 'x' is float32[5x3], expected samples of float32[? x 2]");
}

TEST_F(SamplesTest, CountsDiffer) {
  Port inputs[] = {port("x", {-1}), port("y", {-1})};
  EXPECT_EQ(read(write("a.npz", {{"x", iota({2})}, {"y", iota({3})}}), inputs),
            "'a.npz': entry 'y' has 3 samples, but another entry has 2");
}

TEST_F(SamplesTest, Nan) {
  Array array = iota({3, 2});
  array.as<float>()[5] = std::nanf("");
  EXPECT_EQ(read(write("a.npz", {{"x", array}}), port("x", {-1, 2})),
            "x float32[1x2]=0, x float32[1x2]=2, 'a.npz': sample 2: input 'x' "
            "is NaN at element 1");
}

TEST_F(SamplesTest, EmptyFolder) { EXPECT_EQ(read(folder, port("x", {-1})).find("the folder '"), 0u); }

} // namespace
