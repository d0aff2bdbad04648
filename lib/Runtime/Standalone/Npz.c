/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* numpy's .npz and .npy files. */

#include "Npz.h"
#include "Inflate.h"

static uint64_t load(const uint8_t *from, unsigned size) {
  uint64_t value = 0;
  while (size--)
    value = value << 8 | from[size];
  return value;
}

static void store(uint8_t **to, uint64_t value, unsigned size) {
  for (; size; --size, value >>= 8)
    *(*to)++ = (uint8_t)value;
}

static void store_bytes(uint8_t **to, const void *from, uint64_t size) {
  memcpy(*to, from, size);
  *to += size;
}

/*===--- .npy ---===*/

/* What a header is read from: ASCII text like {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } */
typedef struct text {
  const char *at, *end;
} text;

static int skip(text *t, const char *word) {
  const char *at = t->at;
  while (at < t->end && *at == ' ')
    ++at;
  while (*word && at < t->end && *at == *word)
    ++at, ++word;
  if (*word)
    return 0;
  t->at = at;
  return 1;
}

/* Finds 'key': and leaves the text behind it. */
static int find(text header, const char *key, text *value) {
  for (; header.at < header.end; ++header.at) {
    text t = header;
    if (skip(&t, "'") && skip(&t, key) && skip(&t, "'") && skip(&t, ":")) {
      *value = t;
      return 1;
    }
  }
  return 0;
}

static int read_shape(text t, array *a) {
  if (!skip(&t, "("))
    return 0;
  for (a->rank = 0; !skip(&t, ")"); ++a->rank) {
    int64_t extent = 0;
    int digits = 0;
    while (t.at < t.end && *t.at == ' ')
      ++t.at;
    for (; t.at < t.end && *t.at >= '0' && *t.at <= '9' && digits < 18; ++t.at, ++digits)
      extent = 10 * extent + (*t.at - '0');
    if (!digits || a->rank == MOST_DIMS)
      return 0;
    a->dims[a->rank] = extent;
    skip(&t, ",");
  }
  return 1;
}

static int read_type(text t, array *a) {
  unsigned size = 0;
  if (!skip(&t, "'"))
    return 0;
  while (t.at < t.end && *t.at != '\'' && size + 1 < sizeof a->type)
    a->type[size++] = *t.at++;
  a->type[size] = 0;
  return t.at < t.end && *t.at == '\'';
}

/* Reads the header, and checks that the data is complete. `what` is how messages call the array. */
static void read_array(bytes content, array *a, const char *what) {
  static const char magic[] = "\x93NUMPY";
  int is_array = content.size >= 12;
  for (unsigned i = 0; i < 6 && is_array; ++i)
    is_array = content.data[i] == (uint8_t)magic[i];
  if (!is_array)
    fail("%s is not an array of numpy", what);
  unsigned wide = content.data[6] >= 2 ? 4 : 2;
  uint64_t size = load(content.data + 8, wide), start = 8 + wide;
  if (size > content.size - start)
    fail("%s is truncated", what);
  text header = {(const char *)content.data + start, (const char *)content.data + start + size}, value;
  if (!find(header, "descr", &value) || !read_type(value, a))
    fail("%s has elements of a type that is not supported", what);
  if (!find(header, "fortran_order", &value) || !skip(&value, "False"))
    fail("%s is in Fortran's order: save it in C's, numpy.ascontiguousarray(x)", what);
  if (!find(header, "shape", &value) || !read_shape(value, a))
    fail("%s has a damaged shape", what);
  a->data.data = content.data + start + size;
  a->data.size = content.size - start - size;
}

static char *join(const char *a, const char *b, const char *c, const char *d) {
  const char *parts[] = {a, b, c, d};
  uint64_t size = 1;
  for (int i = 0; i < 4; ++i)
    size += length(parts[i]);
  char *result = allocate(size), *at = result;
  for (int i = 0; i < 4; ++i) {
    memcpy(at, parts[i], length(parts[i]));
    at += length(parts[i]);
  }
  return result;
}

array read_npy(const char *path) {
  array a = {0};
  read_array(read_file(path), &a, join("'", path, "'", ""));
  return a;
}

static void put(char **at, const char *from) {
  while (*from)
    *(*at)++ = *from++;
}

/* Header of an .npy file, padded so that the data is aligned. */
static bytes make_header(const array *a) {
  bytes result = {allocate(1024), 0};
  char *begin = (char *)result.data, *at = begin + 10;
  put(&at, "{'descr': '");
  put(&at, a->type);
  put(&at, "', 'fortran_order': False, 'shape': (");
  for (uint32_t dim = 0; dim < a->rank; ++dim) {
    char digits[24];
    int count = 0;
    int64_t extent = a->dims[dim];
    do
      digits[count++] = (char)('0' + extent % 10);
    while (extent /= 10);
    while (count)
      *at++ = digits[--count];
    put(&at, dim + 1 < a->rank ? ", " : a->rank == 1 ? "," : "");
  }
  put(&at, "), }");
  while ((at - begin + 1) % 64)
    *at++ = ' ';
  *at++ = '\n';
  result.size = (uint64_t)(at - begin);
  uint8_t *start = result.data;
  store_bytes(&start, "\x93NUMPY\x01\x00", 8);
  store(&start, result.size - 10, 2);
  return result;
}

void write_npy(const char *path, const array *a) {
  bytes parts[] = {make_header(a), a->data};
  write_file(path, parts, 2);
}

/*===--- .zip ---===*/

typedef struct entry {
  const char *name;
  uint64_t packed, size, offset;
  unsigned method;
} entry;

/* The record at the end of the file that tells where the directory is. */
static int find_directory(bytes file, uint64_t *offset, uint64_t *count) {
  for (uint64_t back = 22; back <= file.size && back < 22 + 65536; ++back) {
    const uint8_t *end = file.data + file.size - back;
    if (load(end, 4) != 0x06054b50)
      continue;
    *count = load(end + 10, 2);
    *offset = load(end + 16, 4);
    /* Of large archives another record has the numbers, which a locator in front points to. */
    if (*offset == 0xffffffff && back + 20 <= file.size && load(end - 20, 4) == 0x07064b50) {
      uint64_t record = load(end - 12, 8);
      if (file.size < 56 || record > file.size - 56)
        return 0;
      *count = load(file.data + record + 32, 8);
      *offset = load(file.data + record + 48, 8);
    }
    return *offset <= file.size;
  }
  return 0;
}

/* Sizes of 2^32 and more stand in an extra field, in this order, where the entry itself says ffffffff. */
static void read_extra(const uint8_t *extra, uint64_t size, entry *e) {
  uint64_t *fields[] = {&e->size, &e->packed, &e->offset};
  while (size >= 4) {
    uint64_t kind = load(extra, 2), bytes_left = load(extra + 2, 2);
    extra += 4;
    size -= 4;
    if (bytes_left > size)
      return;
    size -= bytes_left;
    for (int i = 0; i < 3 && kind == 1; ++i)
      if (*fields[i] == 0xffffffff && bytes_left >= 8) {
        *fields[i] = load(extra, 8);
        extra += 8;
        bytes_left -= 8;
      }
    extra += bytes_left;
  }
}

/* Reads an entry of the directory and returns its size, 0 if it is damaged. */
static uint64_t read_entry(bytes file, uint64_t at, entry *e) {
  const uint8_t *from = file.data + at;
  if (file.size - at < 46 || load(from, 4) != 0x02014b50)
    return 0;
  uint64_t name = load(from + 28, 2), extra = load(from + 30, 2), comment = load(from + 32, 2);
  if (file.size - at - 46 < name + extra + comment)
    return 0;
  e->method = (unsigned)load(from + 10, 2);
  e->packed = load(from + 20, 4);
  e->size = load(from + 24, 4);
  e->offset = load(from + 42, 4);
  read_extra(from + 46 + name, extra, e);
  char *text = allocate(name + 1);
  memcpy(text, from + 46, name);
  if (name > 4 && ends_with(text, ".npy"))
    text[name - 4] = 0;
  e->name = text;
  return 46 + name + extra + comment;
}

static bytes unpack(bytes file, const entry *e, const char *what) {
  if (e->offset > file.size || file.size - e->offset < 30)
    fail("%s is truncated", what);
  const uint8_t *local = file.data + e->offset;
  uint64_t start = e->offset + 30 + load(local + 26, 2) + load(local + 28, 2);
  if (start > file.size || e->packed > file.size - start)
    fail("%s is truncated", what);
  bytes packed = {file.data + start, e->packed};
  if (e->method == 0)
    return packed;
  if (e->method != 8)
    fail("%s is compressed in a way that is not supported", what);
  if (e->size / 1100 > e->packed) /* no data packs better */
    fail("%s is damaged", what);
  bytes result = {allocate(e->size), e->size};
  if (inflate(packed, result))
    fail("%s is damaged", what);
  return result;
}

array *read_npz(const char *path, uint64_t *count) {
  bytes file = read_file(path);
  uint64_t at = 0;
  if (!find_directory(file, &at, count) || *count > file.size / 46)
    fail("'%s' is not a .npz file", path);
  array *arrays = allocate(*count * sizeof *arrays);
  for (uint64_t i = 0; i < *count; ++i) {
    entry e;
    uint64_t size = read_entry(file, at, &e);
    if (!size)
      fail("'%s' is damaged", path);
    at += size;
    const char *what = join("'", path, "': entry '", join(e.name, "'", "", ""));
    arrays[i].name = e.name;
    read_array(unpack(file, &e, what), &arrays[i], what);
  }
  return arrays;
}

/* The part of an entry that the file's own header and the directory share. */
static void store_entry(uint8_t **to, const array *a, uint64_t size, uint32_t crc) {
  store(to, 20, 2);          /* version that is needed */
  store(to, 0x800, 2);       /* names in UTF-8 */
  store(to, 0, 2);           /* stored */
  store(to, 0x00210000u, 4); /* 1980-01-01: the same input gives the same bytes */
  store(to, crc, 4);
  store(to, size, 4);
  store(to, size, 4);
  store(to, length(a->name) + 4, 2);
  store(to, 0, 2);
}

static void store_name(uint8_t **to, const array *a) {
  store_bytes(to, a->name, length(a->name));
  store_bytes(to, ".npy", 4);
}

void write_npz(const char *path, const array *arrays, uint64_t count) {
  bytes *parts = allocate((3 * count + 1) * sizeof *parts);
  uint64_t directory_size = 22, offset = 0;
  for (uint64_t i = 0; i < count; ++i)
    directory_size += 46 + length(arrays[i].name) + 4;
  uint8_t *directory = allocate(directory_size), *at = directory;
  for (uint64_t i = 0; i < count; ++i) {
    const array *a = &arrays[i];
    bytes header = make_header(a), local = {allocate(64 + length(a->name)), 0};
    uint32_t crc = crc32(crc32(0, header), a->data);
    uint64_t size = header.size + a->data.size;
    uint8_t *to = local.data;
    store(&to, 0x04034b50, 4);
    store_entry(&to, a, size, crc);
    store_name(&to, a);
    local.size = (uint64_t)(to - local.data);
    store(&at, 0x02014b50, 4);
    store(&at, 20, 2);
    store_entry(&at, a, size, crc);
    store(&at, 0, 10); /* no comment; disk; attributes */
    store(&at, offset, 4);
    store_name(&at, a);
    offset += local.size + size;
    if (offset > 0xffffffff)
      fail("cannot write '%s': the outputs are larger than 4 GB", path);
    parts[3 * i] = local;
    parts[3 * i + 1] = header;
    parts[3 * i + 2] = a->data;
  }
  uint64_t end = (uint64_t)(at - directory);
  store(&at, 0x06054b50, 4);
  store(&at, 0, 4);
  store(&at, count, 2);
  store(&at, count, 2);
  store(&at, end, 4);
  store(&at, offset, 4);
  store(&at, 0, 2);
  parts[3 * count].data = directory;
  parts[3 * count].size = directory_size;
  write_file(path, parts, 3 * count + 1);
}
