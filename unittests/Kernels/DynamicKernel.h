// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels whose extents are found at run time: one kernel for every size must give the bytes that the kernel of each
// size gives.

#ifndef NIBBLE_UNITTESTS_KERNELS_DYNAMICKERNEL_H
#define NIBBLE_UNITTESTS_KERNELS_DYNAMICKERNEL_H

#include "KernelRunner.h"
#include "nibble/Kernels/Elementwise.h"

namespace nibble::kernels::test {

inline constexpr ElementKind u8 = ElementKind::U8, s8 = ElementKind::S8, s16 = ElementKind::S16, f32 = ElementKind::F32;

/// Dimensions d0 and d1 of a run: none, less than a vector has, a vector and its neighbours, several tiles.
inline constexpr int64_t sizes[][2] = {{0, 0},  {0, 5},  {5, 0},  {1, 1},  {2, 3},  {3, 2},  {5, 7},  {7, 15},
                                       {2, 16}, {3, 17}, {1, 31}, {33, 2}, {2, 97}, {97, 1}, {3, 200}};

inline const Extent d0 = Extent::dim(0), d1 = Extent::dim(1);

//===----------------------------------------------------------------------===//
// Running kernels
//===----------------------------------------------------------------------===//

using Arguments = llvm::ArrayRef<void *>;
/// Runs a kernel with the arguments.
using Call = llvm::function_ref<void(Arguments)>;

/// What one family of kernels does. `run` makes operands for known extents, and gives the result.
template <typename Params>
struct Family {
  std::string (*whyNo)(const Params &, const ISA &);
  mlir::func::FuncOp (*emit)(mlir::OpBuilder &, mlir::Location, llvm::StringRef, const Params &, const ISA &);
  Extent (*tileCount)(const Params &);
  std::string (*key)(const Params &);
  std::vector<char> (*run)(const Params &, Call);
};

/// The parameters where two extents are those.
template <typename Params>
using Make = llvm::function_ref<Params(const Extent &, const Extent &)>;

template <typename Params>
CompiledKernel compile(const Family<Params> &family, const Params &params, const ISA &isa) {
  return CompiledKernel(isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
    return family.emit(builder, loc, symbol, params, isa);
  });
}

/// Equal bytes; those of floats may be any NaN for a NaN.
inline bool agree(const std::vector<char> &got, const std::vector<char> &want, bool floats) {
  if (!floats)
    return got == want;
  bool all = got.size() == want.size();
  for (size_t i = 0; all && i + 4 <= want.size(); i += 4) {
    float a, b;
    std::memcpy(&a, got.data() + i, 4), std::memcpy(&b, want.data() + i, 4);
    all = same(a, b);
  }
  return all;
}

template <typename Params>
void check(const Family<Params> &family, Make<Params> make, bool floats) {
  const Params dynamic = make(d0, d1);
  SCOPED_TRACE(family.key(dynamic));
  std::vector<CompiledKernel> kernels;
  for (const ISA *isa : hostISAs()) {
    ASSERT_EQ(family.whyNo(dynamic, *isa), "");
    kernels.push_back(compile(family, dynamic, *isa));
    ASSERT_TRUE(bool(kernels.back()));
  }
  for (const int64_t (&size)[2] : sizes) {
    const Params sized = make(size[0], size[1]);
    EXPECT_NE(family.key(sized), family.key(dynamic));
    const CompiledKernel known = compile(family, sized, *hostISAs().back());
    ASSERT_TRUE(bool(known));
    const std::vector<char> want =
        family.run(sized, [&](Arguments args) { known.run(args, family.tileCount(sized).getStatic()); });
    int64_t dims[] = {size[0], size[1]};
    for (size_t i = 0; i < kernels.size(); ++i) {
      const std::vector<char> got = family.run(sized, [&](Arguments args) {
        llvm::SmallVector<void *> all = {dims};
        llvm::append_range(all, args);
        kernels[i].run(Arguments(all).drop_front(), family.tileCount(dynamic).evaluate(dims));
      });
      EXPECT_TRUE(agree(got, want, floats)) << hostISAs()[i]->name.str() << " " << size[0] << ", " << size[1];
    }
  }
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Bytes from the first element's to the last one's end.
inline int64_t reach(const Extents &shape, const Extents &strides, int64_t elementBytes) {
  int64_t last = elementBytes;
  for (auto [extent, stride] : llvm::zip(shape, strides)) {
    if (extent == 0)
      return 0;
    last += (extent.getStatic() - 1) * std::abs(stride.getStatic());
  }
  return last;
}

/// `bytes` of finite floats, or of anything.
inline std::vector<char> elements(ElementKind kind, int64_t bytes, uint32_t seed = 1) {
  std::vector<char> result(bytes);
  if (kind == f32)
    copyBytes(result.data(), randomFloats(bytes / 4, 2, /*extremes=*/false, seed));
  else
    copyBytes(result.data(), randomBytes(bytes, seed));
  return result;
}

inline std::vector<char> operand(ElementKind kind, const Extents &shape, const Extents &strides, uint32_t seed = 1) {
  return elements(kind, reach(shape, strides, bytesOf(kind)), seed);
}

/// What a result's memory holds before it is written, with as much before and behind it that must stay.
struct Result {
  static constexpr int64_t guard = 256;
  std::vector<char> bytes;

  explicit Result(int64_t size) : bytes(size + 2 * guard, canary) {}
  char *data() { return bytes.data() + guard; }
};

/// Dense, but for gaps of `gap` elements behind the rows of the innermost dimension.
inline Extents stridesOf(const Extents &shape, int64_t elementBytes, int64_t gap) {
  Extents wider = shape;
  wider.back() += gap;
  return denseStrides(wider, elementBytes);
}

} // namespace nibble::kernels::test

#endif // NIBBLE_UNITTESTS_KERNELS_DYNAMICKERNEL_H
