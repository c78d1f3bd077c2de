// The raw socket's round trip, to hold an exit's cost against: a second process that answers so many bytes with so many,
// over a Unix stream socket, without frames. A function that fails returns -1 and leaves the reason in errno.
#ifndef ARMADA_FLOOR_H
#define ARMADA_FLOOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Starts the peer on processor `processor` (negative: any). The first 32-bit word of a message says how long it is, the
/// second how long the answer is to be. With `polls` the peer looks at its socket without ever blocking. It dies with the
/// calling thread. Returns the caller's end of the socket.
int armada_floor_start(int processor, int polls, pid_t *pid);
/// Makes `count` round trips of `there` and `back` bytes (8 to 4096 each) and writes each one's nanoseconds to `samples`.
/// Ends early when `nanoseconds` have passed. Returns how many were made.
long armada_floor_measure(int socket, int polls, size_t there, size_t back, long count, uint64_t nanoseconds, uint64_t *samples);
/// Ends the peer and closes the socket.
void armada_floor_end(int socket, pid_t pid);

#endif
