/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Runs a model on the samples of the file in.bin and writes its results to out.bin. */

#include MODEL_HEADER
#include "semihosting.h"

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define MODEL_FUNCTION(suffix) JOIN(MODEL, suffix)

/* All memory that a run needs, besides its stack. */
static uint8_t arena[MODEL_ARENA_BYTES + 1] __attribute__((aligned(NIBBLE_ALIGNMENT)));
static uint8_t ports[PORT_BYTES] __attribute__((aligned(8)));

enum { MOST_PORTS = 8, PAINT = 0x5eedface };
extern uint32_t stack_limit, stack_top;

static uint32_t bytes_of(const nibble_tensor_desc *tensor) {
  uint32_t bytes = tensor->dtype == NIBBLE_U8 || tensor->dtype == NIBBLE_S8 ? 1 : tensor->dtype == NIBBLE_S16 ? 2 : 4;
  for (uint32_t d = 0; d < tensor->rank; ++d)
    bytes *= tensor->dims[d] < 0 ? 1 : (uint32_t)tensor->dims[d];
  return bytes;
}

/* Separate, so that its frame and that of main do not count. */
__attribute__((noinline)) static int32_t run(const nibble_context *context, uint32_t *ticks, uint32_t *stack) {
  uint32_t *top = get_stack();
  for (uint32_t *word = &stack_limit; word < top; ++word)
    *(volatile uint32_t *)word = PAINT;
  start_timer();
  const int32_t status = MODEL_FUNCTION(_run)(context);
  *ticks = get_ticks();
  const uint32_t *lowest = &stack_limit;
  while (lowest < top && *lowest == PAINT)
    ++lowest;
  *stack = (uint32_t)(top - lowest) * 4;
  return status;
}

int main(void) {
  const nibble_model_desc *desc = MODEL_FUNCTION(_describe)();
  const void *inputs[MOST_PORTS];
  void *outputs[MOST_PORTS];
  int64_t one = 1;
  if (desc->input_count > MOST_PORTS || desc->output_count > MOST_PORTS)
    return 101;
  uint32_t input_bytes = 0, at = 0;
  for (uint32_t i = 0; i < desc->input_count; at += bytes_of(&desc->inputs[i++]))
    inputs[i] = ports + at;
  input_bytes = at;
  for (uint32_t i = 0; i < desc->output_count; at += bytes_of(&desc->outputs[i++]))
    outputs[i] = ports + at;
  if (at > sizeof ports)
    return 102;
  nibble_context context = {NIBBLE_ABI_VERSION, arena, sizeof arena, inputs, outputs, &one, 0, 0};
  const int32_t in = open_file("in.bin", 1), out = open_file("out.bin", 5);
  if (in < 0 || out < 0)
    return 103;
  uint32_t ticks = 0, stack = 0;
  int32_t missing;
  while ((missing = read_file(in, ports, input_bytes)) == 0) {
    const int32_t status = run(&context, &ticks, &stack);
    if (status != NIBBLE_OK)
      return status;
    if (write_file(out, ports + input_bytes, at - input_bytes) != 0)
      return 104;
  }
  if (missing != (int32_t)input_bytes)
    return 105;
  if (ticks)
    print_number("instructions", ticks * TICK);
  print_number("stack", stack);
  return 0;
}
