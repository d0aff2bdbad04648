/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Compressed data (RFC 1951). */

#ifndef NIBBLE_RUNTIME_STANDALONE_INFLATE_H
#define NIBBLE_RUNTIME_STANDALONE_INFLATE_H

#include "System.h"

/* Decompresses `from` into exactly `to.size` bytes. Returns 0, or -1 if the data is damaged. */
int inflate(bytes from, bytes to);

/* The checksum of .zip files. */
uint32_t crc32(uint32_t crc, bytes data);

#endif
