// What a Linux program without a library needs of Linux: system calls, threads, time, lines on the console.
#pragma once
#include <stdint.h>

enum {
    SYS_IOCTL = 29,
    SYS_OPENAT = 56,
    SYS_CLOSE = 57,
    SYS_READ = 63,
    SYS_WRITE = 64,
    SYS_TIMERFD_CREATE = 85,
    SYS_TIMERFD_SETTIME = 86,
    SYS_EXIT = 93,
    SYS_EXIT_GROUP = 94,
    SYS_FUTEX = 98,
    SYS_CLOCK_GETTIME = 113,
    SYS_CLOCK_NANOSLEEP = 115,
    SYS_SCHED_SETAFFINITY = 122,
    SYS_SCHED_YIELD = 124,
    SYS_GETCPU = 168,
    SYS_CLONE = 220,
    SYS_MMAP = 222,
    SYS_MEMBARRIER = 283
};
enum { EINVAL = 22, EBUSY = 16 };

static inline long call(long number, long a, long b, long c, long d, long e) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t now(void);
void sleep_until(uint64_t time);
/// Waits while `*word` is `value`, but not beyond `time`; may return early.
void wait_while(uint32_t *word, uint32_t value, uint64_t time);
void wake_all(uint32_t *word);
/// Runs `entry(argument)` in a thread of its own, on `stack_size` bytes of its own.
long start_thread(void (*entry)(void *), void *argument);

/// The content of a file as a string; its length, or -1.
long read_file(const char *path, char *buffer, unsigned long size);

/// Text for one line of the console.
void put(const char *text);
void put_number(uint64_t number);
/// Writes the line and waits until the UART has sent it, so that whoever listens has seen it when this returns.
void end_line(void);

static inline uint64_t split_mix(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}
