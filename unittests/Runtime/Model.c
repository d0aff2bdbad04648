/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

#include "Model.h"

/* multiply(x, w, products) and add(z, products, null, y), an element a thread. */
static const char ptx[] = ".version 7.0\n.target sm_80\n.address_size 64\n"
                          ".visible .entry multiply(.param .align 8 .b8 p[24])\n"
                          "{\n"
                          "  .reg .b32 %r<8>;\n"
                          "  .reg .b64 %d<8>;\n"
                          "  ld.param.u64 %d1, [p];\n"
                          "  ld.param.u64 %d2, [p+8];\n"
                          "  ld.param.u64 %d3, [p+16];\n"
                          "  mov.u32 %r1, %ctaid.x;\n"
                          "  mov.u32 %r2, %ntid.x;\n"
                          "  mov.u32 %r3, %tid.x;\n"
                          "  mad.lo.s32 %r4, %r1, %r2, %r3;\n"
                          "  mul.wide.s32 %d4, %r4, 4;\n"
                          "  add.s64 %d5, %d1, %d4;\n"
                          "  add.s64 %d6, %d2, %d4;\n"
                          "  add.s64 %d7, %d3, %d4;\n"
                          "  ld.global.u32 %r5, [%d5];\n"
                          "  ld.global.u32 %r6, [%d6];\n"
                          "  mul.lo.s32 %r7, %r5, %r6;\n"
                          "  st.global.u32 [%d7], %r7;\n"
                          "  ret;\n"
                          "}\n"
                          ".visible .entry add(.param .align 8 .b8 p[32])\n"
                          "{\n"
                          "  .reg .b32 %r<8>;\n"
                          "  .reg .b64 %d<8>;\n"
                          "  ld.param.u64 %d1, [p];\n"
                          "  ld.param.u64 %d2, [p+8];\n"
                          "  ld.param.u64 %d3, [p+24];\n"
                          "  mov.u32 %r1, %ctaid.x;\n"
                          "  mov.u32 %r2, %ntid.x;\n"
                          "  mov.u32 %r3, %tid.x;\n"
                          "  mad.lo.s32 %r4, %r1, %r2, %r3;\n"
                          "  mul.wide.s32 %d4, %r4, 4;\n"
                          "  add.s64 %d5, %d1, %d4;\n"
                          "  add.s64 %d6, %d2, %d4;\n"
                          "  add.s64 %d7, %d3, %d4;\n"
                          "  ld.global.u32 %r5, [%d5];\n"
                          "  ld.global.u32 %r6, [%d6];\n"
                          "  add.s32 %r7, %r5, %r6;\n"
                          "  st.global.u32 [%d7], %r7;\n"
                          "  ret;\n"
                          "}\n";

#define ROW(i) 7 - 3 * (i), 7 - 3 * (i + 1), 7 - 3 * (i + 2), 7 - 3 * (i + 3), 7 - 3 * (i + 4), 7 - 3 * (i + 5)
const int32_t model_weights[] = {ROW(0), ROW(6), ROW(12), ROW(18), ROW(24), ROW(30), ROW(36)};
static const void *const weights = model_weights;

enum { BYTES = 4 * kElements, PRODUCTS = 64 };
static const nibble_cuda_argument multiply[] = {
    {NIBBLE_CUDA_INPUT, 0, 0}, {NIBBLE_CUDA_WEIGHTS, 0, 4 * kWeightOffset}, {NIBBLE_CUDA_ARENA, 0, PRODUCTS}};
static const nibble_cuda_argument add[] = {
    {NIBBLE_CUDA_INPUT, 1, 0}, {NIBBLE_CUDA_ARENA, 0, PRODUCTS}, {NIBBLE_CUDA_NULL, 0, 0}, {NIBBLE_CUDA_OUTPUT, 0, 0}};
static const nibble_cuda_launch launches[] = {{0, kElements / 8, 3, multiply}, {1, kElements / 4, 4, add}};
static const nibble_cuda_kernel kernels[] = {{"multiply", 24, 8, 0}, {"add", 32, 4, 60000}};
static const nibble_cuda_port inputs[] = {{BYTES, 64}, {BYTES, 0}}, outputs[] = {{BYTES, 16}};

const nibble_cuda_program model_program = {
    .ptx = ptx,
    .compute_capability = 80,
    .driver_version = 11000,
    .weights = &weights,
    .weight_bytes = sizeof model_weights,
    .arena_bytes = PRODUCTS + BYTES,
    .input_count = 2,
    .output_count = 1,
    .kernel_count = 2,
    .launch_count = 2,
    .inputs = inputs,
    .outputs = outputs,
    .kernels = kernels,
    .launches = launches,
};

int32_t model_run(const nibble_context *context) { return nibble_cuda_run(&model_program, context); }
void model_release(void *arena) { nibble_cuda_release(&model_program, arena); }

static const int64_t dims[] = {kElements};
static const char *const dim_names[] = {0};
#define TENSOR(name) {name, dims, dim_names, 1, NIBBLE_S32, NIBBLE_LAYOUT_NONE, 4, 0, 0}
static const nibble_tensor_desc input_descs[] = {TENSOR("x"), TENSOR("z")}, output_descs[] = {TENSOR("y")};

const nibble_model_desc *model_describe(void) {
  static const nibble_model_desc desc = {
      NIBBLE_ABI_VERSION,   2,           1,           0, "model", "sm_80", "", "", NIBBLE_CUDA_ARENA_BYTES,
      sizeof model_weights, input_descs, output_descs};
  return &desc;
}

uint64_t model_arena_bytes(const int64_t *values) {
  (void)values;
  return NIBBLE_CUDA_ARENA_BYTES;
}
