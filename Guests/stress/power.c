// vCPUs go off and come back by PSCI while the others send.
#include "stress.h"

static struct {
    _Alignas(64) uint64_t done;
    /// Takes SGIs from others.
    uint64_t open;
    /// The vCPU + 1 that this one is about to send to.
    uint64_t looking;
    /// Asks vCPU 0 to be switched on again, and goes on when it is.
    uint64_t asks, returns;
} states[maximum_stress_cpus];
static uint64_t finished;

static void open_all(uint32_t cpu) {
    states[cpu].done = 0;
    store(&states[cpu].open, 1);
    if (cpu == 0) store(&finished, 0);
}

/// Not to one that is going: it waits for those who look before it goes.
static void send_if_open(uint32_t cpu, uint32_t target) {
    __atomic_store_n(&states[cpu].looking, target + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&states[target].open, __ATOMIC_SEQ_CST)) {
        send(target);
        if (random_below(4) == 0) await_seen(target);
    }
    store(&states[cpu].looking, 0);
}

static bool nobody_looks(uint32_t cpu) {
    for (uint32_t other = 0; other < machine.cpu_count; other++)
        if (other != cpu && load(&states[other].looking) == cpu + 1) return false;
    return true;
}
static bool has_seen_all(uint32_t cpu) {
    for (uint32_t sender = 0; sender < machine.cpu_count; sender++)
        if (load(&ledger.raised[sender][cpu]) != load(&ledger.seen[sender][cpu])) return false;
    return true;
}

static void go(uint32_t cpu) {
    __atomic_store_n(&states[cpu].open, 0, __ATOMIC_SEQ_CST);
    while (!nobody_looks(cpu)) yield();
    await(has_seen_all(cpu), detail(waited_for_own_sgis, 0, 0));
    interrupts_off();
    store(&states[cpu].returns, 1);
    store(&states[cpu].asks, 1);
    int64_t result = psci(PSCI_CPU_OFF, 0, 0, 0);
    panic("CPU_OFF of vCPU %u: %ld", cpu, result);
}

bool comes_back(uint32_t cpu) {
    if (!load(&states[cpu].returns)) return false;
    store(&states[cpu].returns, 0);
    store(&states[cpu].open, 1);
    return true;
}

static void switch_on(uint32_t cpu) {
    enum { on = 0, off = 1 };
    if (!load(&states[cpu].asks)) return;
    if (psci(PSCI_AFFINITY_INFO, machine.mpidr[cpu], 0, 0) != off) return;
    store(&states[cpu].asks, 0);
    int64_t result = start_cpu(cpu);
    if (result != PSCI_SUCCESS) panic("CPU_ON of vCPU %u: %ld", cpu, result);
}

static void work(uint32_t cpu, uint64_t count) {
    while (states[cpu].done < count) {
        states[cpu].done++;
        send_if_open(cpu, random_below(machine.cpu_count));
        if (cpu == 0) {
            for (uint32_t other = 1; other < machine.cpu_count; other++) switch_on(other);
        } else if (states[cpu].done % 64 == 0) {
            go(cpu);
        }
    }
    __atomic_add_fetch(&finished, 1, __ATOMIC_ACQ_REL);
    if (cpu == 0)
        while (load(&finished) != machine.cpu_count)
            for (uint32_t other = 1; other < machine.cpu_count; other++) switch_on(other);
}

const struct scenario power = {.enter = open_all, .work = work};
