// RUN: echo '{"schema": 1, "nodes": {"Conv_1": {"weights": "float"}, "Sigmoid_2": {"activations": "float"}}, "values": {"y": "int8"}}' > %t.json
// RUN: nibble-opt %s --nibble-apply-plan=file=%t.json | FileCheck %s
// RUN: nibble-opt %s --nibble-apply-plan=weights=float | FileCheck %s --check-prefix=FLOAT
// RUN: echo '{"schema": 1, "nodes": {"Conv_2": {"weights": "float"}}}' > %t.unknown.json
// RUN: not nibble-opt %s --nibble-apply-plan=file=%t.unknown.json 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: echo '{"schema": 1, "nodes": {"Conv_1": {"weights": "int7"}}}' > %t.word.json
// RUN: not nibble-opt %s --nibble-apply-plan=file=%t.word.json 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: echo '{"schema": 1, "node": {}}' > %t.key.json
// RUN: not nibble-opt %s --nibble-apply-plan=file=%t.key.json 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: echo '{"schema": 2}' > %t.schema.json
// RUN: not nibble-opt %s --nibble-apply-plan=file=%t.schema.json 2>&1 | FileCheck %s --check-prefix=SCHEMA
// RUN: not nibble-opt %s --nibble-apply-plan=weights=int5 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// RUN: nibble-opt %s --nibble-apply-plan=mode=dynamic | FileCheck %s --check-prefix=DYNAMIC
// RUN: echo '{"schema": 1, "default": {"mode": "dynamic"}, "nodes": {"Conv_1": {"mode": "weight-only", "activations": "float"}, "Sigmoid_2": {"activations": "float"}, "Tanh_3": {"mode": "static"}}}' > %t.modes.json
// RUN: nibble-opt %s --nibble-apply-plan=file=%t.modes.json | FileCheck %s --check-prefix=MODES
// RUN: not nibble-opt %s --nibble-apply-plan=mode=auto 2>&1 | FileCheck %s --check-prefix=MODE
// RUN: echo '{"schema": 1, "nodes": {"Conv_1": {"mode": "lazy"}}}' > %t.lazy.json
// RUN: not nibble-opt %s --nibble-apply-plan=file=%t.lazy.json 2>&1 | FileCheck %s --check-prefix=LAZY

// RUN: echo '{"schema": 1, "default": {"activations": "int16"}, "nodes": {"Conv_1": {"activations": "uint8"}}}' > %t.wide.json
// RUN: nibble-opt %s --nibble-apply-plan=file=%t.wide.json | FileCheck %s --check-prefix=WIDE

// RUN: echo '{"schema": 1, "default": {"weights": "int2"}, "nodes": {"Conv_1": {"weights": "int4"}}}' > %t.narrow.json
// RUN: nibble-opt %s --nibble-apply-plan=file=%t.narrow.json | FileCheck %s --check-prefix=NARROW
// RUN: nibble-opt %s --nibble-apply-plan=weights=int2 | FileCheck %s --check-prefix=INT2

// Only products have weights.
// NARROW: nibble.matmul {{.*}}{nibble.precision = "int8", nibble.weights = "int4"}
// NARROW: nibble.sigmoid %{{[0-9]+}} :
// INT2: nibble.matmul {{.*}}{nibble.weights = "int2"}
// INT2: nibble.sigmoid %{{[0-9]+}} :
// WIDE: module attributes {nibble.activations = "int16"}
// WIDE: nibble.matmul {{.*}}{nibble.activations = "uint8", nibble.precision = "int8"}
// WIDE: nibble.sigmoid %{{[0-9]+}} :
// WIDE: nibble.observe %{{[0-9]+}} name "y" :
// DYNAMIC: nibble.matmul {{.*}}nibble.precision = "dynamic"
// DYNAMIC: nibble.sigmoid {{.*}}nibble.precision = "dynamic"
// MODES: nibble.matmul {{.*}}nibble.precision = "weight-only"
// MODES: nibble.sigmoid {{.*}}nibble.precision = "float"
// MODES: nibble.tanh {{.*}}nibble.precision = "int8"
// MODE: error: unknown mode 'auto': expected static, dynamic or weight-only
// LAZY: error: '{{.*}}': node 'Conv_1', 'mode': expected one of static, dynamic, weight-only, got "lazy"
// CHECK: nibble.matmul {{.*}}nibble.precision = "float"
// CHECK: nibble.sigmoid {{.*}}nibble.precision = "float"
// CHECK: nibble.tanh %{{[0-9]+}} :
// CHECK: nibble.observe {{.*}}name "y" {nibble.activations = "int8"}
// FLOAT: nibble.matmul {{.*}}nibble.precision = "float"
// FLOAT: nibble.sigmoid %{{[0-9]+}} :
// UNKNOWN: error: plan file '{{.*}}' names the node 'Conv_2', which the quantizable part of the model does not have; the nearest name is 'Conv_1'
// WORD: error: '{{.*}}': node 'Conv_1', 'weights': expected one of int8, int4, int2, float, got "int7"
// KEY: error: '{{.*}}': unknown or mistyped key 'node': expected schema, default, nodes or values
// SCHEMA: error: '{{.*}}': expected an object with "schema": 1
// WEIGHTS: error: unknown weights 'int5': expected int8, int4, int2 or float
func.func @main(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %a = nibble.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32> loc("Conv_1"("a"))
  %b = nibble.sigmoid %a : tensor<2x2xf32> -> tensor<2x2xf32> loc("Sigmoid_2"("b"))
  %c = nibble.tanh %b : tensor<2x2xf32> -> tensor<2x2xf32> loc("Tanh_3"("y"))
  %y = nibble.observe %c name "y" : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
