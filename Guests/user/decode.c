// A program for QEMU's user mode. Reads instruction words from standard input, executes each at EL0, and writes a byte for
// each to standard output: 1 if it was undefined.
//
// A word stands before a BRK, so that everything ends in a signal, from whose handler the next word is entered. Every
// register holds an address that may be written.
typedef unsigned char uint8_t;
typedef unsigned int uint32_t;
typedef unsigned long uint64_t;

enum {
    SYS_read = 63, SYS_write = 64, SYS_exit = 93, SYS_setitimer = 103, SYS_sigaltstack = 132, SYS_rt_sigaction = 134,
    SYS_rt_sigprocmask = 135, SIG_SETMASK = 2,
    SYS_mmap = 222,
    SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGVTALRM = 26, SIGSYS = 31,
    SA_SIGINFO = 4, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000, SA_NODEFER = 0x40000000,
    PROT_RWX = 7, MAP_PRIVATE_ANONYMOUS = 0x22, MAP_FIXED = 0x10,
    // Words in a block: a page of code.
    word_count = 512,
    scratch_byte_count = 1 << 20, stack_byte_count = 1 << 16,
    no_system_call = 0xffff,
    brk = 0xd4200000,
};

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

struct mcontext { uint64_t fault_address, regs[31], sp, pc, pstate; };
struct ucontext {
    uint64_t flags;
    struct ucontext *link;
    struct { void *sp; int flags; uint64_t size; } stack;
    uint8_t mask[128];
    struct mcontext mcontext __attribute__((aligned(16)));
};

static uint32_t words[word_count];
static uint8_t verdicts[word_count];
static uint32_t *code;
static uint8_t *scratch;
static volatile int current, seen_by_alarm;
static int count;
static uint64_t saved_regs[31], saved_sp, saved_pc;

static void enter(struct mcontext *context) {
    uint64_t middle = (uint64_t)scratch + scratch_byte_count / 2;
    for (int i = 0; i < 31; i++) context->regs[i] = middle;
    context->regs[8] = no_system_call;
    context->sp = middle;
    context->pstate = 0;
    context->pc = (uint64_t)(code + 2 * current);
}

static void handle(int signal, void *info, struct ucontext *context) {
    (void)info;
    struct mcontext *m = &context->mcontext;
    if (current < 0) {
        if (signal == SIGVTALRM) return;
        // The first signal of a block comes from `run`.
        for (int i = 0; i < 31; i++) saved_regs[i] = m->regs[i];
        saved_sp = m->sp;
        saved_pc = m->pc + 4;
        current = 0;
        enter(m);
        return;
    }
    if (current >= count) return;
    if (signal == SIGVTALRM) {
        // A loop, if nothing has happened since the last time.
        if (seen_by_alarm != current) {
            seen_by_alarm = current;
            return;
        }
    }
    verdicts[current] = signal == SIGILL && m->pc == (uint64_t)(code + 2 * current);
    current++;
    if (current < count) {
        enter(m);
        return;
    }
    for (int i = 0; i < 31; i++) m->regs[i] = saved_regs[i];
    m->sp = saved_sp;
    m->pc = saved_pc;
}

__attribute__((noinline)) static void run(void) {
    current = -1;
    __asm__ volatile("brk #1" ::: "memory");
}

static long read_fully(uint8_t *bytes, long byte_count) {
    long done = 0;
    while (done < byte_count) {
        long n = call(SYS_read, 0, (long)(bytes + done), byte_count - done, 0, 0, 0);
        if (n <= 0) break;
        done += n;
    }
    return done;
}

void start(void) {
    // Further from everything than a branch reaches.
    code = (uint32_t *)call(SYS_mmap, 0x1000000000, 3 * 4096, PROT_RWX, MAP_PRIVATE_ANONYMOUS | MAP_FIXED, -1, 0);
    if ((uint64_t)code != 0x1000000000) call(SYS_exit, 2, 0, 0, 0, 0, 0);
    scratch = (uint8_t *)call(SYS_mmap, 0, scratch_byte_count, 3, MAP_PRIVATE_ANONYMOUS, -1, 0);
    // A page of BRK on either side, for short branches.
    for (int i = 0; i < 3 * 1024; i++) code[i] = brk;
    code += 1024;
    struct { void *sp; int flags; uint64_t size; } stack = {0, 0, stack_byte_count};
    stack.sp = (void *)call(SYS_mmap, 0, stack_byte_count, 3, MAP_PRIVATE_ANONYMOUS, -1, 0);
    call(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
    struct { void (*handler)(int, void *, struct ucontext *); uint64_t flags; void *restorer; uint64_t mask; } action = {
        handle, SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER, 0, 0};
    static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGVTALRM, SIGSYS};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        call(SYS_rt_sigaction, signals[i], (long)&action, 0, 8, 0, 0);
    // Whoever started this may block signals, SIGVTALRM among them.
    uint64_t none = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, 8, 0, 0);
    struct { long interval[2], value[2]; } timer = {{0, 5000}, {0, 5000}};
    call(SYS_setitimer, 1 /* ITIMER_VIRTUAL */, (long)&timer, 0, 0, 0, 0);
    for (;;) {
        count = (int)(read_fully((uint8_t *)words, sizeof words) / 4);
        if (count == 0) break;
        for (int i = 0; i < count; i++) code[2 * i] = words[i];
        for (int i = 0; i < 1024; i += 16) __asm__ volatile("dc cvau, %0\n\tic ivau, %0" ::"r"(code + i) : "memory");
        __asm__ volatile("dsb ish\n\tisb" ::: "memory");
        seen_by_alarm = -1;
        run();
        long done = 0;
        while (done < count) {
            long n = call(SYS_write, 1, (long)(verdicts + done), count - done, 0, 0, 0);
            if (n <= 0) call(SYS_exit, 1, 0, 0, 0, 0, 0);
            done += n;
        }
    }
    call(SYS_exit, 0, 0, 0, 0, 0, 0);
}
