// Timers of all vCPUs, and waiting in WFI: the wake-up that must not be lost.
#include "stress.h"

/// What each vCPU's timer is armed for; 0: it has struck.
static struct {
    _Alignas(64) uint64_t due, rescue;
} clocks[maximum_stress_cpus];

static void struck(uint32_t intid) {
    uint32_t cpu = this_cpu();
    struct account *account = &ledger.accounts[cpu];
    if (intid == virtual_timer_interrupt) {
        uint64_t now = ticks(), due = clocks[cpu].due;
        write_register(cntv_ctl_el0, 0);
        isb();
        if (due == 0 || now < due) violated(early, due);
        account->samples[account->sample_total % sample_capacity] = now - due;
        store(&account->sample_total, account->sample_total + 1);
        store(&clocks[cpu].due, 0);
    } else if (intid == physical_timer_interrupt) {
        // The rescue of one that slept too long.
        write_register(cntp_ctl_el0, 0);
        isb();
        store(&clocks[cpu].rescue, 0);
        starve(detail(slept, 0, intid));
    }
}
static void prepare_clocks(void) { handler = struck; }

static void arm(uint32_t cpu, uint64_t in_nanoseconds) {
    clocks[cpu].due = ticks() + in_nanoseconds;
    ledger.accounts[cpu].armed++;
    write_register(cntv_cval_el0, clocks[cpu].due);
    write_register(cntv_ctl_el0, 1);
    isb();
}
/// So that a lost wake-up ends in an account and not in silence.
static void arm_rescue(uint32_t cpu) {
    clocks[cpu].rescue = ticks() + starvation_bound;
    write_register(cntp_cval_el0, clocks[cpu].rescue);
    write_register(cntp_ctl_el0, 1);
    isb();
}
static void disarm_rescue(void) {
    write_register(cntp_ctl_el0, 0);
    isb();
}

static void tick(uint32_t cpu, uint64_t count) {
    for (uint64_t i = 0; i < count && !load(&gave_up); i++) {
        arm(cpu, random_below(50000));
        arm_rescue(cpu);
        if (random_below(2) == 0) {
            sleep_until(load(&clocks[cpu].due) == 0 || load(&clocks[cpu].rescue) == 0);
        } else {
            await(load(&clocks[cpu].due) == 0, detail(waited_for_timer, 0, virtual_timer_interrupt));
        }
        disarm_rescue();
    }
}

/// What the partner had sent before the round.
static uint64_t before[maximum_stress_cpus];
static uint32_t partner_of(uint32_t cpu) { return (cpu ^ 1) < machine.cpu_count ? cpu ^ 1 : cpu; }
static void count_from_here(uint32_t cpu) { before[cpu] = load(&ledger.raised[partner_of(cpu)][cpu]); }

/// Pairs wake each other: each sends, and sleeps until the other's has come, which may be just between the look and WFI.
static void race(uint32_t cpu, uint64_t count) {
    uint32_t partner = partner_of(cpu);
    const uint64_t *seen = &ledger.seen[partner][cpu];
    for (uint64_t i = 1; i <= count && !load(&gave_up); i++) {
        for (uint32_t delay = random_below(64); delay > 0; delay--) __asm__ volatile("");
        send(partner);
        arm_rescue(cpu);
        sleep_until(load(seen) >= before[cpu] + i || load(&clocks[cpu].rescue) == 0);
        disarm_rescue();
    }
}

const struct scenario timers = {.prepare = prepare_clocks, .work = tick};
const struct scenario wfi_race = {.prepare = prepare_clocks, .enter = count_from_here, .work = race};
