// A library that looks like a compiled model and is faulty in one way.
#include "nibble/Runtime/nibble_abi.h"

#include <stdio.h>

#ifndef VERSION
#define VERSION NIBBLE_ABI_VERSION
#endif
#ifndef ISA
#define ISA "generic"
#endif
#ifndef DTYPE
#define DTYPE NIBBLE_F32
#endif
#ifndef OUTPUT_EXTENT
#define OUTPUT_EXTENT 4
#endif
#ifndef STATUS
#define STATUS NIBBLE_OK
#endif
#ifndef INPUT_EXTENT
#define INPUT_EXTENT 4
#endif
#ifndef DIM_COUNT
#define DIM_COUNT 0
#endif

static const int64_t input_dims[] = {INPUT_EXTENT}, output_dims[] = {OUTPUT_EXTENT};
static const char *const no_names[] = {""}, *const rows[] = {"rows"};
static const nibble_tensor_desc input = {
    "x", input_dims, INPUT_EXTENT < 0 ? rows : no_names, 1, DTYPE, NIBBLE_LAYOUT_NONE, 64, 0, 0};
static const nibble_tensor_desc output = {
    "y", output_dims, OUTPUT_EXTENT < 0 ? rows : no_names, 1, NIBBLE_F32, NIBBLE_LAYOUT_NONE, 64, 0, 0};
static const nibble_model_desc description = {VERSION, 1, 1, DIM_COUNT, "m", ISA, "", "", 0, 0, &input, &output};

#ifdef NOWHERE
void nowhere(void);
void *unresolved(void) { return (void *)nowhere; }
#endif
#ifdef WEAK
extern const nibble_model_desc *m_describe(void) __attribute__((weak));
const nibble_model_desc *call(void) { return m_describe ? m_describe() : 0; }
#else
const nibble_model_desc *m_describe(void) { return &description; }
#endif
#ifdef RELEASE
static char *used;
uint64_t m_arena_bytes(const int64_t *dims) { return 64; }
void m_release(void *arena) { fputs(arena == used && *used == 7 ? "released\n" : "not the arena of a run\n", stderr); }
#else
uint64_t m_arena_bytes(const int64_t *dims) { return 0; }
#endif
#ifdef SHAPE
int32_t m_shape(const int64_t *dims, uint32_t output, int64_t *extents) { return SHAPE; }
#endif
#ifndef NO_RUN
int32_t m_run(const nibble_context *context) {
#ifdef RELEASE
  used = context->arena;
  *used = 7;
#endif
  return STATUS;
}
#endif
