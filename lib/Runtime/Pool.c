/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A thread pool that spins, then sleeps. */

#include "nibble/Runtime/nibble_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Turns that an idle thread spins before it sleeps: some 50 microseconds. */
#define SPIN_TURNS 20000

struct nibble_pool {
  int workers;
  pthread_t *threads;
  pthread_mutex_t owner; /* who has the workers */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int sleepers; /* under `lock` */
  /* One job; `epoch` counts them. */
  atomic_uint epoch;
  atomic_int stop;
  nibble_kernel_fn kernel;
  void *const *args;
  int64_t tiles, chunk;
  _Atomic int64_t next;
  atomic_int open;   /* whether workers may join the job */
  atomic_int active; /* workers that have joined */
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/* What NAME_run checks on its own thread; a thread inherits the state of the one that starts it. */
static void set_float_state(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_ldmxcsr(0x1f80);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, xzr");
#endif
}

static void work(nibble_pool *pool) {
  for (;;) {
    int64_t begin = atomic_fetch_add_explicit(&pool->next, pool->chunk, memory_order_relaxed);
    if (begin >= pool->tiles)
      return;
    int64_t end = begin + pool->chunk < pool->tiles ? begin + pool->chunk : pool->tiles;
    pool->kernel(pool->args, begin, end);
  }
}

/* Waits until the epoch is no longer `seen`. */
static unsigned wait_for_job(nibble_pool *pool, unsigned seen) {
  for (int turn = 0; turn < SPIN_TURNS; ++turn) {
    unsigned epoch = atomic_load_explicit(&pool->epoch, memory_order_acquire);
    if (epoch != seen)
      return epoch;
    relax();
  }
  pthread_mutex_lock(&pool->lock);
  ++pool->sleepers;
  unsigned epoch;
  while ((epoch = atomic_load_explicit(&pool->epoch, memory_order_acquire)) == seen)
    pthread_cond_wait(&pool->wake, &pool->lock);
  --pool->sleepers;
  pthread_mutex_unlock(&pool->lock);
  return epoch;
}

static void announce(nibble_pool *pool) {
  /* Under the lock, so that no thread falls asleep between its look and its wait. */
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add_explicit(&pool->epoch, 1, memory_order_release);
  if (pool->sleepers)
    pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

static void *run_worker(void *data) {
  nibble_pool *pool = data;
  unsigned seen = 0;
  set_float_state();
  for (;;) {
    seen = wait_for_job(pool, seen);
    if (atomic_load_explicit(&pool->stop, memory_order_acquire))
      return 0;
    /* Who comes late finds the job closed, or the next one open. The owner waits only for those who joined. */
    atomic_fetch_add(&pool->active, 1);
    if (atomic_load(&pool->open))
      work(pool);
    atomic_fetch_sub(&pool->active, 1);
  }
}

nibble_pool *nibble_pool_create(int threads) {
  nibble_pool *pool = calloc(1, sizeof *pool);
  if (!pool)
    return 0;
  int wanted = threads > 1 ? threads - 1 : 0;
  pool->threads = calloc(wanted ? wanted : 1, sizeof *pool->threads);
  pthread_mutex_init(&pool->owner, 0);
  pthread_mutex_init(&pool->lock, 0);
  pthread_cond_init(&pool->wake, 0);
  while (pool->threads && pool->workers < wanted &&
         !pthread_create(&pool->threads[pool->workers], 0, run_worker, pool))
    ++pool->workers;
  if (pool->threads && pool->workers == wanted)
    return pool;
  nibble_pool_destroy(pool);
  return 0;
}

void nibble_pool_destroy(nibble_pool *pool) {
  if (!pool)
    return;
  atomic_store_explicit(&pool->stop, 1, memory_order_release);
  announce(pool);
  for (int i = 0; i < pool->workers; ++i)
    pthread_join(pool->threads[i], 0);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->owner);
  free(pool->threads);
  free(pool);
}

void nibble_pool_parallel_for(void *data, nibble_kernel_fn kernel, void *const *args, int64_t tiles) {
  nibble_pool *pool = data;
  if (!pool || !pool->workers || tiles < 2 || pthread_mutex_trylock(&pool->owner)) {
    kernel(args, 0, tiles);
    return;
  }
  int64_t shares = 4 * (pool->workers + 1);
  pool->kernel = kernel;
  pool->args = args;
  pool->tiles = tiles;
  pool->chunk = tiles > shares ? tiles / shares : 1;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  atomic_store(&pool->open, 1);
  announce(pool);
  work(pool);
  atomic_store(&pool->open, 0);
  for (int turn = 0; atomic_load(&pool->active); ++turn)
    turn < SPIN_TURNS ? relax() : (void)sched_yield();
  pthread_mutex_unlock(&pool->owner);
}
