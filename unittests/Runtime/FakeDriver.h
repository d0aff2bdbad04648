/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* How tests hold the driver in FakeDriver.c: what it has, which of its calls fails, what was called. */

#ifndef NIBBLE_UNITTESTS_RUNTIME_FAKEDRIVER_H
#define NIBBLE_UNITTESTS_RUNTIME_FAKEDRIVER_H

#include <stdint.h>

typedef void (*fake_kernel)(void *const *arguments, uint32_t grid, uint32_t block);

typedef struct fake_driver {
  int32_t devices, capability, version;
  uint64_t free_bytes;   /* of all memory, without what is allocated */
  int32_t takes_cubin;   /* modules that are no PTX */
  int32_t is_gone;       /* all calls report that the driver is deinitialised */
  int64_t fail_at;       /* 1: the next call fails, 2: the one behind it, ...; 0: none does */
  int32_t failure;       /* with this result, */
  int32_t kills_context; /* and, if not 0, everything behind it, until all have released the context */
} fake_driver;

typedef struct fake_functions {
  fake_driver *driver;
  void (*define)(const char *symbol, uint32_t parameter_bytes, fake_kernel kernel);
  void (*forget)(void);               /* what was called */
  int64_t (*count)(const char *name); /* how often a function was called; null: any */
  const char *(*names)(void); /* of the first calls, in order, without cu and _v2, each with a space behind it */
  int64_t (*live)(void);      /* what was made and not given back, contexts among it */
  int32_t (*depth)(void);     /* of this thread's stack of contexts */
} fake_functions;

/* const fake_functions *fake_get(void); */
typedef const fake_functions *(*fake_get_fn)(void);

#endif
