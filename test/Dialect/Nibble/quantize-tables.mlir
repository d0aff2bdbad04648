// RUN: nibble-opt %s --nibble-quantize-tables=least=4 | FileCheck %s

// Two readers share a table; a small one, one with an infinity and one that the plan keeps stay.
// CHECK-LABEL: @tables
// CHECK-DAG: %[[T:.*]] = nibble.constant dense<{{\[}}[127, -64], [127, 64]]> : tensor<2x2xi8>
// CHECK-DAG: %[[S:.*]] = nibble.constant dense<[1.000000e+00, 0.00787401571]> : tensor<2xf32>
// CHECK: nibble.gather_rows %[[T]], %arg0 scale %[[S]] : (tensor<2x2xi8>, tensor<3xi64>, tensor<2xf32>) -> tensor<3x2xf32>
// CHECK: nibble.gather_rows %[[T]], %arg0 scale %[[S]]
// CHECK: nibble.gather_rows %{{.*}}, %arg0 : (tensor<1x2xf32>
// CHECK: nibble.gather_rows %{{.*}}, %arg0 : (tensor<2x2xf32>
// CHECK: nibble.gather_rows %{{.*}}, %arg0 {nibble.precision = "float"} : (tensor<2x2xf32>
func.func @tables(%i: tensor<3xi64>) -> (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) {
  %t = nibble.constant dense<[[127.0, -63.5], [1.0, 0.5]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %u = nibble.constant dense<1.0> : tensor<1x2xf32> -> tensor<1x2xf32>
  %v = nibble.constant dense<[[0x7F800000, 1.0], [1.0, 0.5]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %a = nibble.gather_rows %t, %i : (tensor<2x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
  %b = nibble.gather_rows %t, %i : (tensor<2x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
  %c = nibble.gather_rows %u, %i : (tensor<1x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
  %d = nibble.gather_rows %v, %i : (tensor<2x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
  %e = nibble.gather_rows %t, %i {nibble.precision = "float"} : (tensor<2x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
  return %a, %b, %c, %d, %e : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>
}
