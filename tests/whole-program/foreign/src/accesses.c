// What C code does to memory and how it synchronises, a function each. Rust decides on the threads.

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define INSTRUMENTED 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define INSTRUMENTED 1
#endif

int c_is_instrumented(void) {
#ifdef INSTRUMENTED
  return 1;
#else
  return 0;
#endif
}

void c_write(long *place) { *place = 1; }

long c_read(const long *place) { return *place; }

void c_add(long *place) { *place += 1; }

void c_volatile_write(long *place) { *(volatile long *)place = 1; }

struct several {
  long numbers[8];
};

void c_copy(struct several *to, const struct several *from) { *to = *from; }

void c_copy_bytes(struct several *to, const struct several *from, size_t size) { memcpy(to, from, size); }

void c_copy_all_bytes(struct several *to, const struct several *from) { memcpy(to, from, sizeof *to); }

void c_clear(struct several *place) { memset(place, 0, sizeof *place); }

static _Atomic int flag;
static long passed;

void c_publish(long value) {
  passed = value;
  atomic_store_explicit(&flag, 1, memory_order_release);
}

void c_publish_relaxed(long value) {
  passed = value;
  atomic_store_explicit(&flag, 1, memory_order_relaxed);
}

void c_publish_by_fence(long value) {
  passed = value;
  atomic_thread_fence(memory_order_release);
  atomic_store_explicit(&flag, 1, memory_order_relaxed);
}

long c_consume(void) {
  while (atomic_load_explicit(&flag, memory_order_acquire) == 0) {
  }
  return passed;
}

long c_consume_by_exchange(void) {
  int expected;
  do {
    expected = 1;
  } while (!atomic_compare_exchange_weak_explicit(&flag, &expected, 2, memory_order_acquire, memory_order_relaxed));
  return passed;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void c_locked_add(long *place) {
  pthread_mutex_lock(&mutex);
  *place += 1;
  pthread_mutex_unlock(&mutex);
}

static _Atomic unsigned char spin;

void c_spin_locked_add(long *place) {
  unsigned char expected;
  do {
    expected = 0;
  } while (!atomic_compare_exchange_strong_explicit(&spin, &expected, 1, memory_order_acquire, memory_order_relaxed));
  *place += 1;
  atomic_store_explicit(&spin, 0, memory_order_release);
}

// Two threads of C's own, each of which runs a function of Rust's on a place.
typedef void *(*body)(void *);

void c_run_in_threads(body one, body other, void *place) {
  pthread_t threads[2];
  pthread_create(&threads[0], NULL, one, place);
  pthread_create(&threads[1], NULL, other, place);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
}
