// The guest of `armada stress`: what its scenarios share. The ledger's layout is known to StressLedger.swift, the device's
// registers to StressDevice.swift.
#pragma once
#include "guest.h"

enum {
    stress_base = 0x0b010000,
    stress_scenario = 0x08, stress_count = 0x10, stress_ledger = 0x18, stress_round = 0x20, stress_verdict = 0x28,
    stress_drain = 0x30, stress_pulse = 0x38, stress_raise = 0x40, stress_lower = 0x48, stress_storm = 0x50,
    stress_remaining = 0x58, stress_bound = 0x60,
};
enum {
    /// SPIs of the device's lines.
    first_line = 160, line_count = 32,
    maximum_stress_cpus = 64, slot_count = 64, sample_capacity = 1024,
    physical_timer_interrupt = 30, spurious_interrupt = 1023,
    default_priority = 0xa0,
};
/// A wait longer than this, in nanoseconds, is starvation.
extern uint64_t starvation_bound;

// MARK: Ledger (ledger.c)

/// One vCPU's account, written by it alone. Slots: INTID 0…31, then the device's lines.
struct account {
    _Alignas(64) uint64_t taken[slot_count], ended[slot_count];
    /// IAR returned 1023.
    uint64_t spurious;
    /// Violations that only the guest can see, each with the `detail` of the first one.
    uint64_t out_of_order, out_of_order_detail;
    uint64_t wrong_active, wrong_active_detail;
    uint64_t starved, starved_detail;
    uint64_t early, early_detail;
    uint64_t stale, stale_detail;
    /// Timers that were armed, writes of ICC_SGI1R_EL1, and bits that were written to an ISPENDR.
    uint64_t armed, sgis, pended;
    /// Latencies from raise to handler in nanoseconds: the last ones of `sample_total`, in a ring.
    uint64_t sample_total, samples[sample_capacity];
};
struct ledger {
    uint64_t cpu_count, padding[7];
    struct account accounts[maximum_stress_cpus];
    /// [sender][target]: SGIs sent, and the last number of each that the target's handler has seen.
    uint64_t raised[maximum_stress_cpus][maximum_stress_cpus], seen[maximum_stress_cpus][maximum_stress_cpus];
};
extern struct ledger ledger;

static inline uint32_t this_cpu(void) { return (uint32_t)read_register(tpidr_el1); }
static inline struct account *my_account(void) { return &ledger.accounts[this_cpu()]; }
static inline uint32_t slot_of(uint32_t intid) { return intid < 32 ? intid : 32 + intid - first_line; }
static inline uint64_t load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

/// The SGI that `sender` uses to `target`.
static inline uint32_t sgi_between(uint32_t sender, uint32_t target) { return (sender + target) % 8; }
/// Sends one, in the ledger first.
void send(uint32_t target);
/// Sends any other SGI: nobody waits for it, but it is counted.
void send_sgi(uint32_t target, uint32_t sgi);
/// SGIs that say nothing of their sender.
enum { first_other_sgi = 8, other_sgi_count = 8 };
/// Sends one of them, of which the target has taken the one before, and whether it has.
void send_alone(uint32_t target, uint32_t sgi);
bool is_taken(uint32_t target, uint32_t sgi);
/// Waits until `target` has seen all that this vCPU sent to it.
void await_seen(uint32_t target);
/// What a handler of an SGI notes, and that of a line.
void note_sgi(uint32_t intid);
void note_line(uint32_t line);
/// What exactly went against a rule, in the order of StressComplaint.swift.
enum circumstance {
    // order
    preempted_by_its_equal = 1, masked_by_priority, less_urgent_came_first, highest_pending_is_wrong,
    // active
    taken_while_active = 1, not_active_in_its_handler, active_after_the_round,
    // starved
    waited_for_sgi = 1, waited_for_timer, slept, waited_for_storm, waited_for_own_sgis, waited_for_more_urgent,
    waited_for_the_end, waited_for_unmasked,
};
static inline uint64_t detail(enum circumstance what, uint32_t value, uint32_t intid) {
    return (uint64_t)what << 56 | (uint64_t)(value & 0xffffff) << 32 | intid;
}
/// Notes a violation.
#define violated(kind, what) ({ struct account *a = my_account(); if (a->kind++ == 0) a->kind##_detail = (what); })

// MARK: The GIC beyond the library (interrupts.c)

enum {
    GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180, GICD_ISPENDR = 0x200, GICD_ICPENDR = 0x280, GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400, GICD_ICFGR = 0xc00, GICD_IROUTER = 0x6000,
};
/// Where the registers of an INTID are: the distributor, or a redistributor's SGI frame.
uint64_t frame_of(uint32_t cpu, uint32_t intid);
static inline void write_bit(uint32_t cpu, uint32_t offset, uint32_t intid) {
    mmio_write32(frame_of(cpu, intid) + offset + intid / 32 * 4, 1u << intid % 32);
}
static inline bool read_bit(uint32_t cpu, uint32_t offset, uint32_t intid) {
    return mmio_read32(frame_of(cpu, intid) + offset + intid / 32 * 4) >> intid % 32 & 1;
}
void set_priority(uint32_t cpu, uint32_t intid, uint8_t priority);
void set_edge(uint32_t intid, bool is_edge);
/// GICD_IROUTER: to one vCPU, or to any with `any_cpu`.
enum { any_cpu = ~0u };
void route(uint32_t intid, uint32_t cpu);
/// Enables all lines, of one kind, spread over the vCPUs.
void prepare_lines(bool is_edge);
/// Sets this vCPU's EOImode; with 1 handlers leave some interrupts active until `deactivate_deferred`.
void set_end_in_two_steps(uint32_t cpu, bool on);
void deactivate_deferred(uint32_t cpu);
/// At the end of a round: everything that is pending is taken, and nothing stays active.
void settle(uint32_t cpu);
/// Whether handlers let others preempt them.
extern bool nests;
/// Of the 16 SGIs, where they do not change: handlers compare ICC_HPPIR1_EL1 with what they get. May be null.
extern const uint8_t *sgi_priorities;
/// What the scenario's handler does with an interrupt beside the accounting; may be null.
extern void (*handler)(uint32_t intid);
/// The device pulses an edge line, raises or lowers a level line.
void pulse(uint32_t line);
void raise_line(uint32_t line);
static inline void lower_line(uint32_t line) { mmio_write64(stress_base + stress_lower, line); }
/// An exit: all that this vCPU sent has come to the coordinator, and all that is pending to it comes back with the entry.
/// Yields how many interrupts are on their way, pending or active, as the coordinator knows it.
static inline uint64_t drain(void) {
    uint64_t count = mmio_read64(stress_base + stress_drain);
    isb();
    return count;
}

// MARK: Rounds (main.c)

static inline void yield(void) { __asm__ volatile("yield"); }
uint32_t random_below(uint32_t limit);
/// Somebody was starved: nobody waits any more, so that the round comes to its verdict.
extern uint64_t gave_up;
#define starve(what) ({ violated(starved, what); store(&gave_up, 1); })
/// Waits for the condition; false after the starvation bound, which is noted with the vCPU or INTID in question.
#define await(condition, what) ({                                                                                      \
    uint64_t since = ticks();                                                                                          \
    bool met;                                                                                                          \
    while (!(met = (condition)) && !load(&gave_up)) {                                                                  \
        yield();                                                                                                       \
        if (ticks() - since > starvation_bound) starve(what);                                                          \
    }                                                                                                                  \
    met;                                                                                                               \
})
/// All vCPUs that take part in the round meet.
void barrier(void);

struct scenario {
    /// Once, on vCPU 0; on each vCPU before each round; and the round itself.
    void (*prepare)(void), (*enter)(uint32_t cpu), (*work)(uint32_t cpu, uint64_t count);
};
extern const struct scenario sgi_all, sgi_ring, sgi_hotspot, sgi_flood, spi_edge, spi_level, timers, priorities, churn, migration, one_of_n,
    power, wfi_race, ends, overflow, tlbi;
/// Whether `power` has switched this vCPU off in the middle of its work, which goes on now.
bool comes_back(uint32_t cpu);
