/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The interface of a compiled model, version 1.
 *
 * A model compiled with --name NAME has three symbols:
 *
 *   const nibble_model_desc *NAME_describe(void);
 *   uint64_t NAME_arena_bytes(const int64_t *dims);
 *   int32_t NAME_run(const nibble_context *context);
 *
 * and, where it has dynamic dimensions, a fourth:
 *
 *   int32_t NAME_shape(const int64_t *dims, uint32_t output, int64_t *extents);
 *
 * and, where inputs and outputs are one buffer (--state), one that tells which:
 *
 *   const nibble_state_desc *NAME_states(uint32_t *count);
 *
 * and, where a device computes it (--target=sm_80), one that gives back what runs left there:
 *
 *   void NAME_release(void *arena);
 *
 * A run allocates nothing and keeps no state between calls, but for what a device needs (see below): contexts with
 * arenas of their own run at the same time. The caller owns all memory.
 *
 * Extents of inputs that the model leaves open have names, its dynamic dimensions: nibble_model_desc.dim_count of them,
 * numbered in the order in which the inputs, and in each its axes, name them first. Inputs that name the same dimension
 * have the same extent there. `dims` is the array of their values, one entry for each, and what a run needs and gives
 * follows from it:
 *
 *   int64_t dims[] = {batch, sequence};
 *   int64_t extents[3];                       outputs[0].rank of them
 *   uint64_t bytes = NAME_arena_bytes(dims);  UINT64_MAX: these dimensions are refused
 *   NAME_shape(dims, 0, extents);             what memory output 0 needs
 *   NAME_run(&context);                       with context.dims = dims
 *
 * NAME_arena_bytes returns UINT64_MAX where a dimension that the arena depends on is negative or larger than a run
 * takes, or where `dims` is null. Where the arena depends on no dimension, as where all are fixed or bounded (--dim,
 * --bound), NAME_arena_bytes takes null, its result is nibble_model_desc.arena_bytes, and the model's header has it as
 * the macro NAME_ARENA_BYTES.
 *
 * Some dimensions may have code of their own (--specialize), with an arena of its own: NAME_arena_bytes tells it, and
 * where the arena depends on nothing else, it takes null still and returns the most of all.
 *
 * NAME_shape writes the extents of output number `output`, nibble_tensor_desc.rank of them, and returns NIBBLE_OK, or
 * NIBBLE_ERROR_DIMENSION where there is no such output. It reads `dims` as they are: what a run refuses it does not
 * see.
 *
 * Results have the same bits everywhere, so a run needs the floating-point state in which every thread starts: rounding
 * to the nearest and, unless all that the model computes in floating point is conversions from and to integers,
 * denormal numbers that are not flushed to zero. A run that finds the calling thread in another state returns
 * NIBBLE_ERROR_FLOAT_STATE and computes nothing. On x86-64 that state is MXCSR (_MM_SET_ROUNDING_MODE,
 * _MM_SET_FLUSH_ZERO_MODE, _MM_SET_DENORMALS_ZERO_MODE), on AArch64 FPCR; programs linked with -ffast-math change it.
 * The threads of a parallel_for must be in the same state, which nothing checks (those of nibble_pool.h are).
 *
 * An input and an output that are one state are one buffer, which the caller keeps from run to run: inputs[state.input]
 * and outputs[state.output] are the same pointer. Where the output is the input with rows behind it, the buffer has the
 * extents nibble_state_desc.capacity, in which the rows lie at the front: elements lie as in a tensor of these extents,
 * so that none moves when rows are added. A run finds as many rows as `dims` say and writes those that are new. Where
 * both have one shape a run writes the new value over the old one.
 *
 * NAME_run can be called on every processor of the architecture: where it has none of the instruction sets that the
 * model was compiled for, it returns NIBBLE_ERROR_PROCESSOR. It is an indirect function (STT_GNU_IFUNC) then, unless
 * the instruction set is the architecture's baseline (generic, neon), so the system's loader must know those: glibc and
 * Android's do, musl's does not.
 *
 * Models for CUDA devices open NVIDIA's driver, libcuda.so.1, when they run first, by the program's dlopen: programs
 * that are linked statically, or with a glibc before 2.34 but without libdl, have no device. The first run with an
 * arena takes the device of the calling thread's current context or, where it has none, the first device
 * (CUDA_VISIBLE_DEVICES, which the driver reads, says which that is), in its primary context. It keeps memory there for
 * the arena, the inputs and the outputs, and a graph of the kernels, which later runs with this arena find again by its
 * address; the code and the weights are there once for all arenas of a model. The arena itself holds nothing.
 * NAME_release(arena) gives all of it back and is to be called before the arena's memory is freed or used for anything
 * else; the next run begins anew. The library does so for what is left when it is unloaded, and a run that fails for
 * what it used. Inputs and outputs may be in the host's memory or a device's. A run waits for its results. Work that
 * makes inputs on a device must be complete or in the legacy default stream; the calling thread's context stays
 * current. `parallel_for` is not used, and the thread's floating-point state has no effect. Where such a run returns an
 * error, the outputs are undefined. */

#ifndef NIBBLE_RUNTIME_NIBBLE_ABI_H
#define NIBBLE_RUNTIME_NIBBLE_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NIBBLE_ABI_VERSION 1u

/* What NAME_run returns. */
enum nibble_status {
  NIBBLE_OK = 0,
  NIBBLE_ERROR_ABI_VERSION = 1,     /* context->abi_version is not NIBBLE_ABI_VERSION */
  NIBBLE_ERROR_NULL_POINTER = 2,    /* context, or an array or buffer that it needs, is null */
  NIBBLE_ERROR_ARENA_TOO_SMALL = 3, /* arena_bytes is less than NAME_arena_bytes says */
  NIBBLE_ERROR_MISALIGNED = 4,      /* the arena is not aligned to NIBBLE_ALIGNMENT */
  NIBBLE_ERROR_DIMENSION = 5,       /* a dynamic dimension is negative or too large, or the model cannot be computed
                                     * with these: operands do not match, a window is larger than its image */
  NIBBLE_ERROR_FLOAT_STATE = 6,     /* the calling thread rounds or flushes floating-point numbers in another way */
  NIBBLE_ERROR_PROCESSOR = 7,       /* the processor has none of the library's instruction sets */
  NIBBLE_ERROR_STATE = 8,           /* an input and an output that are one state have unlike buffers */
  /* Of models for CUDA devices: */
  NIBBLE_ERROR_DEVICE_MISSING = 9,      /* no driver can be opened, or it has no device */
  NIBBLE_ERROR_DRIVER_TOO_OLD = 10,     /* the driver does not know the model's code, or cannot compile it */
  NIBBLE_ERROR_DEVICE_UNSUPPORTED = 11, /* the device's compute capability, or its shared memory, is too low */
  NIBBLE_ERROR_DEVICE_MEMORY = 12,      /* too little memory; a later run may succeed */
  NIBBLE_ERROR_DEVICE = 13              /* a call of the driver failed. Where an error in a kernel did that, the process
                                         * can use the device only when all that use its context have released it;
                                         * a process that was forked when the driver was in use cannot use it at all */
};

/* Of the arena. Inputs and outputs need the alignment of their elements only. */
#define NIBBLE_ALIGNMENT 64u

/* Type of elements. Each takes whole bytes: one of fewer than 8 bits is the low bits of a byte whose others are zero
 * (the integer -1 of 4 bits is 0x0f). */
enum nibble_dtype {
  NIBBLE_F32 = 0,
  NIBBLE_U8 = 1,
  NIBBLE_S8 = 2,
  NIBBLE_S32 = 3,
  NIBBLE_S16 = 4,
  NIBBLE_BOOL = 5, /* a byte, 0 or 1 */
  NIBBLE_U16 = 6,
  NIBBLE_U32 = 7,
  NIBBLE_S64 = 8,
  NIBBLE_U64 = 9,
  NIBBLE_F16 = 10,  /* IEEE half precision */
  NIBBLE_BF16 = 11, /* the upper half of an f32 */
  NIBBLE_F64 = 12,
  NIBBLE_S4 = 13,
  NIBBLE_U4 = 14,
  NIBBLE_S2 = 15,
  NIBBLE_U2 = 16,
  /* Floats of few bits, as ONNX defines them: E exponent bits, M of the mantissa. */
  NIBBLE_F8E4M3FN = 17,
  NIBBLE_F8E4M3FNUZ = 18,
  NIBBLE_F8E5M2 = 19,
  NIBBLE_F8E5M2FNUZ = 20,
  NIBBLE_F8E8M0FNU = 21, /* powers of two */
  NIBBLE_F6E2M3FN = 22,
  NIBBLE_F6E3M2FN = 23,
  NIBBLE_F4E2M1FN = 24
};

/* Order of an image's dimensions; NIBBLE_LAYOUT_NONE for all other tensors. */
enum nibble_layout { NIBBLE_LAYOUT_NONE = 0, NIBBLE_LAYOUT_NCHW = 1, NIBBLE_LAYOUT_NHWC = 2 };

/* An input or output. Elements lie in row-major order, without gaps but for those of a state. */
typedef struct nibble_tensor_desc {
  const char *name;
  const int64_t *dims;          /* `rank` extents, -1 where dynamic */
  const char *const *dim_names; /* `rank` names of dynamic dimensions, null or "" where static; an output's extent may
                                 * be an expression of them: "past + sequence" */
  uint32_t rank;
  uint32_t dtype;     /* nibble_dtype */
  uint32_t layout;    /* nibble_layout */
  uint32_t alignment; /* bytes */
  float scale;        /* real = scale * (q - zero_point); 0 if the values are not quantized */
  int32_t zero_point;
} nibble_tensor_desc;

typedef struct nibble_model_desc {
  uint32_t abi_version;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t dim_count; /* named dynamic dimensions of the inputs: entries of nibble_context.dims */
  const char *name;
  const char *isa;        /* instruction sets of the library, separated by commas */
  const char *model_hash; /* of the model file, in hexadecimal; "" if unknown */
  const char *plan_hash;  /* of the graph that the code computes; see below */
  uint64_t arena_bytes;   /* 0 where it depends on the dynamic dimensions: NAME_arena_bytes */
  uint64_t weight_bytes;
  const nibble_tensor_desc *inputs;
  const nibble_tensor_desc *outputs;
} nibble_model_desc;

/* An input and an output that are one buffer. */
typedef struct nibble_state_desc {
  uint32_t input, output;
  uint32_t axis;           /* along which rows are added; `rank` where input and output have one shape */
  uint32_t rank;           /* of both */
  const int64_t *capacity; /* `rank` extents of the buffer, -1 where it has the input's dynamic one */
} nibble_state_desc;

/* model_hash is the SHA-256 of the .onnx file and, if weights lie in other files, of those too: it tells what was
 * compiled. plan_hash is the SHA-256 of what became of it: the operations in their order with the types, integers,
 * scales and weights that quantization chose, and the inputs and outputs, but no names of nodes, and nothing of the
 * target. Two models with equal plan_hash give equal outputs for equal inputs, bit for bit, whatever they were compiled
 * for. */

/* A kernel: computes the tiles [tile_begin, tile_end). */
typedef void (*nibble_kernel_fn)(void *const *args, int64_t tile_begin, int64_t tile_end);

/* Calls kernel(args, begin, end) so that each tile of [0, tiles) is computed once, on any threads, and returns when
 * all are done. Results are the same for every division. */
typedef void (*nibble_parallel_for_fn)(void *data, nibble_kernel_fn kernel, void *const *args, int64_t tiles);

typedef struct nibble_context {
  uint32_t abi_version; /* NIBBLE_ABI_VERSION */
  void *arena;          /* NAME_arena_bytes bytes, aligned to NIBBLE_ALIGNMENT; may be null if that is 0 */
  uint64_t arena_bytes;
  const void *const *inputs; /* in the order of nibble_model_desc.inputs */
  void *const *outputs;
  const int64_t *dims;                 /* values of the dynamic dimensions, dim_count; may be null if there are none */
  nibble_parallel_for_fn parallel_for; /* null: everything on the calling thread */
  void *parallel_for_data;
} nibble_context;

typedef const nibble_model_desc *(*nibble_describe_fn)(void);
typedef uint64_t (*nibble_arena_bytes_fn)(const int64_t *dims);
typedef int32_t (*nibble_shape_fn)(const int64_t *dims, uint32_t output, int64_t *extents);
typedef const nibble_state_desc *(*nibble_states_fn)(uint32_t *count);
typedef int32_t (*nibble_run_fn)(const nibble_context *context);
typedef void (*nibble_release_fn)(void *arena);

#ifdef __cplusplus
}
#endif

#endif
