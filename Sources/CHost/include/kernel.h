// Kernel services without a plain Swift spelling. A function that fails returns -1 and leaves the reason in errno.
#ifndef ARMADA_KERNEL_H
#define ARMADA_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// An anonymous, sealable memory file of `byte_count` bytes, closed on exec.
int armada_memfd(const char *name, uint64_t byte_count);
/// Forbids growing and shrinking; with `future_write` also every new writable mapping and write(2), so that
/// only mappings made before can write.
int armada_memfd_seal(int fd, int future_write);

/// A pipe, closed on exec: its reading end and its writing end.
int armada_pipe(int *reader, int *writer);

/// Sends bytes and up to 8 descriptors in one message. Returns the count of bytes sent.
ssize_t armada_send_descriptors(int socket, const void *bytes, size_t byte_count, const int *fds, size_t fd_count);
/// Receives bytes and up to `*fd_count` descriptors (closed on exec); sets `*fd_count` to the number received.
/// Descriptors beyond that are closed, never leaked.
ssize_t armada_receive_descriptors(int socket, void *bytes, size_t byte_count, int *fds, size_t *fd_count, int flags);

/// Accepts a connection (closed on exec) and says which process and user is at its other end. The process is 0 if
/// it cannot be named here.
int armada_accept(int listener, pid_t *pid, uid_t *uid);
/// Exits the process with status 0 as soon as the peer of `socket` has closed its end, whatever this process is doing
/// then. Costs nothing until that happens: a thread sleeps on it.
int armada_exit_on_hangup(int socket);

/// Sleeps while the shared word at `address` holds `expected`, at most `nanoseconds`.
/// The processor that this thread runs on.
int armada_processor(void);

int armada_futex_wait(const void *address, uint32_t expected, uint64_t nanoseconds);
/// Wakes up to `count` sleepers on the shared word; returns how many.
int armada_futex_wake(const void *address, int count);

/// Binds the calling thread to one processor.
int armada_pin(int processor);
/// The processors that the calling thread may run on, a bit for each, in 16 words.
int armada_affinity_get(uint64_t *words);
int armada_affinity_set(const uint64_t *words);
/// Processors that this process may run on.
int armada_processor_count(void);

/// Dies with its parent; `parent` guards against a parent that is gone already.
int armada_die_with_parent(pid_t parent);

/// Starts a program with descriptor `standard_input` as its standard input and every other descriptor ≥ 3 closed, as a
/// process that dies with the calling thread. Signals are at their defaults, but those that a terminal sends to the whole
/// foreground group are ignored. Returns its pid, or -1 with the reason, exec's own included, in errno.
pid_t armada_spawn(const char *path, char *const argv[], int standard_input);
/// A descriptor that becomes readable when process `pid` ends.
int armada_pidfd(pid_t pid);

/// A one-shot timer that, at an absolute CLOCK_MONOTONIC time, ORs `bits` into the 32-bit word at `word` from a
/// signal handler of this thread. One timer per process.
int armada_strike_prepare(void *word, uint32_t bits);
/// Arms the timer for `nanoseconds` of CLOCK_MONOTONIC; 0 disarms it.
int armada_strike_arm(uint64_t nanoseconds);

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t armada_monotonic(void);

/// Calls generated code at `routine` as a function of (context, code).
static inline uintptr_t armada_call_native(const void *routine, void *context, const void *code)
{
    return ((uintptr_t(*)(void *, const void *))(uintptr_t)routine)(context, code);
}

#endif
