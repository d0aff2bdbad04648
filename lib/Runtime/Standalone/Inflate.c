/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Compressed data (RFC 1951), symbol by symbol: clear rather than fast. */

#include "Inflate.h"

enum { MOST_BITS = 15, MOST_LITERALS = 288, MOST_DISTANCES = 30 };

typedef struct stream {
  bytes from, to;
  uint64_t read, written; /* bytes */
  uint32_t buffer, count; /* bits in hand */
  int damaged;
} stream;

/* A canonical code: how many symbols have each length, and the symbols in order. */
typedef struct code {
  uint16_t counts[MOST_BITS + 1], symbols[MOST_LITERALS];
} code;

static uint32_t take(stream *s, uint32_t bits) {
  while (s->count < bits) {
    if (s->read == s->from.size) {
      s->damaged = 1;
      return 0;
    }
    s->buffer |= (uint32_t)s->from.data[s->read++] << s->count;
    s->count += 8;
  }
  uint32_t value = s->buffer & ((1u << bits) - 1);
  s->buffer >>= bits;
  s->count -= bits;
  return value;
}

static void make_code(code *c, const uint8_t *lengths, unsigned count) {
  uint16_t offsets[MOST_BITS + 1];
  for (unsigned length = 0; length <= MOST_BITS; ++length)
    c->counts[length] = 0;
  for (unsigned i = 0; i < count; ++i)
    ++c->counts[lengths[i]];
  c->counts[0] = 0;
  offsets[0] = offsets[1] = 0;
  for (unsigned length = 1; length < MOST_BITS; ++length)
    offsets[length + 1] = (uint16_t)(offsets[length] + c->counts[length]);
  for (unsigned i = 0; i < count; ++i)
    if (lengths[i])
      c->symbols[offsets[lengths[i]]++] = (uint16_t)i;
}

static unsigned decode(stream *s, const code *c) {
  int value = 0, first = 0, index = 0;
  for (unsigned length = 1; length <= MOST_BITS && !s->damaged; ++length) {
    value |= (int)take(s, 1);
    int count = c->counts[length];
    if (value - count < first)
      return c->symbols[index + value - first];
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  s->damaged = 1;
  return 0;
}

static void emit(stream *s, uint8_t byte) {
  if (s->written == s->to.size)
    s->damaged = 1;
  else
    s->to.data[s->written++] = byte;
}

static void copy_stored(stream *s) {
  s->buffer = s->count = 0;
  uint32_t size = take(s, 16), inverse = take(s, 16);
  if ((size ^ inverse) != 0xffff)
    s->damaged = 1;
  while (size-- && !s->damaged)
    emit(s, (uint8_t)take(s, 8));
}

static void copy_match(stream *s, unsigned symbol, const code *distances) {
  static const uint16_t bases[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                   31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint8_t extras[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                   2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const uint16_t far_bases[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                       33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                       1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  unsigned kind = symbol - 257;
  if (kind >= sizeof extras) {
    s->damaged = 1;
    return;
  }
  uint32_t size = bases[kind] + take(s, extras[kind]);
  unsigned far = decode(s, distances);
  if (far >= MOST_DISTANCES) {
    s->damaged = 1;
    return;
  }
  uint64_t distance = far_bases[far] + take(s, far < 2 ? 0 : far / 2 - 1);
  if (distance > s->written)
    s->damaged = 1;
  while (size-- && !s->damaged)
    emit(s, s->to.data[s->written - distance]);
}

static void copy_coded(stream *s, const code *literals, const code *distances) {
  while (!s->damaged) {
    unsigned symbol = decode(s, literals);
    if (symbol == 256)
      return;
    if (symbol < 256)
      emit(s, (uint8_t)symbol);
    else
      copy_match(s, symbol, distances);
  }
}

static void copy_fixed(stream *s) {
  uint8_t lengths[MOST_LITERALS];
  code literals, distances;
  for (unsigned i = 0; i < MOST_LITERALS; ++i)
    lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  make_code(&literals, lengths, MOST_LITERALS);
  for (unsigned i = 0; i < MOST_DISTANCES; ++i)
    lengths[i] = 5;
  make_code(&distances, lengths, MOST_DISTANCES);
  copy_coded(s, &literals, &distances);
}

/* Lengths are themselves coded: 16 repeats the last one, 17 and 18 are runs of zeros. */
static void read_lengths(stream *s, const code *c, uint8_t *lengths, unsigned count) {
  for (unsigned i = 0; i < count && !s->damaged;) {
    unsigned symbol = decode(s, c);
    if (symbol < 16) {
      lengths[i++] = (uint8_t)symbol;
      continue;
    }
    unsigned run = symbol == 16 ? 3 + take(s, 2) : symbol == 17 ? 3 + take(s, 3) : 11 + take(s, 7);
    uint8_t length = symbol == 16 && i ? lengths[i - 1] : 0;
    if ((symbol == 16 && !i) || i + run > count)
      s->damaged = 1;
    while (run-- && !s->damaged)
      lengths[i++] = length;
  }
}

static void copy_dynamic(stream *s) {
  static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  uint8_t lengths[MOST_LITERALS + 32] = {0};
  code literals, distances;
  unsigned literal_count = take(s, 5) + 257, distance_count = take(s, 5) + 1, count = take(s, 4) + 4;
  for (unsigned i = 0; i < count; ++i)
    lengths[order[i]] = (uint8_t)take(s, 3);
  make_code(&literals, lengths, 19);
  if (literal_count > 286 || distance_count > MOST_DISTANCES)
    s->damaged = 1;
  uint8_t all[MOST_LITERALS + 32] = {0};
  read_lengths(s, &literals, all, literal_count + distance_count);
  make_code(&literals, all, literal_count);
  make_code(&distances, all + literal_count, distance_count);
  copy_coded(s, &literals, &distances);
}

int inflate(bytes from, bytes to) {
  stream s = {from, to, 0, 0, 0, 0, 0};
  for (uint32_t last = 0; !last && !s.damaged;) {
    last = take(&s, 1);
    switch (take(&s, 2)) {
    case 0:
      copy_stored(&s);
      break;
    case 1:
      copy_fixed(&s);
      break;
    case 2:
      copy_dynamic(&s);
      break;
    default:
      s.damaged = 1;
      break;
    }
  }
  return s.damaged || s.written != to.size ? -1 : 0;
}

uint32_t crc32(uint32_t crc, bytes data) {
  crc = ~crc;
  for (uint64_t i = 0; i < data.size; ++i) {
    crc ^= data.data[i];
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
  }
  return ~crc;
}
