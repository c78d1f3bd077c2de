// The raw socket's round trip: what an exit costs at least when two processes on two processors talk over a Unix stream
// socket and both poll. No frames are encoded; the byte counts are those of an Exit and an Entry.
//
// Usage: floor EXIT_BYTES ENTRY_BYTES ROUNDS PROCESSOR PROCESSOR
// Prints: min, p50 and p99 in nanoseconds.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void bind_to(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) perror("floor: sched_setaffinity");
}

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Takes `count` bytes as the two programs do: non-blocking looks at the socket.
static void receive(int socket, char *buffer, size_t count) {
    for (size_t got = 0; got < count;) {
        ssize_t n = recv(socket, buffer + got, count - got, MSG_DONTWAIT);
        if (n == 0) exit(0);
        if (n > 0) got += (size_t)n;
        else relax();
    }
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(int count, char **arguments) {
    if (count != 6) return 64;
    size_t exit_bytes = strtoul(arguments[1], 0, 0), entry_bytes = strtoul(arguments[2], 0, 0);
    size_t rounds = strtoul(arguments[3], 0, 0);
    static char buffer[65536];
    if (exit_bytes - 1 >= sizeof buffer || entry_bytes - 1 >= sizeof buffer || rounds == 0) return 64;

    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        bind_to(atoi(arguments[4]));
        for (;;) {
            receive(ends[1], buffer, exit_bytes);
            if (send(ends[1], buffer, entry_bytes, MSG_NOSIGNAL) < 0) _exit(0);
        }
    }
    close(ends[1]);
    bind_to(atoi(arguments[5]));
    uint64_t *samples = calloc(rounds, sizeof *samples);
    for (size_t i = 0; i < rounds; i++) {
        uint64_t start = now();
        send(ends[0], buffer, exit_bytes, MSG_NOSIGNAL);
        receive(ends[0], buffer, entry_bytes);
        samples[i] = now() - start;
    }
    kill(child, SIGKILL);
    qsort(samples, rounds, sizeof *samples, compare);
    printf("%lu %lu %lu\n", samples[0], samples[rounds / 2], samples[rounds * 99 / 100]);
    return 0;
}
