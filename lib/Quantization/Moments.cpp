// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Moments.h"
#include "Matrix.h"

#include <cassert>
#include <numeric>

using namespace nibble;
using llvm::ArrayRef;

Moments::Moments(const Windows &windows, int64_t channels)
    : windows(windows), channels(channels), taps(windows.kernel[0] * windows.kernel[1] * (channels / windows.groups)),
      sums(windows.groups * (taps + 1) * (taps + 1), 0.0) {}

int64_t Moments::getBytes(const Windows &windows, int64_t channels) {
  const int64_t size = windows.kernel[0] * windows.kernel[1] * (channels / windows.groups) + 1;
  return windows.groups * size * size * int64_t(sizeof(double));
}

/// Exact products in f32 would not be: they are added up in f32 over a few hundred windows, and these sums in f64.
void Moments::addRows(int64_t group, ArrayRef<float> rows, int64_t count) {
  const int64_t size = taps + 1;
  Eigen::Map<const RowMatrix<float>> x(rows.data(), count, size);
  ColumnMatrix<float> sum = ColumnMatrix<float>::Zero(size, size);
  sum.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
  Eigen::Map<ColumnMatrix<double>> all(sums.data() + group * size * size, size, size);
  for (int64_t column = 0; column < size; ++column)
    all.col(column).tail(size - column) += sum.col(column).tail(size - column).cast<double>();
}

namespace {
/// The positions of the windows of one image that count.
struct Positions {
  int64_t height, width, step;

  Positions(const Windows &windows, int64_t inHeight, int64_t inWidth) {
    auto extent = [&](int dim, int64_t in) {
      const int64_t reach = windows.dilations[dim] * (windows.kernel[dim] - 1) + 1;
      return (in + windows.pads[dim] + windows.pads[dim + 2] - reach) / windows.strides[dim] + 1;
    };
    height = extent(0, inHeight);
    width = extent(1, inWidth);
    step = std::max<int64_t>(1, (height * width + Moments::kMostWindows - 1) / Moments::kMostWindows);
    // Else they would all lie in the same columns.
    while (step > 1 && std::gcd(step, width) != 1)
      ++step;
  }
};
} // namespace

void Moments::add(ArrayRef<float> values, ArrayRef<int64_t> shape) {
  assert(!shape.empty() && shape.back() == channels && "of another shape");
  constexpr int64_t blockRows = 256;
  const bool isImage = shape.size() == 4;
  const int64_t height = isImage ? shape[1] : 1, width = isImage ? shape[2] : int64_t(values.size()) / channels;
  const int64_t images = isImage ? shape[0] : 1, width1 = channels / windows.groups, size = taps + 1;
  if (values.empty())
    return;
  const Positions positions(windows, height, width);
  std::vector<int64_t> wanted;
  for (int64_t at = 0; at < images * positions.height * positions.width; at += positions.step)
    wanted.push_back(at);
  count += wanted.size();
  std::vector<float> rows;
  for (int64_t group = 0; group < windows.groups; ++group)
    for (size_t first = 0; first < wanted.size(); first += blockRows) {
      ArrayRef<int64_t> block = ArrayRef(wanted).slice(first, std::min<size_t>(blockRows, wanted.size() - first));
      rows.assign(block.size() * size, 0.0f);
      float *row = rows.data();
      for (int64_t at : block) {
        const int64_t image = at / (positions.height * positions.width);
        const int64_t y = at / positions.width % positions.height, x = at % positions.width;
        for (int64_t ky = 0; ky < windows.kernel[0]; ++ky)
          for (int64_t kx = 0; kx < windows.kernel[1]; ++kx, row += width1) {
            const int64_t iy = y * windows.strides[0] + ky * windows.dilations[0] - windows.pads[0];
            const int64_t ix = x * windows.strides[1] + kx * windows.dilations[1] - windows.pads[1];
            if (iy >= 0 && iy < height && ix >= 0 && ix < width)
              std::copy_n(&values[((image * height + iy) * width + ix) * channels + group * width1], width1, row);
          }
        *row++ = 1.0f;
      }
      addRows(group, rows, block.size());
    }
}

std::vector<float> Moments::getMeans() const {
  const int64_t size = taps + 1;
  std::vector<float> means(sums.size());
  for (int64_t group = 0; group < windows.groups; ++group)
    for (int64_t column = 0; column < size; ++column)
      for (int64_t row = column; row < size; ++row) {
        const int64_t base = group * size * size;
        const double mean = count ? sums[base + column * size + row] / double(count) : 0.0;
        means[base + column * size + row] = means[base + row * size + column] = static_cast<float>(mean);
      }
  return means;
}
