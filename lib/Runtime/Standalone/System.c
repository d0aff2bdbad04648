/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* System calls, memory and text. */

#include "System.h"
#include "Machine.h"

#include <stdarg.h>

enum {
  O_RDONLY = 0,
  O_WRONLY = 1,
  O_CREAT = 0100,
  O_EXCL = 0200,
  O_TRUNC = 01000,
  O_CLOEXEC = 02000000,
  AT_FDCWD = -100
};

static long call3(long number, const void *a, long b, long c) { return call(number, (long)a, b, c, 0, 0, 0); }

static long open_file(const char *path, long flags) {
  return call(SYS_OPENAT, AT_FDCWD, (long)path, flags, 0666, 0, 0);
}

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

/* Compilers call these on their own account. */
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  size_t done = 0;
  for (; done + 8 <= size; done += 8)
    *(word *)((char *)to + done) = *(const word *)((const char *)from + done);
  for (; done < size; ++done)
    ((char *)to)[done] = ((const char *)from)[done];
  return to;
}

void *memset(void *to, int value, size_t size) {
  for (size_t done = 0; done < size; ++done)
    ((char *)to)[done] = (char)value;
  return to;
}

uint64_t length(const char *text) {
  uint64_t size = 0;
  while (text[size])
    ++size;
  return size;
}

int equal(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return *a == *b;
}

int ends_with(const char *text, const char *suffix) {
  uint64_t size = length(text), tail = length(suffix);
  return size >= tail && equal(text + size - tail, suffix);
}

/* One line at a time. */
typedef struct line {
  char text[1024];
  uint64_t size;
  int stream;
} line;

static void flush(line *out) {
  for (uint64_t done = 0; done < out->size;) {
    long written = call3(SYS_WRITE, (void *)(long)out->stream, (long)(out->text + done), (long)(out->size - done));
    if (written <= 0) {
      if (out->stream == 2)
        break;
      out->size = 0;
      fail("cannot write to the standard output");
    }
    done += (uint64_t)written;
  }
  out->size = 0;
}

static void put(line *out, char c) {
  if (out->size == sizeof out->text)
    flush(out);
  out->text[out->size++] = c;
}

static void put_text(line *out, const char *text) {
  while (*text)
    put(out, *text++);
}

/* `digits` at least, with zeros in front. */
static void put_number(line *out, uint64_t value, int digits) {
  char buffer[24];
  int count = 0;
  do
    buffer[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count < digits)
    buffer[count++] = '0';
  while (count)
    put(out, buffer[--count]);
}

/* Seven significant digits. */
static void put_real(line *out, double value) {
  int exponent = 0;
  if (value < 0) {
    put(out, '-');
    value = -value;
  }
  if (value > 0) {
    for (; value >= 10; value /= 10)
      ++exponent;
    for (; value < 1; value *= 10)
      --exponent;
  }
  uint64_t digits = (uint64_t)(value * 1e6 + 0.5);
  if (digits >= 10000000) {
    digits /= 10;
    ++exponent;
  }
  put_number(out, digits / 1000000, 1);
  put(out, '.');
  put_number(out, digits % 1000000, 6);
  if (exponent) {
    put_text(out, exponent < 0 ? "e-" : "e+");
    put_number(out, (uint64_t)(exponent < 0 ? -exponent : exponent), 2);
  }
}

static void put_milliseconds(line *out, uint64_t time) {
  time = (time + 50) / 100;
  put_number(out, time / 10000, 1);
  put(out, '.');
  put_number(out, time % 10000, 4);
}

static void put_signed(line *out, int64_t value) {
  if (value < 0)
    put(out, '-');
  put_number(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

static void put_formatted(line *out, const char *format, va_list arguments) {
  for (; *format; ++format) {
    if (*format != '%') {
      put(out, *format);
      continue;
    }
    switch (*++format) {
    case 's':
      put_text(out, va_arg(arguments, const char *));
      break;
    case 'u':
      put_number(out, va_arg(arguments, uint64_t), 1);
      break;
    case 'd':
      put_signed(out, va_arg(arguments, int64_t));
      break;
    case 'm':
      put_milliseconds(out, va_arg(arguments, uint64_t));
      break;
    case 'g':
      put_real(out, va_arg(arguments, double));
      break;
    default:
      put(out, *format);
      break;
    }
  }
}

void print(int stream, const char *format, ...) {
  line out;
  out.size = 0;
  out.stream = stream;
  va_list arguments;
  va_start(arguments, format);
  put_formatted(&out, format, arguments);
  va_end(arguments);
  flush(&out);
}

static const char *program = "";
void set_program(const char *path) { program = path; }

void leave(int code) {
  for (;;)
    call(SYS_EXIT_GROUP, code, 0, 0, 0, 0, 0);
}

void fail(const char *format, ...) {
  line out;
  out.size = 0;
  out.stream = 2;
  put_text(&out, program);
  put_text(&out, ": error: ");
  va_list arguments;
  va_start(arguments, format);
  put_formatted(&out, format, arguments);
  va_end(arguments);
  put(&out, '\n');
  flush(&out);
  leave(1);
}

static const char *explain(long error) {
  switch (-error) {
  case 2:
    return "No such file or directory";
  case 12:
    return "Cannot allocate memory";
  case 13:
    return "Permission denied";
  case 20:
    return "Not a directory";
  case 21:
    return "Is a directory";
  case 28:
    return "No space left on device";
  case 30:
    return "Read-only file system";
  default:
    return "Input/output error";
  }
}

void *allocate(uint64_t size) {
  /* PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS */
  long address = call(SYS_MMAP, 0, (long)(size ? size : 1), 3, 0x22, -1, 0);
  if (address < 0 && address > -4096)
    fail("cannot allocate %u bytes", size);
  return (void *)address;
}

bytes read_file(const char *path) {
  long file = open_file(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    fail("cannot read '%s': %s", path, explain(file));
  bytes content = {0, 0};
  uint64_t capacity = 1 << 16;
  content.data = allocate(capacity);
  for (;;) {
    if (content.size == capacity) {
      uint8_t *larger = allocate(2 * capacity);
      memcpy(larger, content.data, content.size);
      content.data = larger;
      capacity *= 2;
    }
    long got = call3(SYS_READ, (void *)file, (long)(content.data + content.size), (long)(capacity - content.size));
    if (got < 0)
      fail("cannot read '%s': %s", path, explain(got));
    if (got == 0)
      break;
    content.size += (uint64_t)got;
  }
  call3(SYS_CLOSE, (void *)file, 0, 0);
  return content;
}

/* The type bits of what lies at `path`, or 0. */
static unsigned get_type(const char *path) {
  long file = open_file(path, 010000000 /* O_PATH */);
  if (file < 0)
    return 0;
  uint32_t status[36] = {0}; /* struct stat */
  call3(SYS_FSTAT, (void *)file, (long)status, 0);
  call3(SYS_CLOSE, (void *)file, 0, 0);
  return status[STAT_MODE / 4] & 0170000u;
}

void check_writable(const char *path) {
  unsigned type = get_type(path);
  if (type == 0040000u)
    fail("cannot write '%s': %s", path, explain(-21));
  uint64_t end = length(path);
  while (end && path[end - 1] != '/')
    --end;
  char *folder = allocate(end + 2);
  memcpy(folder, path, end);
  if (!end)
    folder[0] = '.';
  long error = call(SYS_FACCESSAT, AT_FDCWD, (long)folder, 3, 0, 0, 0);
  if (error < 0 && (type == 0 || type == 0100000u))
    fail("cannot write '%s': %s", path, explain(error));
}

/* PATH.PID.tmp */
static char *make_temporary(const char *path) {
  uint64_t size = length(path);
  char *name = allocate(size + 32);
  memcpy(name, path, size);
  name[size++] = '.';
  for (uint64_t id = (uint64_t)call(SYS_GETPID, 0, 0, 0, 0, 0, 0); id; id /= 10)
    name[size++] = (char)('0' + id % 10);
  memcpy(name + size, ".tmp", 5);
  return name;
}

static long write_parts(long file, const bytes *parts, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    for (uint64_t done = 0; done < parts[i].size;) {
      long written = call3(SYS_WRITE, (void *)file, (long)(parts[i].data + done), (long)(parts[i].size - done));
      if (written <= 0)
        return written ? written : -28;
      done += (uint64_t)written;
    }
  return 0;
}

void write_file(const char *path, const bytes *parts, uint64_t count) {
  unsigned type = get_type(path);
  int in_place = type && type != 0100000u; /* a device or pipe is no file to replace */
  const char *name = in_place ? path : make_temporary(path);
  long file = open_file(name, O_WRONLY | O_CLOEXEC | (in_place ? 0 : O_CREAT | O_TRUNC));
  if (file < 0)
    fail("cannot write '%s': %s", path, explain(file));
  long error = write_parts(file, parts, count);
  long closed = call3(SYS_CLOSE, (void *)file, 0, 0);
  error = error ? error : closed;
  if (!error && !in_place)
    error = call(SYS_RENAMEAT, AT_FDCWD, (long)name, AT_FDCWD, (long)path, 0, 0);
  if (error && !in_place)
    call(SYS_UNLINKAT, AT_FDCWD, (long)name, 0, 0, 0, 0);
  if (error)
    fail("cannot write '%s': %s", path, explain(error));
}

uint64_t nanoseconds(void) {
  int64_t time[2] = {0, 0};
  call(SYS_CLOCK_GETTIME, 1 /* CLOCK_MONOTONIC */, (long)time, 0, 0, 0, 0);
  return (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
}
