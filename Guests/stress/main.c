// Rounds: all vCPUs work, meet, let everything arrive, and the device gives its verdict.
#include "stress.h"

static const struct scenario *const scenarios[] = {
    // In the order of `StressScenario`.
    &sgi_all, &sgi_ring, &sgi_hotspot, &sgi_flood, &spi_edge, &spi_level, &timers, &priorities, &churn, &migration, &one_of_n,
    &power, &wfi_race, &ends, &overflow, &tlbi,
};
static const struct scenario *scenario;
static uint64_t work_count, round_seed;
uint64_t starvation_bound, gave_up;
static struct {
    _Alignas(64) uint64_t state;
} generators[maximum_stress_cpus];
static struct {
    _Alignas(64) uint64_t arrived, turn;
} meeting;

/// SplitMix64, one sequence for each vCPU and round. Handlers do not draw, so that the work is the same whenever interrupts
/// come.
uint32_t random_below(uint32_t limit) {
    uint64_t z = generators[this_cpu()].state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ z >> 31) >> 32) % limit;
}

void barrier(void) {
    uint64_t turn = load(&meeting.turn);
    if (__atomic_add_fetch(&meeting.arrived, 1, __ATOMIC_ACQ_REL) == machine.cpu_count) {
        store(&meeting.arrived, 0);
        store(&meeting.turn, turn + 1);
    } else {
        while (load(&meeting.turn) == turn) yield();
    }
}

/// The rest of a round, from the work on.
static void finish(uint32_t cpu) {
    scenario->work(cpu, work_count);
    barrier();
    // What the others sent has come to the coordinator once each has made an exit.
    drain();
    barrier();
    settle(cpu);
    barrier();
}
static void play(uint32_t cpu) {
    generators[cpu].state = round_seed + cpu * 0xd1342543de82ef95;
    if (scenario->enter) scenario->enter(cpu);
    barrier();
    finish(cpu);
}

static void start(uint32_t cpu) {
    write_register(tpidr_el1, cpu);
    gic_init_cpu(cpu);
    gic_enable_private(cpu, virtual_timer_interrupt);
    gic_enable_private(cpu, physical_timer_interrupt);
    interrupts_on();
}

_Noreturn void secondary_main(uint32_t cpu) {
    start(cpu);
    if (comes_back(cpu)) finish(cpu);
    for (;;) {
        barrier();
        play(cpu);
    }
}

int main(void) {
    if (read_register(cntfrq_el0) != 1000000000) panic("the counter does not count nanoseconds");
    if (machine.cpu_count > maximum_stress_cpus) panic("more than %u vCPUs", maximum_stress_cpus);
    uint64_t number = mmio_read64(stress_base + stress_scenario);
    if (number >= sizeof scenarios / sizeof scenarios[0]) panic("scenario %lu", number);
    scenario = scenarios[number];
    work_count = mmio_read64(stress_base + stress_count);
    starvation_bound = mmio_read64(stress_base + stress_bound);
    ledger.cpu_count = machine.cpu_count;
    gic_init_distributor();
    start(0);
    if (scenario->prepare) scenario->prepare();
    mmio_write64(stress_base + stress_ledger, (uint64_t)&ledger);
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) {
        int64_t result = start_cpu(cpu);
        if (result != PSCI_SUCCESS) panic("CPU_ON of vCPU %u: %ld", cpu, result);
    }
    while ((round_seed = mmio_read64(stress_base + stress_round)) != 0) {
        barrier();
        play(0);
        if (mmio_read64(stress_base + stress_verdict) == 0) break;
    }
    return 0;
}
