/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A model of two kernels, as the code generator writes them: y = x * w + z for kElements words. */

#ifndef NIBBLE_UNITTESTS_RUNTIME_MODEL_H
#define NIBBLE_UNITTESTS_RUNTIME_MODEL_H

#include "../../lib/Runtime/Cuda/Program.h"

enum { kElements = 40, kWeightOffset = 2 };

extern const nibble_cuda_program model_program;
extern const int32_t model_weights[kElements + kWeightOffset]; /* w from kWeightOffset on */
const nibble_model_desc *model_describe(void);
uint64_t model_arena_bytes(const int64_t *dims);
int32_t model_run(const nibble_context *context);
void model_release(void *arena);

#endif
