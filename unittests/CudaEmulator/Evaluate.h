// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One instruction, or a few, on many values: each thread has its own.

#ifndef UNITTESTS_CUDAEMULATOR_EVALUATE_H
#define UNITTESTS_CUDAEMULATOR_EVALUATE_H

#include "Harness.h"

#include <limits>
#include <random>

namespace harness {

template <class T>
std::string bitsType() {
  return ".b" + std::to_string(8 * sizeof(T));
}
/// Registers have at least 16 bits.
template <class T>
std::string registerType() {
  return ".b" + std::to_string(sizeof(T) == 1 ? 16 : 8 * sizeof(T));
}

template <class T>
std::string loadInput(Device &device, const std::vector<T> &values, unsigned index, std::vector<uint64_t> &parameters,
                      std::string &declarations) {
  static const char *const names[] = {"%x", "%y", "%z"};
  std::string name = names[index], from = std::to_string(index + 1);
  declarations += ".reg " + registerType<T>() + " " + name + ";\n";
  parameters.push_back(device.upload(values));
  return "mad.lo.u64 %rd1, %rd0, " + std::to_string(sizeof(T)) + ", %a" + from + "; ld.global" + bitsType<T>() + " " +
         name + ", [%rd1];\n";
}

/// The results %d of `body` for the inputs %x, %y, %z. A multiple of 32 threads runs; values are repeated for the rest.
template <class D, class... S>
std::vector<D> evaluate(const std::string &body, std::vector<S>... inputs) {
  size_t counts[] = {inputs.size()...}, count = counts[0], padded = (count + 31) / 32 * 32;
  ((inputs.resize(padded, inputs[0])), ...);
  Device device;
  std::vector<uint64_t> parameters = {device.memory.allocate(padded * sizeof(D))};
  std::string loads, declarations = ".reg " + registerType<D>() + " %d;\n";
  unsigned index = 0;
  ((loads += loadInput(device, inputs, index++, parameters, declarations)), ...);
  std::string text = "mov.u32 %r0, %ctaid.x; mad.lo.u32 %r0, %r0, 32, %t; cvt.u64.u32 %rd0, %r0;\n" + loads + "\n" +
                     body + "\nmad.lo.u64 %rd1, %rd0, " + std::to_string(sizeof(D)) + ", %a0; st.global" +
                     bitsType<D>() + " [%rd1], %d;";
  if (!device.load(kernelText(declarations + text, unsigned(parameters.size()))))
    return {};
  EXPECT_EQ(device.run(parameters, {uint32_t(padded / 32), 1, 1}), "") << text;
  return device.download<D>(parameters[0], count);
}

/// Values at the ends of the type, near zero, and some others.
template <class T>
std::vector<T> extremes() {
  using L = std::numeric_limits<T>;
  std::vector<T> values = {T(0),     T(1),           T(2), T(3), T(7), T(-1), T(-2), L::min(), T(L::min() + 1),
                           L::max(), T(L::max() - 1)};
  std::mt19937_64 random(sizeof(T));
  for (int k = 0; k < 20; ++k)
    values.push_back(T(random()));
  return values;
}

template <>
inline std::vector<float> extremes<float>() {
  using L = std::numeric_limits<float>;
  std::vector<float> values = {0.0f,          -0.0f,          1.0f,           -1.0f,           0.5f,
                               -0.5f,         1.5f,           2.5f,           L::denorm_min(), -L::denorm_min(),
                               L::min(),      L::max(),       L::lowest(),    1e-40f,          3.3e38f,
                               L::infinity(), -L::infinity(), L::quiet_NaN(), 16777217.0f,     2147483648.0f,
                               1e20f,         -127.5f};
  std::mt19937 random(5);
  for (int k = 0; k < 30; ++k) {
    uint32_t bits = random();
    float value;
    std::memcpy(&value, &bits, 4);
    values.push_back(value);
  }
  return values;
}

template <>
inline std::vector<double> extremes<double>() {
  using L = std::numeric_limits<double>;
  std::vector<double> values = {0.0,
                                -0.0,
                                1.0,
                                -1.0,
                                0.5,
                                2.5,
                                L::denorm_min(),
                                L::min(),
                                L::max(),
                                L::lowest(),
                                L::infinity(),
                                -L::infinity(),
                                L::quiet_NaN(),
                                1e300,
                                65519.0,
                                65520.0,
                                3e-8,
                                1 + 1e-16};
  std::mt19937_64 random(6);
  for (int k = 0; k < 30; ++k) {
    uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, 8);
    values.push_back(value);
  }
  return values;
}

/// All pairs of the values.
template <class T>
void pairs(const std::vector<T> &values, std::vector<T> &x, std::vector<T> &y) {
  for (T a : values)
    for (T b : values) {
      x.push_back(a);
      y.push_back(b);
    }
}

/// Equal bits.
template <class T>
void expectBits(const std::vector<T> &got, const std::vector<T> &expected, const std::string &what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (size_t k = 0; k < got.size(); ++k)
    ASSERT_EQ(std::memcmp(&got[k], &expected[k], sizeof(T)), 0)
        << what << " of element " << k << ": expected " << +expected[k] << ", got " << +got[k];
}

} // namespace harness

#endif
