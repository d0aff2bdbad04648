/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Files and messages of the machine that a debugger or an emulator runs on. */

#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <machine.h>

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE0 = 0x04, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };

static inline uint32_t length_of(const char *text) {
  uint32_t length = 0;
  while (text[length])
    ++length;
  return length;
}

/* `mode` as that of fopen: 1 is "rb", 5 is "wb". */
static inline int32_t open_file(const char *path, uint32_t mode) {
  const uint32_t arguments[] = {(uint32_t)path, mode, length_of(path)};
  return semihosting(SYS_OPEN, arguments);
}

/* Bytes that could not be read or written. */
static inline int32_t read_file(int32_t file, void *data, uint32_t bytes) {
  const uint32_t arguments[] = {(uint32_t)file, (uint32_t)data, bytes};
  return semihosting(SYS_READ, arguments);
}

static inline int32_t write_file(int32_t file, const void *data, uint32_t bytes) {
  const uint32_t arguments[] = {(uint32_t)file, (uint32_t)data, bytes};
  return semihosting(SYS_WRITE, arguments);
}

static inline void print(const char *text) { semihosting(SYS_WRITE0, text); }

static inline void print_number(const char *name, uint32_t number) {
  char digits[11], *at = digits + 10;
  *at = 0;
  do {
    uint32_t quotient = 0, rest = 0; /* ARMv6-M has no division, and this program no library */
    for (int bit = 31; bit >= 0; --bit) {
      rest = rest << 1 | (number >> bit & 1);
      if (rest >= 10) {
        rest -= 10;
        quotient |= 1u << bit;
      }
    }
    *--at = (char)('0' + rest);
    number = quotient;
  } while (number);
  print(name);
  print(" ");
  print(at);
  print("\n");
}

static inline void exit_with(uint32_t status) {
  const uint32_t arguments[] = {0x20026 /* the program ended by itself */, status};
  semihosting(SYS_EXIT_EXTENDED, arguments);
  for (;;) {
  }
}

#endif
