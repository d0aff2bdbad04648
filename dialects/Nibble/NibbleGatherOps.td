// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of tables by indices that are found at run time: embeddings.

#ifndef NIBBLE_GATHER_OPS
#define NIBBLE_GATHER_OPS

def Nibble_GatherRowsOp : Nibble_Op<"gather_rows", [Pure]> {
  let summary = "Rows of a table by indices found at run time";
  let description = [{
    result[i..., j...] = table[r, j...] with r = clamp(t < 0 ? t + n : t, 0, n - 1), t = indices[i...] and n rows: negative
    indices count from the end, and none leaves the table. With a scale, of bytes: fl32(table[r, j...] * scale[r]).

    ```mlir
    %y = nibble.gather_rows %table, %ids : (tensor<100x8xf32>, tensor<1x5xi64>) -> tensor<1x5x8xf32>
    ```

    * C1: the table has a row or more.
    * C2: the result has the indices' extents, then the table's but the first.
    * C3: without a scale table and result have one element type, not quantized per axis.
    * C4: with a scale, one value a row, the table is `i8` and the result f32.
  }];
  let arguments = (ins Nibble_Tensor:$table, RankedTensorOf<[I32, I64]>:$indices,
      Optional<RankedTensorOf<[F32]>>:$scale);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$table `,` $indices (`scale` $scale^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // NIBBLE_GATHER_OPS
