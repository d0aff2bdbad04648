/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What a standalone executable needs of the system: Linux without a C library. */

#ifndef NIBBLE_RUNTIME_STANDALONE_SYSTEM_H
#define NIBBLE_RUNTIME_STANDALONE_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
  uint8_t *data;
  uint64_t size;
} bytes;

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

uint64_t length(const char *text);
int equal(const char *a, const char *b);
int ends_with(const char *text, const char *suffix);

/* Prints to the standard output (1) or error (2) stream: %s text, %u uint64_t, %d int64_t, %m milliseconds from
 * nanoseconds, %g a double, %% a percent sign. */
void print(int stream, const char *format, ...);

/* Prints "PROGRAM: error: ..." and exits with code 1. */
_Noreturn void fail(const char *format, ...);

_Noreturn void leave(int code);
void set_program(const char *path);

/* Memory of zeros, aligned to a page; never returned. Fails if there is none. */
void *allocate(uint64_t size);

bytes read_file(const char *path);
/* Writes the parts one after another: a file whole or not at all. */
void write_file(const char *path, const bytes *parts, uint64_t count);
/* Fails as write_file would, before long work. */
void check_writable(const char *path);

uint64_t nanoseconds(void);

#endif
