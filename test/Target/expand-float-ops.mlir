// RUN: nibble-opt %s --ukernel-expand-float-ops | FileCheck %s

// CHECK-LABEL: func.func @fma
// CHECK-NOT: llvm.intr.fma
// CHECK: llvm.fpext %{{.*}} : vector<4xf32> to vector<4xf64>
// CHECK: llvm.fptrunc %{{.*}} : vector<4xf64> to vector<4xf32>
func.func @fma(%x: vector<4xf32>) -> vector<4xf32> {
  %r = llvm.intr.fma(%x, %x, %x) : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> vector<4xf32>
  return %r : vector<4xf32>
}

// CHECK-LABEL: func.func @round
// CHECK-NOT: llvm.intr.{{rint|floor|ceil}}
// CHECK: llvm.intr.copysign
func.func @round(%x: f32) -> (f32, f32, f32) {
  %r = llvm.intr.rint(%x) : (f32) -> f32
  %f = llvm.intr.floor(%x) : (f32) -> f32
  %c = llvm.intr.ceil(%x) : (f32) -> f32
  return %r, %f, %c : f32, f32, f32
}

// CHECK-LABEL: func.func @fma64
// CHECK-NOT: llvm.intr.fma
// CHECK: llvm.fadd %{{.*}} : f64
func.func @fma64(%x: f64) -> f64 {
  %r = llvm.intr.fma(%x, %x, %x) : (f64, f64, f64) -> f64
  return %r : f64
}
