// RUN: nibble-opt %s --nibble-hash-plan | FileCheck %s
// RUN: sed 's/nibble.add/nibble.mul/' %s | nibble-opt --nibble-hash-plan | FileCheck %s --check-prefix=OTHER
// RUN: nibble-opt %s --nibble-hash-plan | grep plan_hash > %t.one
// RUN: sed 's/nibble.add/nibble.mul/' %s | nibble-opt --nibble-hash-plan | grep plan_hash > %t.two
// RUN: not diff %t.one %t.two

// What a body computes counts.
// CHECK: nibble.plan_hash = "{{[0-9a-f]+}}"
// OTHER: nibble.plan_hash = "{{[0-9a-f]+}}"
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = nibble.loop (%x : tensor<2xf32>) attributes {extents = #nibble.extents<[5]>} {
  ^bb0(%i: tensor<i64>, %h: tensor<2xf32>):
    %p = nibble.add %h, %x : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
    nibble.region_yield %p : tensor<2xf32>
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}
