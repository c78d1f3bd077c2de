// Debugs a child of its own with ptrace: a hardware breakpoint, single steps, a watchpoint. A Linux program without a
// library, for the initramfs of the test guest; its lines are the same on every processor with the debug architecture.
#include <stdint.h>

enum { SYS_WRITE = 64, SYS_EXIT = 93, SYS_PTRACE = 117, SYS_KILL = 129, SYS_GETPID = 172, SYS_CLONE = 220, SYS_WAIT4 = 260 };
enum { TRACEME = 0, CONT = 7, SINGLESTEP = 9, GETSIGINFO = 0x4202, GETREGSET = 0x4204, SETREGSET = 0x4205 };
enum { NT_PRSTATUS = 1, NT_ARM_HW_BREAK = 0x402, NT_ARM_HW_WATCH = 0x403 };
enum { SIGTRAP = 5, SIGCHLD = 17, SIGSTOP = 19 };

struct registers {
    uint64_t x[31], sp, pc, pstate;
};
struct debug_registers {
    uint32_t info, padding;
    struct {
        uint64_t address;
        uint32_t control, padding;
    } slots[16];
};
struct signal_information {
    int32_t signal, error, code, padding;
    uint64_t address;
    uint8_t rest[104];
};
struct vector {
    void *base;
    uint64_t size;
};

static long call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

/// The compiler calls it for initializations.
__attribute__((no_builtin("memset"))) void *memset(void *to, int byte, unsigned long count) {
    for (unsigned long i = 0; i < count; i++) ((uint8_t *)to)[i] = (uint8_t)byte;
    return to;
}

/// The name of a number and the number, as a line.
static void say(const char *name, uint64_t number) {
    char line[96], digits[20];
    int length = 0, count = 0;
    for (const char *from = "armada: ptrace: "; *from; from++) line[length++] = *from;
    for (; *name; name++) line[length++] = *name;
    line[length++] = ' ';
    do digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    while (count != 0) line[length++] = digits[--count];
    line[length++] = '\n';
    call(SYS_WRITE, 1, (long)line, length, 0);
}

volatile uint64_t watched[4];

// What the child executes; the labels are where its parent expects it.
void program(void);
extern char loop[], middle[], after_load[], finish[];
__asm__(".globl program, loop, middle, after_load, finish\n"
        "program: adrp x1, watched\n add x1, x1, :lo12:watched\n mov x0, #100\n"
        "loop: add x2, x2, #1\n subs x0, x0, #1\n b.ne loop\n"
        "middle: str xzr, [x1]\n ldxr x3, [x1, #0]\n ldr x4, [x1, #16]\n"
        "after_load: nop\n str w0, [x1, #20]\n"
        "finish: ret\n");

static long child;

static uint64_t wait_for(const char *name) {
    int32_t status = 0;
    call(SYS_WAIT4, child, (long)&status, 0, 0);
    if ((status & 0xff) != 0x7f) {
        say(name, (uint64_t)(status >> 8 & 0xff));
        return 0;
    }
    struct registers registers = {0};
    struct vector vector = {&registers, sizeof registers};
    call(SYS_PTRACE, GETREGSET, child, NT_PRSTATUS, (long)&vector);
    if (name) {
        struct signal_information information = {0};
        call(SYS_PTRACE, GETSIGINFO, child, 0, (long)&information);
        say(name, registers.pc - (uint64_t)program);
        say("  signal", (uint64_t)(status >> 8));
        say("  code", (uint64_t)(uint32_t)information.code);
    }
    return registers.pc;
}

static void set(long which, void *address, uint32_t control) {
    struct debug_registers registers = {0};
    registers.slots[0].address = (uint64_t)address;
    registers.slots[0].control = control;
    struct vector vector = {&registers, 8 + sizeof registers.slots[0]};
    if (call(SYS_PTRACE, SETREGSET, child, which, (long)&vector) != 0) say("cannot set", (uint64_t)which);
}

static void trace(void) {
    struct debug_registers registers = {0};
    struct vector vector = {&registers, sizeof registers};
    wait_for(0);
    call(SYS_PTRACE, GETREGSET, child, NT_ARM_HW_BREAK, (long)&vector);
    say("breakpoints", registers.info & 0xff);
    vector.size = sizeof registers;
    call(SYS_PTRACE, GETREGSET, child, NT_ARM_HW_WATCH, (long)&vector);
    say("watchpoints", registers.info & 0xff);

    set(NT_ARM_HW_BREAK, loop, 0xf << 5 | 1);
    call(SYS_PTRACE, CONT, child, 0, 0);
    wait_for("breakpoint at");
    // Linux steps over its own breakpoint: the second time is a turn of the loop later.
    call(SYS_PTRACE, CONT, child, 0, 0);
    wait_for("breakpoint again at");
    set(NT_ARM_HW_BREAK, 0, 0);
    uint64_t steps = 0, pc;
    do {
        call(SYS_PTRACE, SINGLESTEP, child, 0, 0);
        pc = wait_for(0);
        steps++;
    } while (pc != (uint64_t)middle && pc != 0 && steps < 1000);
    say("steps to the end of the loop", steps);

    set(NT_ARM_HW_WATCH, (void *)&watched[2], 0xffu << 5 | 1 << 3 | 1);
    call(SYS_PTRACE, CONT, child, 0, 0);
    wait_for("watched load before");
    set(NT_ARM_HW_WATCH, (void *)&watched[2], 0xf0u << 5 | 2 << 3 | 1);
    call(SYS_PTRACE, CONT, child, 0, 0);
    wait_for("watched store before");
    set(NT_ARM_HW_WATCH, 0, 0);
    call(SYS_PTRACE, SINGLESTEP, child, 0, 0);
    wait_for("step to");
    call(SYS_PTRACE, CONT, child, 0, 0);
    wait_for("end");
}

void start(void) {
    child = call(SYS_CLONE, SIGCHLD, 0, 0, 0);
    if (child == 0) {
        call(SYS_PTRACE, TRACEME, 0, 0, 0);
        call(SYS_KILL, call(SYS_GETPID, 0, 0, 0, 0), SIGSTOP, 0, 0);
        program();
        call(SYS_EXIT, 42, 0, 0, 0);
    }
    trace();
    call(SYS_EXIT, 0, 0, 0, 0);
}
