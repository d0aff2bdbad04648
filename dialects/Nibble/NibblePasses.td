// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes over the nibble dialect, in the order in which the pipelines run them.

#ifndef NIBBLE_PASSES
#define NIBBLE_PASSES

include "mlir/Pass/PassBase.td"

def FoldBatchNorm : Pass<"nibble-fold-batch-norm"> {
  let summary = "Fold batch normalization into the convolution or matmul before it";
  let description = [{
    Scales a constant filter and bias by the normalization's affine function. A batch
    normalization without such a producer becomes a multiplication and an addition.

    ```mlir
    %c = nibble.conv %x, %w ...
    %y = nibble.batch_norm %c, %s, %b, %m, %v ...
    // becomes
    %y = nibble.conv %x, %w2 bias %b2 ...
    ```
  }];
  let statistics = [Statistic<"folded", "folded", "batch normalizations folded into a producer">,
                    Statistic<"expanded", "expanded", "batch normalizations turned into mul and add">];
}

#endif // NIBBLE_PASSES
