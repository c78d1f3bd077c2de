// Work for all vCPUs, handed out through memory; whoever waits does so in WFE.
#include "team.h"

static uint32_t online;
static void (*current_work)(uint32_t cpu);
/// Numbers the pieces of work handed to each vCPU, and those that it has done.
static struct {
    _Alignas(64) uint32_t given, done;
} states[maximum_cpu_count];
static struct {
    _Alignas(64) uint32_t arrived, turn;
} barrier;

static void wake(void) { __asm__ volatile("dsb ish\n sev" : : : "memory"); }
#define wait_until(condition) ({ while (!(condition)) __asm__ volatile("wfe" : : : "memory"); })
static uint32_t read(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static void member(uint32_t cpu) {
    probe_init(cpu);
    __atomic_add_fetch(&online, 1, __ATOMIC_ACQ_REL);
    wake();
    for (uint32_t turn = 1;; turn++) {
        wait_until(read(&states[cpu].given) == turn);
        current_work(cpu);
        __atomic_store_n(&states[cpu].done, turn, __ATOMIC_RELEASE);
        wake();
    }
}

void team_begin(void) {
    secondary_entry = member;
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) {
        int64_t result = start_cpu(cpu);
        if (result != PSCI_SUCCESS) panic("CPU_ON of vCPU %u: %ld", cpu, result);
    }
    wait_until(read(&online) == machine.cpu_count - 1);
}

static void give(uint32_t cpu) { __atomic_add_fetch(&states[cpu].given, 1, __ATOMIC_ACQ_REL); }
static void await(uint32_t cpu) { wait_until(read(&states[cpu].done) == read(&states[cpu].given)); }

void team_run(void (*work)(uint32_t cpu)) {
    current_work = work;
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) give(cpu);
    wake();
    work(0);
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) await(cpu);
}

void team_run_on(uint32_t cpu, void (*work)(uint32_t cpu)) {
    current_work = work;
    give(cpu);
    wake();
    await(cpu);
}

void team_barrier(void) {
    uint32_t turn = read(&barrier.turn);
    if (__atomic_add_fetch(&barrier.arrived, 1, __ATOMIC_ACQ_REL) == machine.cpu_count) {
        __atomic_store_n(&barrier.arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier.turn, turn + 1, __ATOMIC_RELEASE);
        wake();
    } else {
        wait_until(read(&barrier.turn) != turn);
    }
}
