/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The default thread pool for nibble_context.parallel_for. */

#ifndef NIBBLE_RUNTIME_NIBBLE_POOL_H
#define NIBBLE_RUNTIME_NIBBLE_POOL_H

#include "nibble/Runtime/nibble_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nibble_pool nibble_pool;

/* A pool of `threads` threads, the caller's included; null if there is no memory or no thread. Idle threads spin for
 * a while, then sleep. */
nibble_pool *nibble_pool_create(int threads);

void nibble_pool_destroy(nibble_pool *pool);

/* A nibble_parallel_for_fn; `data` is the pool. Calls from several threads at once are allowed: one of them gets the
 * pool's threads, the others work alone. */
void nibble_pool_parallel_for(void *data, nibble_kernel_fn kernel, void *const *args, int64_t tiles);

#ifdef __cplusplus
}
#endif

#endif
