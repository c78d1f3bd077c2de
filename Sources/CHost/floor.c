#define _GNU_SOURCE
#include "include/floor.h"
#include "include/atomics.h"
#include "include/kernel.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { largest_message = 4096 };

/// Takes a message of `byte_count` bytes, or, with 0, of as many as its first word says; one call to the host in the common
/// case. False: the peer is gone, or says nonsense.
static int take(int socket, int polls, char *buffer, size_t byte_count)
{
    for (size_t got = 0; byte_count == 0 || got < byte_count;) {
        size_t room = (byte_count != 0 ? byte_count : largest_message) - got;
        ssize_t n = recv(socket, buffer + got, room, polls ? MSG_DONTWAIT : 0);
        if (n > 0) {
            got += (size_t)n;
            if (byte_count == 0 && got >= sizeof(uint32_t[2])) {
                uint32_t said;
                memcpy(&said, buffer, sizeof said);
                if (said < got || said > largest_message) return 0;
                byte_count = said;
            }
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return 0;
        } else {
            armada_spin_hint();
        }
    }
    return 1;
}

static int give(int socket, const char *buffer, size_t count)
{
    return send(socket, buffer, count, MSG_NOSIGNAL) == (ssize_t)count;
}

/// The peer's life. Only system calls: it is the child of a process that may have threads.
static void answer(int socket, int polls)
{
    static char buffer[largest_message];
    while (take(socket, polls, buffer, 0)) {
        uint32_t head[2];
        memcpy(head, buffer, sizeof head);
        if (head[1] > largest_message || !give(socket, buffer, head[1])) break;
    }
    _exit(0);
}

int armada_floor_start(int processor, int polls, pid_t *pid)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        if (armada_die_with_parent(parent) != 0) _exit(1);
        syscall(SYS_close_range, 0, (unsigned)ends[1] - 1, 0);
        syscall(SYS_close_range, (unsigned)ends[1] + 1, ~0u, 0);
        if (processor >= 0) armada_pin(processor);
        answer(ends[1], polls);
    }
    int reason = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        errno = reason;
        return -1;
    }
    *pid = child;
    return ends[0];
}

long armada_floor_measure(
    int socket, int polls, size_t there, size_t back, long count, uint64_t nanoseconds, uint64_t *samples)
{
    static char buffer[largest_message];
    if (there < sizeof(uint32_t[2]) || there > largest_message || back < sizeof(uint32_t[2]) || back > largest_message) {
        errno = EINVAL;
        return -1;
    }
    uint32_t head[2] = {(uint32_t)there, (uint32_t)back};
    uint64_t begin = armada_monotonic();
    for (long i = 0; i < count; i++) {
        memcpy(buffer, head, sizeof head);
        uint64_t start = armada_monotonic();
        if (start - begin > nanoseconds) return i;
        if (!give(socket, buffer, there) || !take(socket, polls, buffer, back)) return -1;
        samples[i] = armada_monotonic() - start;
    }
    return count;
}

void armada_floor_end(int socket, pid_t pid)
{
    close(socket);
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}
