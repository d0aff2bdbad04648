// RUN: nibble-opt %s --nibble-read-calibration=file=%nibble_src/test/Inputs/relu.calib.json | FileCheck %s
// RUN: sed 's/"counts": \[1,/"counts": [97,/' %nibble_src/test/Inputs/relu.calib.json > %t.many.json
// RUN: nibble-opt %s --nibble-read-calibration=file=%t.many.json | FileCheck %s
// RUN: nibble-opt %s --nibble-read-calibration="file=%t.many.json method=percentile:50" | FileCheck %s --check-prefix=HALF
// RUN: nibble-opt %s --nibble-read-calibration="file=%t.many.json method=entropy" | FileCheck %s --check-prefix=ENTROPY
// RUN: sed 's/name "y"/name "z"/' %s > %t.missing.mlir
// RUN: not nibble-opt %t.missing.mlir --nibble-read-calibration=file=%nibble_src/test/Inputs/relu.calib.json 2>&1 \
// RUN:   | FileCheck %s --check-prefix=MISSING
// RUN: sed 's/= nibble.observe %r name "y" : tensor<4xf32>/= nibble.relu %r : tensor<4xf32> -> tensor<4xf32>/' %s > %t.foreign.mlir
// RUN: not nibble-opt %t.foreign.mlir --nibble-read-calibration=file=%nibble_src/test/Inputs/relu.calib.json 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FOREIGN
// RUN: sed 's/0123/4567/' %s > %t.stale.mlir
// RUN: not nibble-opt %t.stale.mlir --nibble-read-calibration=file=%nibble_src/test/Inputs/relu.calib.json 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STALE
// RUN: not nibble-opt %s --nibble-read-calibration 2>&1 | FileCheck %s --check-prefix=NOFILE
// RUN: not nibble-opt %s --nibble-read-calibration=file=%t.none 2>&1 | FileCheck %s --check-prefix=UNREADABLE
// RUN: not nibble-opt %s --nibble-read-calibration="file=%nibble_src/test/Inputs/relu.calib.json method=best" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=METHOD
// RUN: sed 's/"first": 0/"first": 1/' %nibble_src/test/Inputs/relu.calib.json > %t.bad.json
// RUN: not nibble-opt %s --nibble-read-calibration=file=%t.bad.json 2>&1 | FileCheck %s --check-prefix=BAD

// CHECK: nibble.observe %{{.*}} name "y" range [0.000000e+00, 6.000000e+00]
// HALF: nibble.observe %{{.*}} name "y" range [0.000000e+00, 3.906250e-03]
// ENTROPY: nibble.observe %{{.*}} name "y" range [0.000000e+00, 5.000000e-01]
// MISSING: error: value 'z' has no entry in calibration file '{{.*}}relu.calib.json'; calibrate again
// FOREIGN: error: calibration file '{{.*}}' has an entry for 'y', which no value of this model is named; calibrate again
// STALE: error: calibration file '{{.*}}' was made for another model: its hash is '0123', expected '4567'; calibrate again
// NOFILE: error: option 'file' is missing: the path of a .calib.json
// UNREADABLE: error: cannot read '{{.*}}.none': No such file or directory
// METHOD: error: unknown calibration method 'best': expected minmax, percentile, mse or entropy
// BAD: error: '{{.*}}.bad.json': entry 'y': the histogram does not cover the values from 'min' to 'max'
module attributes {nibble.model_hash = "0123"} {
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
  %y = nibble.observe %r name "y" : tensor<4xf32>
  return %y : tensor<4xf32>
}
}
