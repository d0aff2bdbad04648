/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What differs between the machines that run Linux: system calls, the start of a program. */

#ifndef NIBBLE_RUNTIME_STANDALONE_MACHINE_H
#define NIBBLE_RUNTIME_STANDALONE_MACHINE_H

/* Calls the system; a negative result is an error. */
static inline long call(long number, long a, long b, long c, long d, long e, long f);

#if defined(__x86_64__)

enum {
  SYS_READ = 0,
  SYS_WRITE = 1,
  SYS_CLOSE = 3,
  SYS_FSTAT = 5,
  SYS_MMAP = 9,
  SYS_GETPID = 39,
  SYS_CLOCK_GETTIME = 228,
  SYS_EXIT_GROUP = 231,
  SYS_OPENAT = 257,
  SYS_UNLINKAT = 263,
  SYS_RENAMEAT = 264,
  SYS_FACCESSAT = 269,
  STAT_MODE = 24 /* where st_mode lies */
};

static inline long call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#define NIBBLE_START                                                                                                   \
  "  xor %ebp, %ebp\n"                                                                                                 \
  "  mov %rsp, %rdi\n"                                                                                                 \
  "  and $-16, %rsp\n"                                                                                                 \
  "  call nibble_standalone_main\n"

#elif defined(__aarch64__)

enum {
  SYS_UNLINKAT = 35,
  SYS_RENAMEAT = 38,
  SYS_FACCESSAT = 48,
  SYS_OPENAT = 56,
  SYS_CLOSE = 57,
  SYS_READ = 63,
  SYS_WRITE = 64,
  SYS_FSTAT = 80,
  SYS_EXIT_GROUP = 94,
  SYS_CLOCK_GETTIME = 113,
  SYS_GETPID = 172,
  SYS_MMAP = 222,
  STAT_MODE = 16
};

static inline long call(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

#define NIBBLE_START                                                                                                   \
  "  mov x29, xzr\n"                                                                                                   \
  "  mov x0, sp\n"                                                                                                     \
  "  bl nibble_standalone_main\n"

#else
#error "no standalone programs for this machine"
#endif

#endif
