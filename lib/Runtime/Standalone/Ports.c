/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The inputs and outputs of a model, and their types beside numpy's. */

#include "Ports.h"

/* By nibble_dtype. numpy has no name for some: in its files they are bytes. */
static const struct {
  const char *name, *spelling;
  uint32_t size;
} types[] = {{"float32", "<f4", 4},
             {"uint8", "|u1", 1},
             {"int8", "|i1", 1},
             {"int32", "<i4", 4},
             {"int16", "<i2", 2},
             {"bool", "|b1", 1},
             {"uint16", "<u2", 2},
             {"uint32", "<u4", 4},
             {"int64", "<i8", 8},
             {"uint64", "<u8", 8},
             {"float16", "<f2", 2},
             {"bfloat16", "|V2", 2},
             {"float64", "<f8", 8},
             {"int4", "|V1", 1},
             {"uint4", "|V1", 1},
             {"int2", "|V1", 1},
             {"uint2", "|V1", 1},
             {"float8_e4m3fn", "|V1", 1},
             {"float8_e4m3fnuz", "|V1", 1},
             {"float8_e5m2", "|V1", 1},
             {"float8_e5m2fnuz", "|V1", 1},
             {"float8_e8m0fnu", "|V1", 1},
             {"float6_e2m3fn", "|V1", 1},
             {"float6_e3m2fn", "|V1", 1},
             {"float4_e2m1fn", "|V1", 1}};

static int names_type(const char *type, uint32_t dtype) {
  if (dtype == NIBBLE_F8E5M2 && equal(type, "<f1")) /* numpy's own spelling of this one */
    return 1;
  return type[0] && type[0] != '>' && equal(type + 1, types[dtype].spelling + 1);
}

int is_type(const char *type, const nibble_tensor_desc *port) { return names_type(type, port->dtype); }

const char *spell_type(const nibble_tensor_desc *port) { return types[port->dtype].spelling; }

uint32_t element_size(const nibble_tensor_desc *port) { return types[port->dtype].size; }

char *put(char *at, const char *text) {
  while (*text)
    *at++ = *text++;
  return at;
}

char *put_extent(char *at, int64_t extent) {
  char digits[24];
  int count = 0;
  do
    digits[count++] = (char)('0' + extent % 10);
  while (extent /= 10);
  while (count)
    *at++ = digits[--count];
  return at;
}

const char *spell_port(const nibble_tensor_desc *port) {
  uint64_t size = 32 + 32 * (uint64_t)port->rank;
  for (uint32_t dim = 0; dim < port->rank; ++dim)
    size += port->dim_names && port->dim_names[dim] ? length(port->dim_names[dim]) : 0;
  char *text = allocate(size), *at = put(put(text, types[port->dtype].name), "[");
  for (uint32_t dim = 0; dim < port->rank; ++dim) {
    at = put(at, dim ? " x " : "");
    const char *name = port->dim_names ? port->dim_names[dim] : 0;
    at = port->dims[dim] >= 0 ? put_extent(at, port->dims[dim]) : put(at, name && *name ? name : "?");
  }
  put(at, "]");
  return text;
}

const char *spell_array(const array *a) {
  char *text = allocate(64 + 24 * MOST_DIMS), *at;
  const char *name = a->type;
  for (uint32_t i = 0; i < sizeof types / sizeof *types; ++i)
    name = types[i].spelling[1] != 'V' && names_type(a->type, i) ? types[i].name : name;
  at = put(put(text, name), "[");
  for (uint32_t dim = 0; dim < a->rank; ++dim)
    at = put_extent(put(at, dim ? "x" : ""), a->dims[dim]);
  put(at, "]");
  return text;
}

void describe_ports(const char *what, const nibble_tensor_desc *ports, uint32_t count) {
  static const char *const layouts[] = {"", "  nchw", "  nhwc"};
  for (uint32_t i = 0; i < count; ++i) {
    print(1, "%s %s  %s%s", what, ports[i].name, spell_port(&ports[i]), layouts[ports[i].layout]);
    if (ports[i].scale != 0)
      print(1, "  scale %g zero point %d", (double)ports[i].scale, (int64_t)ports[i].zero_point);
    print(1, "\n");
  }
}
