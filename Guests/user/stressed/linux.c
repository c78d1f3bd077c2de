#include "linux.h"

/// The compiler calls it for initializations.
__attribute__((no_builtin("memset"))) void *memset(void *to, int byte, unsigned long count) {
    for (unsigned long i = 0; i < count; i++) ((uint8_t *)to)[i] = (uint8_t)byte;
    return to;
}

// MARK: Time

struct timespec {
    int64_t seconds, nanoseconds;
};

static struct timespec timespec_of(uint64_t time) {
    return (struct timespec){(int64_t)(time / 1000000000), (int64_t)(time % 1000000000)};
}

uint64_t now(void) {
    struct timespec time;
    call(SYS_CLOCK_GETTIME, 1, (long)&time, 0, 0, 0);
    return (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds;
}

void sleep_until(uint64_t time) {
    struct timespec when = timespec_of(time);
    call(SYS_CLOCK_NANOSLEEP, 1, 1, (long)&when, 0, 0);
}

// MARK: Threads

enum { FUTEX_WAKE_PRIVATE = 129, FUTEX_WAIT_BITSET_PRIVATE = 137, STACK_SIZE = 16 << 10 };

void wait_while(uint32_t *word, uint32_t value, uint64_t time) {
    register long x8 __asm__("x8") = SYS_FUTEX, x0 __asm__("x0") = (long)word;
    struct timespec when = timespec_of(time);
    register long x1 __asm__("x1") = FUTEX_WAIT_BITSET_PRIVATE, x2 __asm__("x2") = value, x3 __asm__("x3") = (long)&when;
    register long x4 __asm__("x4") = 0, x5 __asm__("x5") = 0xffffffff;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
}

void wake_all(uint32_t *word) { call(SYS_FUTEX, (long)word, FUTEX_WAKE_PRIVATE, 0x7fffffff, 0, 0); }

long start_thread(void (*entry)(void *), void *argument) {
    // PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS; the offset, call's x5, is 0.
    long stack = call(SYS_MMAP, 0, STACK_SIZE, 3, 0x22, -1);
    if (stack < 0) return stack;
    // CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. The new thread begins behind the svc, with these registers.
    register long x8 __asm__("x8") = SYS_CLONE, x0 __asm__("x0") = 0x50f00, x1 __asm__("x1") = stack + STACK_SIZE;
    register long x2 __asm__("x2") = 0, x3 __asm__("x3") = 0, x4 __asm__("x4") = 0;
    register void *x19 __asm__("x19") = argument;
    register void (*x20)(void *) __asm__("x20") = entry;
    __asm__ volatile("svc 0\n cbnz x0, 1f\n mov x29, xzr\n mov x0, x19\n blr x20\n mov x8, #93\n svc 0\n 1:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x19), "r"(x20)
                     : "memory", "x30");
    return x0;
}

// MARK: Files

enum { AT_FDCWD = -100 };

long read_file(const char *path, char *buffer, unsigned long size) {
    long file = call(SYS_OPENAT, AT_FDCWD, (long)path, 0, 0, 0), length = 0, count;
    if (file < 0) return -1;
    while ((unsigned long)length + 1 < size) {
        count = call(SYS_READ, file, (long)(buffer + length), (long)(size - 1 - (unsigned long)length), 0, 0);
        if (count <= 0) break;
        length += count;
    }
    call(SYS_CLOSE, file, 0, 0, 0, 0);
    buffer[length] = 0;
    return length;
}

// MARK: The console

static char line[4096];
static unsigned long line_length;

void put(const char *text) {
    for (; *text && line_length < sizeof line - 1; text++) line[line_length++] = *text;
}

void put_number(uint64_t number) {
    char digits[21];
    int count = 20;
    digits[count] = 0;
    do digits[--count] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    put(digits + count);
}

void end_line(void) {
    enum { TCSBRK = 0x5409 };
    line[line_length++] = '\n';
    for (unsigned long done = 0; done < line_length;) {
        long count = call(SYS_WRITE, 1, (long)(line + done), (long)(line_length - done), 0, 0);
        if (count <= 0) break;
        done += (unsigned long)count;
    }
    line_length = 0;
    // tcdrain: of a terminal; of anything else it does nothing.
    call(SYS_IOCTL, 1, TCSBRK, 1, 0, 0);
}
