// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes to, over and below the ukernel dialect, in the order in which the pipelines run them.

#ifndef UKERNEL_PASSES
#define UKERNEL_PASSES

include "mlir/Pass/PassBase.td"

def SpecializeDims : Pass<"ukernel-specialize-dims", "::mlir::ModuleOp"> {
  let summary = "Copies of a function with some of its dynamic dimensions fixed";
  let description = [{
    For each array of `nibble.specializations`, a copy of the function in which the dimensions that it gives have these
    values and those of 0 stay dynamic: types, `extents` and requirements follow, what depended on the dimensions alone is
    computed, and names keep the other dimensions' numbers. The copy is called as the function, with its number behind it,
    and has `nibble.specialized`; a run chooses it by the dimensions. Where the model has no meaning for the values, that
    is an error.

    ```mlir
    func.func @main(%x: tensor<?x?xf32> {nibble.dims = ["batch", "n"]}) -> tensor<?x?xf32>
        attributes {nibble.specializations = [array<i64: 0, 8>]} {
      %y = nibble.relu %x : tensor<?x?xf32> -> tensor<?x?xf32>
      return %y : tensor<?x?xf32>
    }
    // becomes
    func.func @main(%x: tensor<?x?xf32> {nibble.dims = ["batch", "n"]}) -> tensor<?x?xf32> {
      %y = nibble.relu %x : tensor<?x?xf32> -> tensor<?x?xf32>
      return %y : tensor<?x?xf32>
    }
    func.func private @main_0(%x: tensor<?x8xf32> {nibble.dims = ["batch", "n"]}) -> tensor<?x8xf32>
        attributes {nibble.specialized = array<i64: 0, 8>} {
      %y = nibble.relu %x : tensor<?x8xf32> -> tensor<?x8xf32>
      return %y : tensor<?x8xf32>
    }
    ```
  }];
  let statistics = [Statistic<"specialized", "specialized", "copies made">];
}

def IsolateBatch : Pass<"ukernel-isolate-batch", "::mlir::func::FuncOp"> {
  let summary = "Make the code for one sample; the run function loops over the batch";
  let description = [{
    Checks that no operation mixes samples, that is, elements along dimension 0 of arguments and results; sets that
    extent to 1 and marks the function `nibble.batch_loop`. Static extents of 1 stay as they are. Where an operation
    mixes samples the function stays as it is: its operations work on all samples. So does one with a static number of
    samples whose work is for the most part products of few rows a sample with constant weights (a multi-layer
    perceptron): together they read the weights once.

    ```mlir
    func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %y = nibble.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
    // becomes
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> attributes {nibble.batch_loop} {
      %y = nibble.relu %x : tensor<1x4xf32> -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    ```
  }];
}

def FromNibble : Pass<"ukernel-from-nibble", "::mlir::ModuleOp"> {
  let summary = "Lower the folded graph to kernel calls on buffers";
  let description = [{
    Chooses the layout of every value: a value that a padded convolution reads gets a halo filled with the padding.
    Packs weights. Fuses layout conversions with quantization, and activations with float convolutions.

    ```mlir
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %y = nibble.relu %x : tensor<1x4xf32> -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    // becomes
    func.func @main(%x: !ukernel.buffer<1x4xf32>) -> !ukernel.buffer<1x4xf32> {
      %y = ukernel.unary %x {function = "relu"} : <1x4xf32> -> <1x4xf32>
      return %y : !ukernel.buffer<1x4xf32>
    }
    ```
  }];
  let options = [
    Option<"observe", "observe", "bool", "true", "keep observed values until the end of a run">,
    Option<"dotInput", "dot-input", "::nibble::kernels::DotInput", "::nibble::kernels::DotInput::U8",
           "what the target's dot products multiply with signed weights",
           "::llvm::cl::values(clEnumValN(::nibble::kernels::DotInput::U8, \"u8\", \"unsigned bytes: x86\"), "
           "clEnumValN(::nibble::kernels::DotInput::S8, \"s8\", \"signed bytes: AArch64\"), "
           "clEnumValN(::nibble::kernels::DotInput::Words, \"words\", \"four bytes of either kind: bare metal\"), "
           "clEnumValN(::nibble::kernels::DotInput::Vectors, \"vectors\", \"vectors of signed bytes: MVE\"))">,
    Option<"pairedSteps", "paired-steps", "bool", "false",
           "pack weights for instructions that take 8 bytes of two rows: AArch64's smmla">];
  let dependentDialects = ["::nibble::ukernel::UKernelDialect"];
}

def PlanMemory : Pass<"ukernel-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "Place every buffer in one arena";
  let description = [{
    Each buffer lives from its producer to its last reader. Views share their operand's memory, elementwise kernels
    take over that of an operand that dies, results go to the caller's memory where their layout is plain. The rest is
    placed largest first, each at the lowest offset, a multiple of 64, where no buffer alive at the same time lies.
    Where sizes depend on the model's dynamic dimensions, buffers that are never alive at the same time share a lane,
    as large as the largest of them for any dimensions, and offsets are sums of lanes (`#ukernel.extent`).
    A result that is an argument's state (`nibble.state`) lies where that lies: it is written when that is read no more.
    The producer gets `offset` or, in the caller's memory, `output`; the function gets `ukernel.arena_bytes`.

    ```mlir
    func.func @main(%x: !ukernel.buffer<1x4xf32>) -> !ukernel.buffer<4x1xf32> {
      %h = ukernel.unary %x {function = "exp"} : !ukernel.buffer<1x4xf32> -> !ukernel.buffer<1x4xf32>
      %y = ukernel.transpose %h {permutation = array<i64: 1, 0>} : !ukernel.buffer<1x4xf32> -> !ukernel.buffer<4x1xf32>
      return %y : !ukernel.buffer<4x1xf32>
    }
    // becomes
    func.func @main(%x: !ukernel.buffer<1x4xf32>) -> !ukernel.buffer<4x1xf32> attributes {ukernel.arena_bytes = 128 : i64} {
      %h = ukernel.unary %x {function = "exp", offset = 0 : i64} : !ukernel.buffer<1x4xf32> -> !ukernel.buffer<1x4xf32>
      %y = ukernel.transpose %h {output = 0 : i64, permutation = array<i64: 1, 0>} : !ukernel.buffer<1x4xf32> -> !ukernel.buffer<4x1xf32>
      return %y : !ukernel.buffer<4x1xf32>
    }
    ```
  }];
  let statistics = [Statistic<"arenaBytes", "arena-bytes", "bytes of the arena">,
                    Statistic<"inPlace", "in-place", "results that took over an operand's memory">];
}

def ExpandFloatOps : Pass<"ukernel-expand-float-ops", "::mlir::ModuleOp"> {
  let summary = "Fused multiply-add and rounding for processors without them";
  let description = [{
    Replaces `llvm.intr.fma` on f32 by f64 arithmetic that rounds the sum to odd, on f64 by sums and products with
    their errors (of moderate exponents, as those of `nibble.pow` are), and `rint`, `roundeven`, `floor` and `ceil` on
    f32 by additions, all exact: the same bits as the instruction.

    ```mlir
    func.func @main(%x: f32, %y: f32, %z: f32) -> f32 {
      %r = llvm.intr.fma(%x, %y, %z) : (f32, f32, f32) -> f32
      return %r : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // UKERNEL_PASSES
