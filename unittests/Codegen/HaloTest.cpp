// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every kernel from a buffer with a halo and into one: both stand beside padded convolutions.

#include "Harness.h"
#include "gtest/gtest.h"

using namespace nibble::test;

namespace {

constexpr const char *image = "tensor<1x6x7x5x";

/// Appends a padded 3 x 3 convolution to one channel of `input`, a value of shape `shape` like `1x6x7x5x`.
std::string convolve(const std::string &result, const std::string &input, const std::string &shape,
                     const std::string &channels, bool floats) {
  const std::string element = floats ? "f32" : "ui8", out = shape.substr(0, shape.size() - channels.size() - 1) + "1x";
  const std::string filter = "tensor<1x3x3x" + channels + (floats ? "xf32>" : "xi8>"), in = "tensor<" + shape;
  std::string text =
      "%w_" + result + " = nibble.constant dense<" + (floats ? "0.5" : "3") + "> : " + filter + " -> " + filter + "\n";
  const std::string geometry = "strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, "
                               "1>, groups = 1 : i64";
  if (floats)
    return text + "%" + result + " = nibble.conv " + input + ", %w_" + result + " {" + geometry +
           ", layout = #nibble.layout<nhwc>} : " + in + "f32>, " + filter + " -> tensor<" + out + "f32>\n";
  return text + "%b_" + result + " = nibble.constant dense<100> : tensor<1xi32> -> tensor<1xi32>\n%m_" + result +
         " = nibble.constant dense<0.01> : tensor<1xf32> -> tensor<1xf32>\n%" + result + " = nibble.int_conv " + input +
         ", %w_" + result + ", %b_" + result + ", %m_" + result + " {" + geometry +
         ", pad_value = 7 : i32, output_zero_point = 3 : i32, clamp = array<i32: 0, 255>, requant = "
         "#nibble.requant<float>} : " +
         in + "ui8>, " + filter + ", tensor<1xi32>, tensor<1xf32> -> tensor<" + out + "ui8>\n";
}

/// %x, its convolution, `operation` on it (that defines %y, of shape `shape`), and the convolution of %y.
void expectBetweenHalos(const std::string &operation, const std::string &shape, const std::string &channels,
                        bool floats, bool floatResult) {
  const std::string in = std::string(image) + (floats ? "f32>" : "ui8>");
  const std::string first = std::string("tensor<1x6x7x1x") + (floats ? "f32>" : "ui8>");
  const std::string last =
      "tensor<" + shape.substr(0, shape.size() - channels.size() - 1) + "1x" + (floatResult ? "f32>" : "ui8>");
  // The input of the model is external: a kernel's result has the halo.
  std::string body = floats ? "%v = nibble.abs %x : " + in + " -> " + in + "\n"
                            : "%v = nibble.int_requantize %x {scale = 0.9 : f32, input_zero_point = 3 : i32, "
                              "output_zero_point = 7 : i32, clamp = array<i32: 0, 255>, requant = "
                              "#nibble.requant<float>} : " +
                                  in + " -> " + in + "\n";
  body += convolve("c", "%v", "1x6x7x5x", "5", floats) + operation + convolve("d", "%y", shape, channels, floatResult);
  expectExact(
      makeMain("(%x: " + in + ") -> (" + first + ", " + last + ")", body + "return %c, %d : " + first + ", " + last));
}

/// Operations of one operand, with their attributes and the result's shape.
struct Operation {
  const char *name, *attributes, *shape, *channels;
};

std::string describe(const Operation &op, const std::string &from, const std::string &to) {
  return std::string("%y = nibble.") + op.name + " %v " + op.attributes + " : " + image + from + "> -> tensor<" +
         op.shape + to + ">\n";
}

const Operation moves[] = {
    {"transpose", "{permutation = array<i64: 0, 2, 1, 3>}", "1x7x6x5x", "5"},
    {"transpose", "{permutation = array<i64: 0, 3, 1, 2>}", "1x5x6x7x", "7"},
    {"transpose", "{permutation = array<i64: 0, 2, 3, 1>}", "1x7x5x6x", "6"},
    {"slice", "{starts = array<i64: 0, 5, 1, 0>, steps = array<i64: 1, -2, 2, 1>}", "1x3x3x5x", "5"},
    {"pad", "{low = array<i64: 0, 1, 2, 0>, high = array<i64: 0, 0, 1, 3>, mode = #nibble.pad_mode<constant>}",
     "1x7x10x8x", "8"},
    {"pad", "{low = array<i64: 0, 1, -2, 0>, high = array<i64: 0, 0, 1, 0>, mode = #nibble.pad_mode<constant>}",
     "1x7x6x5x", "5"},
    {"pad", "{low = array<i64: 0, 1, 2, 0>, high = array<i64: 0, 0, 1, 1>, mode = #nibble.pad_mode<reflect>}",
     "1x7x10x6x", "6"},
    {"resize_nearest", "{axes = array<i64: 1, 2>, indices = array<i64: 0, 5, 1, 6, 6, 0, 1>}", "1x3x4x5x", "5"},
    {"max_pool",
     "{kernel = array<i64: 3, 3>, strides = array<i64: 1, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, "
     "1>, layout = #nibble.layout<nhwc>}",
     "1x6x4x5x", "5"},
};

TEST(Halo, Moves) {
  for (bool floats : {false, true})
    for (const Operation &op : moves) {
      const char *element = floats ? "f32" : "ui8";
      expectBetweenHalos(describe(op, element, element), op.shape, op.channels, floats, floats);
    }
  for (const char *element : {"ui8", "f32"}) {
    const std::string t = std::string(image) + element + ">";
    expectBetweenHalos("%y = nibble.concat %v, %v, %v {axis = 2 : i64} : " + t + ", " + t + ", " + t +
                           " -> tensor<1x6x21x5x" + element + ">\n",
                       "1x6x21x5x", "5", element[0] == 'f', element[0] == 'f');
  }
}

TEST(Halo, FloatFunctions) {
  const Operation operations[] = {
      {"sigmoid", "", "1x6x7x5x", "5"},
      {"softmax", "{axis = 3 : i64}", "1x6x7x5x", "5"},
      {"softmax", "{axis = 1 : i64}", "1x6x7x5x", "5"},
      {"reduce", "{kind = #nibble.reduce_kind<mean>, axes = array<i64: 2>, keep_dims}", "1x6x1x5x", "5"},
      {"reduce", "{kind = #nibble.reduce_kind<sum>, axes = array<i64: 1, 2>, keep_dims}", "1x1x1x5x", "5"},
      {"avg_pool",
       "{kernel = array<i64: 3, 2>, strides = array<i64: 1, 2>, pads = array<i64: 1, 0, 1, 0>, layout = "
       "#nibble.layout<nhwc>}",
       "1x6x3x5x", "5"},
  };
  for (const Operation &op : operations)
    expectBetweenHalos(describe(op, "f32", "f32"), op.shape, op.channels, true, true);
  const std::string t = std::string(image) + "f32>";
  expectBetweenHalos("%k = nibble.constant dense<2.0> : tensor<1x7x1xf32> -> tensor<1x7x1xf32>\n%y = nibble.sub %v, %k "
                     ": " +
                         t + ", tensor<1x7x1xf32> -> " + t + "\n",
                     "1x6x7x5x", "5", true, true);
  expectBetweenHalos("%k = nibble.constant dense<0.25> : tensor<3x2x2x5xf32> -> tensor<3x2x2x5xf32>\n%y = "
                     "nibble.conv_transpose %v, %k {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, "
                     "dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : " +
                         t + ", tensor<3x2x2x5xf32> -> tensor<1x12x14x3xf32>\n",
                     "1x12x14x3x", "3", true, true);
  expectBetweenHalos("%k = nibble.transpose %v {permutation = array<i64: 0, 1, 3, 2>} : " + t +
                         " -> tensor<1x6x5x7xf32>\n%y = nibble.matmul %v, %k : " + t +
                         ", tensor<1x6x5x7xf32> -> tensor<1x6x7x7xf32>\n",
                     "1x6x7x7x", "7", true, true);
}

TEST(Halo, Bytes) {
  const std::string t = std::string(image) + "ui8>", f = std::string(image) + "f32>";
  const std::string tail = "output_zero_point = 7 : i32, clamp = array<i32: 0, 255>, requant = #nibble.requant<float>} "
                           ": ";
  expectBetweenHalos("%y = nibble.int_add %v, %x {lhs_scale = 0.7 : f32, rhs_scale = 0.31 : f32, lhs_zero_point = 3 : "
                     "i32, rhs_zero_point = 9 : i32, " +
                         tail + t + ", " + t + " -> " + t + "\n",
                     "1x6x7x5x", "5", false, false);
  expectBetweenHalos("%t = nibble.constant dense<77> : tensor<256xui8> -> tensor<256xui8>\n%y = nibble.int_lookup %v, "
                     "%t : " +
                         t + ", tensor<256xui8> -> " + t + "\n",
                     "1x6x7x5x", "5", false, false);
  expectBetweenHalos("%y = nibble.int_avg_pool %v {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = "
                     "array<i64: 1, 1, 1, 1>, scale = 0.9 : f32, input_zero_point = 3 : i32, " +
                         tail + t + " -> " + t + "\n",
                     "1x6x7x5x", "5", false, false);
  expectBetweenHalos("%y = nibble.int_dequantize %v {scale = 0.05 : f32, zero_point = 3 : i32} : " + t + " -> " + f +
                         "\n",
                     "1x6x7x5x", "5", false, true);
  expectBetweenHalos("%y = nibble.int_quantize %v {scale = 0.05 : f32, zero_point = 3 : i32, clamp = array<i32: 0, "
                     "255>} : " +
                         f + " -> " + t + "\n",
                     "1x6x7x5x", "5", true, false);
}

} // namespace
