// What comes of exceptions and interrupts from outside: the command line names one of the cases below, and the line that ends in
// "?" says when to inject. Tests/GuestTests/InjectionTests.swift does that.
#include "probe.h"

/// No device is there.
enum { nowhere = 0x0b000000 };
enum { spi = 40, ppi = 20 };

static volatile uint32_t taken;
static struct record seen;

/// The interrupted code goes on, wherever it was.
static bool note(struct probe_frame *frame, const struct record *record) {
    (void)frame;
    seen = *record;
    taken++;
    return true;
}

static void begin(const char *what) {
    taken = 0;
    self()->handler = note;
    say("%s?\n", what);
}

static void finish(void) {
    self()->handler = NULL;
    say("vector %03x ESR %08lx FAR %lx\n", seen.vector, seen.esr, seen.far);
}

static uint64_t pending(void) { return read_register(isr_el1); }
static void serror_on(void) { __asm__ volatile("msr daifclr, #4\n isb" : : : "memory"); }
static void serror_off(void) { __asm__ volatile("msr daifset, #4" : : : "memory"); }
/// Leaves the guest and comes back.
static void hypercall(void) { psci(PSCI_VERSION, 0, 0, 0); }

// MARK: Accesses that nobody answers

/// x0 and x1 as they were: nothing of the access has retired.
static void mmio(void) {
    attempt("read", EL1h, "ldr x0, [x1]", 0x5a, nowhere);
    say("x0 %lx x1 %lx\n", self()->x[0], self()->x[1]);
    attempt("write", EL1h, "str w0, [x1]", 0x5a, nowhere + 4);
    say("x0 %lx x1 %lx\n", self()->x[0], self()->x[1]);
}

static void nisv(void) {
    attempt("post-index", EL1h, "ldr x0, [x1], #8", 0x5a, uart_base);
    say("x0 %lx x1 %lx\n", self()->x[0], self()->x[1]);
}

// MARK: SError

static void serror(void) {
    begin("unmasked");
    serror_on();
    while (taken == 0) {}
    serror_off();
    finish();
}

/// It waits through exits and WFI, and is shown.
static void masked(void) {
    begin("masked");
    while (pending() == 0) {}
    for (int i = 0; i < 3; i++) {
        hypercall();
        wfi();
    }
    say("ISR %lx taken %u\n", pending(), taken);
    serror_on();
    say("ISR %lx taken %u\n", pending(), taken);
    serror_off();
    finish();
}

/// WFI ends, though PSTATE.A masks it.
static void asleep(void) {
    begin("asleep");
    while (pending() == 0) wfi();
    say("ISR %lx taken %u\n", pending(), taken);
    serror_on();
    serror_off();
    finish();
}

// MARK: Synchronous exceptions

static void synchronous(void) {
    static const char *const names[] = {"data abort", "instruction abort", "undefined"};
    for (int i = 0; i < 3; i++) {
        begin(names[i]);
        while (taken == 0) {}
        finish();
    }
}

// MARK: Interrupts

/// Waits until ISR_EL1 shows `value`; a wire that falls is noticed at the next exit.
static void await_pending(const char *what, uint64_t value) {
    say("%s?\n", what);
    while (pending() != value) hypercall();
    say("ISR %lx\n", pending());
}

static void irq(void) {
    gic_init_distributor();
    gic_init_cpu(0);
    gic_enable_shared(spi, 0);
    gic_enable_private(0, ppi);
    await_pending("SPI up", PSR_I);
    await_pending("SPI down", 0);
    await_pending("PPI up", PSR_I);
    await_pending("PPI down", 0);
    // GICD_ICFGR: edge-triggered.
    mmio_write32(machine.distributor.base + 0xc00 + spi / 16 * 4, 2u << spi % 16 * 2);
    await_pending("edge", PSR_I);
    say("INTID %lu\n", read_register(s3_0_c12_c12_0));
    say("ISR %lx\n", pending());
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {{"mmio", mmio},     {"nisv", nisv},     {"serror", serror}, {"masked", masked},
             {"asleep", asleep}, {"sync", synchronous}, {"irq", irq}};

static bool is_asked_for(const char *name) {
    const char *asked = machine.bootargs;
    while (*name && *name == *asked) name++, asked++;
    return *name == *asked;
}

int main(void) {
    probe_begin("injection");
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        if (is_asked_for(cases[i].name)) cases[i].run();
    probe_end();
    return 0;
}
