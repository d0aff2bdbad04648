/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A model for a CUDA device, as the code generator writes it (lib/Codegen/EmitDevice.cpp) and the runtime reads it
 * (lib/Runtime/Cuda): PTX, weights, and the calls of its kernels in their order. All of it is constant. */

#ifndef NIBBLE_RUNTIME_CUDA_PROGRAM_H
#define NIBBLE_RUNTIME_CUDA_PROGRAM_H

#include "nibble/Runtime/nibble_abi.h"

/* Of a kernel, on all devices and drivers. */
#define NIBBLE_CUDA_PARAMETER_BYTES 4096u

/* Of the device's arena, weights, inputs and outputs: that of cuMemAlloc. */
#define NIBBLE_CUDA_PORT_ALIGNMENT 256u

/* What an address of a kernel's argument is relative to. */
enum nibble_cuda_base {
  NIBBLE_CUDA_NULL = 0,    /* none: the argument is null */
  NIBBLE_CUDA_ARENA = 1,   /* the device's arena */
  NIBBLE_CUDA_WEIGHTS = 2, /* the weights' copy on the device */
  NIBBLE_CUDA_INPUT = 3,   /* the device's copy of input `index` */
  NIBBLE_CUDA_OUTPUT = 4   /* the device's copy of output `index` */
};

typedef struct nibble_cuda_argument {
  uint32_t base; /* nibble_cuda_base */
  uint32_t index;
  int64_t offset; /* bytes, may be negative where a halo lies before an image */
} nibble_cuda_argument;

/* void kernel(struct { void *args[count]; }): one parameter, the addresses one behind the other. */
typedef struct nibble_cuda_kernel {
  const char *symbol;
  uint32_t parameter_bytes; /* of that structure, 8 for each address: at least what any of its calls passes, and at most
                             * NIBBLE_CUDA_PARAMETER_BYTES */
  uint32_t block;           /* threads */
  uint32_t shared_bytes;    /* dynamic shared memory */
} nibble_cuda_kernel;

typedef struct nibble_cuda_launch {
  uint32_t kernel;
  uint32_t grid; /* blocks, at least one: what computes nothing is not called */
  uint32_t argument_count;
  const nibble_cuda_argument *arguments;
} nibble_cuda_launch;

/* A caller's buffer, of which a run has a copy, aligned to NIBBLE_CUDA_PORT_ALIGNMENT. */
typedef struct nibble_cuda_port {
  uint64_t bytes;
  uint64_t padding; /* bytes behind it on the device, that kernels may read and whose values change nothing */
} nibble_cuda_port;

typedef struct nibble_cuda_program {
  const char *ptx;   /* text, with a zero at its end */
  const void *cubin; /* the same assembled, an ELF file, or null */
  uint32_t compute_capability; /* 10 * major + minor; later devices of any kind run the PTX, equal ones the cubin */
  uint32_t driver_version;     /* the least that knows the PTX, as cuDriverGetVersion spells it: 11000 */
  const void *const *weights;  /* the address of the weights' address */
  uint64_t weight_bytes;
  uint64_t arena_bytes; /* on the device */
  uint32_t input_count, output_count, kernel_count, launch_count;
  const nibble_cuda_port *inputs, *outputs;
  const nibble_cuda_kernel *kernels;
  const nibble_cuda_launch *launches;
} nibble_cuda_program;

/* These two are weak and internal to a library or program: where several models are linked into one, they share the
 * first one's. So whoever changes the structures above renames both, for models of two versions to get along. */

/* NAME_run of such a model: the host's arena, NIBBLE_CUDA_ARENA_BYTES, is the name of what a run keeps on the device.
 * A nibble_status. */
int32_t nibble_cuda_run(const nibble_cuda_program *program, const nibble_context *context);

/* NAME_release: gives back what runs with this arena left on the device; nothing where there is none. */
void nibble_cuda_release(const nibble_cuda_program *program, void *arena);

/* Of the host's arena: as little as is aligned. */
#define NIBBLE_CUDA_ARENA_BYTES 64u

#endif
