// Executes single instructions on given registers: a Linux program for qemu-aarch64 and for real processors.
//
// Standard input holds batches: a 32-bit count, then as many cases. Each batch is answered on standard output by the same
// cases with the registers as their instructions left them. Ends at the end of the input. An instruction may change X0 to
// X30, V0 to V31, NZCV, FPCR and FPSR; not SP, memory or the flow of control.
#include "oneinsn.h"

enum { BATCH = 256, SLOT_WORDS = 4 };
enum { SYS_READ = 63, SYS_WRITE = 64, SYS_EXIT = 93, SYS_SIGALTSTACK = 132, SYS_RT_SIGACTION = 134 };
enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11 };

// Four instructions each, in pages that may be written and executed: the last two registers, the word, the way back.
extern uint32_t slots[BATCH * SLOT_WORDS];
extern uint32_t landing[];
void run(struct Case *current, uint32_t *slot);
void handler(int signal);

static struct Case cases[BATCH];
static uint64_t signalStack[2048];

static long call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static void leave(int code) {
    for (;;) call(SYS_EXIT, code, 0, 0, 0);
}

// All bytes, or none at the end of the input; anything else ends the program.
static int transfer(long number, int descriptor, void *bytes, long count) {
    for (long done = 0; done < count;) {
        long step = call(number, descriptor, (long)bytes + done, count - done, 0);
        if (step == 0 && done == 0) return 0;
        if (step <= 0) leave(1);
        done += step;
    }
    return 1;
}

static void prepareSignals(void) {
    struct { void *base; int flags; unsigned long size; } stack = {signalStack, 0, sizeof signalStack};
    call(SYS_SIGALTSTACK, (long)&stack, 0, 0, 0);
    // On the stack above, and not masked while handled: the handler does not return.
    struct { void (*handler)(int); unsigned long flags; void *restorer; uint64_t mask; } action = {
        handler, 0x08000000 | 0x40000000, 0, 0};
    static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
    for (unsigned index = 0; index < sizeof signals / sizeof *signals; index++)
        call(SYS_RT_SIGACTION, signals[index], (long)&action, 0, sizeof action.mask);
}

static void prepareSlots(void) {
    for (int index = 0; index < BATCH; index++) {
        uint32_t *slot = slots + index * SLOT_WORDS;
        slot[0] = 0xF940781E; // ldr x30, [x0, #240]
        slot[1] = 0xF9400000; // ldr x0, [x0]
        slot[3] = 0x14000000 | ((landing - (slot + 3)) & 0x3FFFFFF);
    }
}

static void synchronizeCaches(void) {
    // The smallest line that the architecture allows.
    for (uint32_t *at = slots; at < slots + BATCH * SLOT_WORDS; at += 4)
        __asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

void start(void) {
    prepareSignals();
    prepareSlots();
    uint32_t count;
    while (transfer(SYS_READ, 0, &count, sizeof count)) {
        if (count > BATCH || !transfer(SYS_READ, 0, cases, (long)count * CASE_BYTES)) leave(1);
        for (uint32_t index = 0; index < count; index++) slots[index * SLOT_WORDS + 2] = cases[index].word;
        synchronizeCaches();
        for (uint32_t index = 0; index < count; index++) {
            cases[index].signal = 0;
            run(&cases[index], &slots[index * SLOT_WORDS]);
        }
        transfer(SYS_WRITE, 1, cases, (long)count * CASE_BYTES);
    }
    leave(0);
}
