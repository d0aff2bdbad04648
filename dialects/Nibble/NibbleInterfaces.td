// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interfaces of the nibble dialect's operations.

#ifndef NIBBLE_INTERFACES
#define NIBBLE_INTERFACES

include "mlir/IR/OpBase.td"

def Nibble_UnaryFunction : OpInterface<"UnaryFunction"> {
  let cppNamespace = "::nibble";
  let description = [{
    An elementwise function of one real variable. The scalar definition serves
    the interpreter, constant folding and the tables of quantized code, so that
    they cannot differ.
  }];
  let methods = [InterfaceMethod<
      "the function's value at `x`, exact to the last bit on every host",
      "float", "evaluate", (ins "float":$x)>];
}

def Nibble_SpatialOp : OpInterface<"SpatialOp"> {
  let cppNamespace = "::nibble";
  let description = [{
    An operation that slides a window over an image: its first operand and its
    result are 4-D images in the order that `getLayout` says.
  }];
  let methods = [
      InterfaceMethod<"order of the image's dimensions", "::nibble::Layout", "getLayout">,
      InterfaceMethod<"sets the order of the image's dimensions", "void", "setLayout",
                      (ins "::nibble::Layout":$layout)>];
}

#endif // NIBBLE_INTERFACES
