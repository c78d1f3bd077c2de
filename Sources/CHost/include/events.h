// Waiting for many descriptors and for signals. A function that fails returns -1 and leaves the reason in errno.
#ifndef ARMADA_EVENTS_H
#define ARMADA_EVENTS_H

#include <stddef.h>
#include <stdint.h>

/// A set of descriptors to wait on, closed on exec.
int armada_events_create(void);
/// Reports `token` while `fd` is readable (or, with `writable`, writable), or its other end is gone.
int armada_events_add(int set, int fd, int writable, uint64_t token);
int armada_events_remove(int set, int fd);
/// Waits until something is ready, at most `nanoseconds` (negative: for ever). Writes up to `capacity` (at most 64)
/// tokens and returns how many. A signal ends the wait with 0 tokens.
int armada_events_wait(int set, uint64_t *tokens, int capacity, int64_t nanoseconds);

/// Blocks up to 8 signals for this thread and makes them readable from a descriptor.
int armada_signals_open(const int *signals, size_t count);
/// The next signal's number, or 0 if there is none.
int armada_signals_read(int fd);
/// Discards what is pending of these signals and lets them act again.
int armada_signals_release(const int *signals, size_t count);

/// Sets by how much the kernel may delay this thread's timed waits.
int armada_timer_slack(uint64_t nanoseconds);

/// Asks the kernel to run this thread for so long at a time, which must be from 100 microseconds to 100 milliseconds: the shorter,
/// the sooner it runs when it wakes on a busy processor. Linux 6.12 and later; no-op with earlier ones, and with other
/// policies than SCHED_OTHER.
int armada_time_slice(uint64_t nanoseconds);

#endif
