/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The inputs and outputs of a model, and their types beside numpy's. */

#ifndef NIBBLE_RUNTIME_STANDALONE_PORTS_H
#define NIBBLE_RUNTIME_STANDALONE_PORTS_H

#include "Npz.h"
#include "nibble/Runtime/nibble_abi.h"

/* Whether a file's type, "<V2", is the port's, "|V2". */
int is_type(const char *type, const nibble_tensor_desc *port);
/* The port's type as files have it, of 3 characters. */
const char *spell_type(const nibble_tensor_desc *port);
/* Bytes. */
uint32_t element_size(const nibble_tensor_desc *port);

/* Writes a text, or a number that is not negative, at `at`; the place behind it. */
char *put(char *at, const char *text);
char *put_extent(char *at, int64_t extent);

/* "float32[batch x 3 x 9 x 7]" */
const char *spell_port(const nibble_tensor_desc *port);
/* "float32[4x3]" */
const char *spell_array(const array *a);
/* A line for each port. */
void describe_ports(const char *what, const nibble_tensor_desc *ports, uint32_t count);

#endif
