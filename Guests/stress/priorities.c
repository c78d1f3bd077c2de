// Four levels that preempt each other, priority masks, ends in two steps, and more interrupts than list registers.
#include "stress.h"

/// SGIs 8…11, from the least to the most urgent.
enum { first_level = 8, level_count = 4 };
static const uint8_t level_priorities[level_count] = {0x80, 0x60, 0x40, 0x20};

static uint64_t *taken(uint32_t cpu, uint32_t level) { return &ledger.accounts[cpu].taken[first_level + level]; }

/// Each handler raises one that must preempt it, and one that must not.
static void preempt(uint32_t intid) {
    if (intid < first_level || intid >= first_level + level_count) return;
    uint32_t cpu = this_cpu(), level = intid - first_level;
    // Seldom enough that one does not keep another going for ever.
    if (level > 0 && ledger.accounts[cpu].taken[intid] % 4 == 0) {
        uint64_t less = load(taken(cpu, level - 1));
        send_sgi(cpu, first_level + level - 1);
        drain();
        if (load(taken(cpu, level - 1)) != less) violated(out_of_order, detail(less_urgent_came_first, 0, intid));
    }
    if (level + 1 < level_count && ledger.accounts[cpu].taken[intid] % 2 == 0) {
        uint64_t more = load(taken(cpu, level + 1));
        send_sgi(cpu, first_level + level + 1);
        await(load(taken(cpu, level + 1)) != more, detail(waited_for_more_urgent, 0, first_level + level + 1));
    }
}

static void prepare_levels(void) {
    nests = true;
    handler = preempt;
}
static void set_levels(uint32_t cpu) {
    for (uint32_t level = 0; level < level_count; level++) set_priority(cpu, first_level + level, level_priorities[level]);
    write_register(icc_bpr1_el1, 0);
    isb();
}
/// To itself and to others; now and then only the more urgent half may come.
static void mix(uint32_t cpu, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint32_t level = random_below(level_count), target = random_below(machine.cpu_count);
        if (i % 16 == 0) {
            interrupts_off();
            write_register(icc_pmr_el1, 0x50);
            isb();
            uint64_t before = load(taken(cpu, 0));
            interrupts_on();
            send_sgi(cpu, first_level);
            drain();
            interrupts_off();
            if (load(taken(cpu, 0)) != before) violated(out_of_order, detail(masked_by_priority, 0, first_level));
            write_register(icc_pmr_el1, 0xf0);
            isb();
            interrupts_on();
            await(load(taken(cpu, 0)) != before, detail(waited_for_unmasked, 0, first_level));
        }
        send_sgi(target, first_level + level);
        if (i % 4 == 0) send(target);
    }
}

// MARK: EOImode 1

static void prepare_ends(void) { prepare_lines(true); }
static void two_steps(uint32_t cpu) { set_end_in_two_steps(cpu, true); }
static void mixed(uint32_t cpu, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        if (i == count / 2) {
            // The other half with EOImode 0; no handler is under way when it changes.
            interrupts_off();
            deactivate_deferred(cpu);
            set_end_in_two_steps(cpu, false);
            interrupts_on();
        }
        if (random_below(2) == 0) {
            send(random_below(machine.cpu_count));
        } else {
            pulse(random_below(line_count));
        }
    }
}

// MARK: More than there are list registers

static void prepare_overflow(void) { prepare_lines(true); }
/// With interrupts masked, everything at once.
static void pile_up(uint32_t cpu, uint64_t count) {
    for (uint64_t i = 0; i < count; i += 24) {
        interrupts_off();
        for (uint32_t sgi = 8; sgi < 16; sgi++) send_sgi(cpu, sgi);
        for (uint32_t target = 0; target < machine.cpu_count; target++) send(target);
        for (uint32_t times = 0; times < 16; times++) pulse(random_below(line_count));
        if (random_below(2) == 0) drain();
        interrupts_on();
        for (uint32_t target = 0; target < machine.cpu_count; target++)
            if (random_below(4) == 0) await_seen(target);
    }
}

const struct scenario priorities = {.prepare = prepare_levels, .enter = set_levels, .work = mix};
const struct scenario ends = {.prepare = prepare_ends, .enter = two_steps, .work = mixed};
const struct scenario overflow = {.prepare = prepare_overflow, .work = pile_up};
