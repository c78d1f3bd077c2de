// Every vCPU works for itself and with the others, and goes on when others are no more: exits, broadcast TLB and instruction
// cache maintenance, interrupts to each other, WFI, atomics, memory touched for the first time. Nobody ever waits for another
// one, nor takes a lock.
//
// `lost=` on the command line: when so many vCPUs are off for PSCI, the others do some more rounds, and the last of them powers
// the machine off. Without it the rounds have no end. `work=`: instructions between two rounds.
#include "guest.h"

enum { sgi = 1, rounds_afterwards = 20, page = 4096, PSCI_INTERNAL_FAILURE = -6, off = 1 };

/// Only its vCPU writes it.
struct cpu {
    _Alignas(64) uint64_t rounds, seed;
    uint32_t interrupts, ticks;
};
static struct cpu cpus[maximum_cpu_count];

static uint32_t online, started, finished;
/// Set by whoever finds it.
static uint8_t gone[maximum_cpu_count];
static uint64_t shared_count;
static uint64_t expected_losses, work;

static struct cpu *self(void) { return &cpus[read_register(tpidr_el1)]; }

void on_interrupt(uint32_t intid) {
    self()->interrupts++;
    if (intid != virtual_timer_interrupt) return;
    timer_arm(0);
    self()->ticks++;
}

static volatile uint32_t *ticks_seen(void) { return &self()->ticks; }

static void nap(void) {
    uint32_t before = *ticks_seen();
    timer_arm(300000);
    sleep_until(*ticks_seen() != before);
}

static uint64_t random(struct cpu *cpu) {
    cpu->seed = cpu->seed * 6364136223846793005ull + 1442695040888963407ull;
    return cpu->seed >> 33;
}

/// A vCPU that is off does not come back, and says so.
static void look_at(uint32_t other) {
    if (psci(PSCI_AFFINITY_INFO, machine.mpidr[other], 0, 0) != off || gone[other]) return;
    int64_t result = start_cpu(other);
    if (result != PSCI_INTERNAL_FAILURE) panic("CPU_ON of lost vCPU %u: %ld", other, result);
    gone[other] = 1;
}

static uint64_t losses(void) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < machine.cpu_count; i++) count += __atomic_load_n(&gone[i], __ATOMIC_RELAXED);
    return count;
}

static void one_round(uint32_t me) {
    struct cpu *cpu = &cpus[me];
    uint32_t other = (uint32_t)(random(cpu) % machine.cpu_count);
    uint64_t pages = (machine.memory.base + machine.memory.size - (uint64_t)image_end) / page - 1;
    uint64_t mine = (uint64_t)image_end + random(cpu) % pages * page;
    __atomic_add_fetch((uint64_t *)(mine & ~7ull), 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&shared_count, 1, __ATOMIC_ACQ_REL);
    __asm__ volatile("tlbi vaae1is, %0\n dsb ish\n isb" : : "r"(mine >> 12) : "memory");
    if (random(cpu) % 8 == 0) __asm__ volatile("ic ialluis\n dsb ish\n isb" : : : "memory");
    gic_send(other, sgi);
    mmio_read32(uart_base + 0x18);
    if (other != me) look_at(other);
    for (uint64_t i = 0; i < work; i++) __asm__ volatile("nop");
    if (random(cpu) % 2 == 0) nap();
    __atomic_store_n(&cpu->rounds, cpu->rounds + 1, __ATOMIC_RELEASE);
}

static _Noreturn void go_on(uint32_t me) {
    while (expected_losses == 0 || losses() < expected_losses) one_round(me);
    for (uint32_t i = 0; i < rounds_afterwards; i++) one_round(me);
    uint32_t survivors = machine.cpu_count - (uint32_t)expected_losses;
    if (__atomic_add_fetch(&finished, 1, __ATOMIC_ACQ_REL) == survivors) {
        print("survive: %lu are lost, %u went on\n", expected_losses, survivors);
        psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    }
    for (;;) nap();
}

static void bring_up(uint32_t me) {
    write_register(tpidr_el1, me);
    cpus[me].seed = ticks() + me;
    gic_init_cpu(me);
    gic_enable_private(me, virtual_timer_interrupt);
    interrupts_on();
    __atomic_add_fetch(&online, 1, __ATOMIC_ACQ_REL);
}

_Noreturn void secondary_main(uint32_t me) {
    bring_up(me);
    while (!__atomic_load_n(&started, __ATOMIC_ACQUIRE)) nap();
    go_on(me);
}

int main(void) {
    expected_losses = argument("lost", 0);
    work = argument("work", 0);
    gic_init_distributor();
    bring_up(0);
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) {
        int64_t result = start_cpu(cpu);
        if (result != PSCI_SUCCESS) panic("CPU_ON of vCPU %u: %ld", cpu, result);
    }
    while (__atomic_load_n(&online, __ATOMIC_ACQUIRE) != machine.cpu_count) nap();
    print("survive: %u vCPUs are up\n", machine.cpu_count);
    __atomic_store_n(&started, 1, __ATOMIC_RELEASE);
    go_on(0);
}
