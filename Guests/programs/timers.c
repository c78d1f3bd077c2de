// The generic timers: both comparators, their interrupts through the GIC, sleeping until they strike. Nothing that is printed
// depends on how fast the counter or the PE is.
#include "probe.h"

#define yes_no(condition) ((condition) ? "yes" : "no")

enum { physical_timer_interrupt = 30, ENABLE = 1, IMASK = 2, ISTATUS = 4 };
#define milliseconds(n) (read_register(cntfrq_el0) / 1000 * (n))

/// One of the two timers, by functions, since a register's name is part of the instruction.
struct timer {
    const char *name;
    uint32_t intid;
    uint64_t (*count)(void), (*control)(void), (*compare)(void), (*value)(void);
    void (*set_control)(uint64_t), (*set_compare)(uint64_t), (*set_value)(uint64_t);
};

static uint64_t v_count(void) { isb(); return read_register(cntvct_el0); }
static uint64_t p_count(void) { isb(); return read_register(cntpct_el0); }
#define define_timer(letter)                                                                                           \
    static uint64_t letter##_control(void) { isb(); return read_register(cnt##letter##_ctl_el0); }                     \
    static uint64_t letter##_compare(void) { return read_register(cnt##letter##_cval_el0); }                           \
    static uint64_t letter##_value(void) { return read_register(cnt##letter##_tval_el0); }                             \
    static void letter##_set_control(uint64_t x) { write_register(cnt##letter##_ctl_el0, x); isb(); }                  \
    static void letter##_set_compare(uint64_t x) { write_register(cnt##letter##_cval_el0, x); isb(); }                 \
    static void letter##_set_value(uint64_t x) { write_register(cnt##letter##_tval_el0, x); isb(); }
define_timer(v)
define_timer(p)

static struct timer timer_of(bool is_virtual) {
    if (is_virtual)
        return (struct timer){"CNTV", virtual_timer_interrupt, v_count, v_control, v_compare, v_value, v_set_control, v_set_compare, v_set_value};
    return (struct timer){"CNTP", physical_timer_interrupt, p_count, p_control, p_compare, p_value, p_set_control, p_set_compare, p_set_value};
}

// MARK: Registers

static void registers(const struct timer *t) {
    const uint64_t never = ~0ull >> 1;
    for (uint64_t control = 0; control < 8; control++) {
        t->set_compare(never);
        t->set_control(control);
        uint64_t before = t->control();
        t->set_compare(t->count());
        say("%s: CTL %lu reads %lu before CVAL and %lu after it\n", t->name, control, before, t->control());
    }
    t->set_control(~7ull);
    say("%s: CTL with all high bits reads %lu\n", t->name, t->control());
    t->set_control(ENABLE | IMASK);
    static const struct {
        const char *name;
        uint64_t compare;
    } compares[] = {
        {"0", 0}, {"1", 1}, {"2^63 - 1", ~0ull >> 1}, {"2^63", 1ull << 63}, {"2^64 - 1", ~0ull}, {"2^56", 1ull << 56},
    };
    for (uint32_t i = 0; i < sizeof compares / sizeof *compares; i++) {
        t->set_compare(compares[i].compare);
        say("%s: CVAL %s: CTL %lu, CVAL is kept: %s\n", t->name, compares[i].name, t->control(),
            yes_no(t->compare() == compares[i].compare));
    }
    // TVAL is a signed distance of 32 bits.
    static const uint64_t values[] = {
        0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x100000000, 0x17fffffff, 0xffffffff80000000, 0xffffffff00001000,
    };
    for (uint32_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint64_t distance = (uint64_t)(int64_t)(int32_t)values[i];
        uint64_t first = t->count();
        t->set_value(values[i]);
        uint64_t last = t->count(), compare = t->compare();
        bool is_near = distance + milliseconds(1) < milliseconds(2);
        say("%s: TVAL %lx: CVAL is between the counts plus that: %s", t->name, values[i],
            yes_no(compare - distance - first <= last - first));
        if (is_near) print("\n");
        else print(", CTL %lu\n", t->control());
    }
    static const uint64_t distances[] = {0, 0x7000000000000000, 0x123456789abc, (uint64_t)-0x12345678};
    for (uint32_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        uint64_t first = t->count();
        t->set_compare(first + distances[i]);
        uint64_t value = t->value(), last = t->count();
        uint64_t elapsed = (uint32_t)((uint32_t)distances[i] - (uint32_t)value);
        say("%s: CVAL = count + %lx: TVAL is that less the time since, in 32 bits: %s\n", t->name, distances[i],
            yes_no(elapsed <= last - first && value >> 32 == 0));
    }
    t->set_compare(0);
    t->set_control(0);
}

// MARK: Interrupts

/// The line as ISR_EL1 shows it, once the interrupt controller has had time to change it to `expected`.
static uint64_t settled(uint64_t expected) {
    uint64_t end = v_count() + milliseconds(200), state;
    do {
        state = read_register(isr_el1) >> 7 & 1;
        isb();
    } while (state != expected && v_count() < end);
    return state;
}

static uint64_t acknowledge(void) {
    uint64_t intid = read_register(icc_iar1_el1);
    isb();
    return intid;
}
static void end(uint64_t intid) {
    write_register(icc_eoir1_el1, intid);
    isb();
}

static void interrupts(const struct timer *t) {
    gic_enable_private(0, t->intid);
    t->set_compare(0);
    t->set_control(ENABLE | IMASK);
    say("%s: masked: pending %lu, acknowledge %lu\n", t->name, settled(0), acknowledge());
    t->set_control(ENABLE);
    say("%s: unmasked: pending %lu\n", t->name, settled(1));
    t->set_control(ENABLE | IMASK);
    say("%s: masked again: pending %lu, acknowledge %lu\n", t->name, settled(0), acknowledge());
    t->set_control(ENABLE);
    settled(1);
    uint64_t intid = acknowledge();
    say("%s: acknowledge %lu, pending while active %lu, acknowledge %lu\n", t->name, intid, settled(0), acknowledge());
    end(intid);
    say("%s: ended with the line high: pending %lu\n", t->name, settled(1));
    intid = acknowledge();
    t->set_control(0);
    end(intid);
    say("%s: acknowledge %lu, off, ended: pending %lu\n", t->name, intid, settled(0));
    t->set_control(ENABLE);
    settled(1);
    t->set_compare(~0ull);
    say("%s: CVAL moved away while pending: pending %lu\n", t->name, settled(0));
    t->set_control(0);

    // Through the vectors, from EL1 and from EL0.
    t->set_compare(0);
    t->set_control(ENABLE);
    settled(1);
    static const uint64_t states[] = {EL1t, EL1h, EL0t};
    for (uint32_t i = 0; i < 3; i++) {
        const struct record *r = quietly(states[i] & ~(uint64_t)PSR_I, "b .");
        intid = acknowledge();
        end(intid);
        say("%s: vector %03x SPSR %08lx INTID %lu\n", t->name, r->vector, r->spsr, intid);
    }
    t->set_control(0);
}

/// Sleeps `count` times until the timer strikes.
static void sleeps(const struct timer *t, uint32_t count) {
    uint32_t early = 0, wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t deadline = t->count() + milliseconds(1);
        t->set_compare(deadline);
        t->set_control(ENABLE);
        while (read_register(isr_el1) == 0) wfi();
        if (t->count() < deadline) early++;
        uint64_t intid = acknowledge();
        if (intid != t->intid) wrong++;
        t->set_control(0);
        end(intid);
    }
    say("%s: %u times asleep until the timer: %u too early, %u other interrupts\n", t->name, count, early, wrong);
    // An interrupt that is taken in the middle of a loop.
    t->set_compare(t->count() + milliseconds(1));
    t->set_control(ENABLE);
    const struct record *r = quietly(EL1h & ~(uint64_t)PSR_I, "1: b 1b");
    uint64_t intid = acknowledge();
    say("%s: in a loop: vector %03x INTID %lu, time has come: %s\n", t->name, r->vector, intid, yes_no(t->count() >= t->compare()));
    t->set_control(0);
    end(intid);
}

/// Both at once, the virtual one later: each comes by itself.
static void both(void) {
    uint64_t now = v_count();
    v_set_compare(now + milliseconds(4));
    p_set_compare(p_count() + milliseconds(2));
    v_set_control(ENABLE);
    p_set_control(ENABLE);
    for (uint32_t i = 0; i < 2; i++) {
        while (read_register(isr_el1) == 0) wfi();
        uint64_t intid = acknowledge();
        if (intid == virtual_timer_interrupt) v_set_control(0);
        else p_set_control(0);
        end(intid);
        say("both: INTID %lu\n", intid);
    }
}

/// WFE ends by the event stream at the latest.
static void event_stream(void) {
    for (uint64_t direction = 0; direction < 2; direction++)
        for (uint64_t bit = 4; bit <= 12; bit += 4) {
            write_register(cntkctl_el1, 1 << 2 | direction << 3 | bit << 4);
            isb();
            for (uint32_t i = 0; i < 8; i++) __asm__ volatile("wfe" : : : "memory");
            say("event stream of bit %lu, direction %lu: 8 WFEs have ended\n", bit, direction);
        }
    write_register(cntkctl_el1, 0);
}

static void counters(void) {
    bool is_ordered = true, is_same = true;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t a = p_count(), b = v_count(), c = p_count();
        if (a > b || b > c) is_same = false;
        if (v_count() < b) is_ordered = false;
    }
    say("counters: do not go back: %s, CNTVCT is between two CNTPCTs: %s\n", yes_no(is_ordered), yes_no(is_same));
}

int main(void) {
    probe_begin("timers");
    gic_init_distributor();
    gic_init_cpu(0);
    counters();
    for (int is_virtual = 0; is_virtual < 2; is_virtual++) {
        struct timer t = timer_of(is_virtual);
        registers(&t);
        interrupts(&t);
        sleeps(&t, 20);
    }
    both();
    event_stream();
    probe_end();
    return 0;
}
