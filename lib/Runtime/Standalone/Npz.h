/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* numpy's .npz and .npy files. */

#ifndef NIBBLE_RUNTIME_STANDALONE_NPZ_H
#define NIBBLE_RUNTIME_STANDALONE_NPZ_H

#include "System.h"

enum { MOST_DIMS = 16 };

/* An array as a file holds it. */
typedef struct array {
  const char *name; /* without .npy */
  char type[16];    /* as numpy spells it: "<f4" */
  int64_t dims[MOST_DIMS];
  uint32_t rank;
  bytes data;
} array;

/* All arrays of an .npz file; fails naming the file and the entry. */
array *read_npz(const char *path, uint64_t *count);
/* The array of an .npy file. */
array read_npy(const char *path);
/* Writes the arrays uncompressed. */
void write_npz(const char *path, const array *arrays, uint64_t count);
void write_npy(const char *path, const array *values);

#endif
