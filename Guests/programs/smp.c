// The built-in SMP guest: every vCPU up, inter-processor interrupts round and to all, timer interrupts on each, memory
// touched for the first time, device registers read, one vCPU off and on again. Prints what it saw and powers off.
//
// Lines that begin with "smp:" are the same on every run and every machine with as many vCPUs and as much memory. Nobody
// spins: a vCPU waits in WFI until an interrupt of its own changes what it waits for, so that interrupt counts are exact.
#include "guest.h"

enum { sgi_go, sgi_done, sgi_ring, sgi_all };
enum { ring_rounds = 16, timer_rounds = 10, small_pages = 1024, large_pages = 64 };
enum { page = 4096, large_page = 2 << 20 };

/// What one vCPU's handlers counted; only that vCPU writes it.
struct cpu {
    _Alignas(64) uint32_t go, done, ring, all, timer, others;
};
static struct cpu cpus[maximum_cpu_count];

static uint32_t online, finished;
static uint64_t touched_base;

static uint32_t self(void) { return (uint32_t)read_register(tpidr_el1); }

void on_interrupt(uint32_t intid) {
    uint32_t me = self();
    struct cpu *cpu = &cpus[me];
    switch (intid) {
    case sgi_go: cpu->go++; break;
    case sgi_done: cpu->done++; break;
    case sgi_all: cpu->all++; break;
    case sgi_ring:
        // The token has made a round when it is back at vCPU 0.
        cpu->ring++;
        if (me != 0 || cpu->ring < ring_rounds) gic_send((me + 1) % machine.cpu_count, sgi_ring);
        break;
    case virtual_timer_interrupt:
        cpu->timer++;
        timer_arm(cpu->timer < timer_rounds ? 1000000 : 0);
        break;
    default: cpu->others++;
    }
}

static volatile struct cpu *counters(void) { return &cpus[self()]; }

static void take_timer_interrupts(void) {
    gic_enable_private(self(), virtual_timer_interrupt);
    timer_arm(1000000);
    sleep_until(counters()->timer == timer_rounds);
}

/// Page p of the small ones belongs to vCPU p modulo their number, so that neighbours fault at the same time.
static void touch_small_pages(void) {
    for (uint64_t p = self(); p < small_pages; p += machine.cpu_count)
        *(volatile uint64_t *)(touched_base + p * page) = p * 0x9e3779b97f4a7c15;
}

static void bring_up(void) {
    uint32_t me = self();
    gic_init_cpu(me);
    interrupts_on();
    __atomic_add_fetch(&online, 1, __ATOMIC_ACQ_REL);
}

/// The last of the other vCPUs to get here tells vCPU 0.
static void report(void) {
    if (__atomic_add_fetch(&finished, 1, __ATOMIC_ACQ_REL) == machine.cpu_count - 1) {
        __atomic_store_n(&finished, 0, __ATOMIC_RELEASE);
        gic_send(0, sgi_done);
    }
}

_Noreturn void secondary_main(uint32_t cpu) {
    write_register(tpidr_el1, cpu);
    bring_up();
    if (cpus[cpu].go != 0) {
        // Back from CPU_OFF.
        gic_send(0, sgi_done);
        for (;;) sleep_until(false);
    }
    report();
    sleep_until(counters()->go == 1);
    take_timer_interrupts();
    report();
    sleep_until(counters()->go == 2);
    touch_small_pages();
    report();
    sleep_until(counters()->go == 3);
    interrupts_off();
    psci(PSCI_CPU_OFF, 0, 0, 0);
    panic("CPU_OFF returned");
}

/// Lets the other vCPUs do their next step, does its own, and waits for them.
static void everyone(void (*step)(void)) {
    if (machine.cpu_count > 1) gic_send_to_others(sgi_go);
    step();
    uint32_t expected = counters()->go++ + 2;
    if (machine.cpu_count > 1) sleep_until(counters()->done == expected);
}

static void start_others(void) {
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) {
        int64_t result = start_cpu(cpu);
        if (result != PSCI_SUCCESS) panic("CPU_ON of vCPU %u: %ld", cpu, result);
    }
    if (machine.cpu_count > 1) sleep_until(counters()->done == 1);
    if (start_cpu(0) != PSCI_ALREADY_ON) panic("CPU_ON of a running vCPU was accepted");
    if (online != machine.cpu_count) panic("only %u vCPUs came up", online);
    print("smp: %u of %u vCPUs are up\n", online, machine.cpu_count);
}

static void send_round(void) {
    uint64_t start = ticks();
    gic_send(1 % machine.cpu_count, sgi_ring);
    sleep_until(counters()->ring == ring_rounds);
    uint64_t elapsed = nanoseconds(ticks() - start);
    print("smp: %u rounds of IPIs\n", ring_rounds);
    print("time: %lu ns per IPI\n", elapsed / (ring_rounds * machine.cpu_count));
}

static void touch_memory(void) {
    touched_base = ((uint64_t)image_end + large_page - 1) & ~(uint64_t)(large_page - 1);
    everyone(touch_small_pages);
    for (uint64_t p = 0; p < small_pages; p++) {
        uint64_t value = *(volatile uint64_t *)(touched_base + p * page);
        if (value != p * 0x9e3779b97f4a7c15) panic("page %lu holds %lx", p, value);
    }
    print("smp: touched %u pages, 4 KiB apart\n", small_pages);

    uint64_t base = touched_base + small_pages * page, count = 0;
    uint64_t end = machine.memory.base + machine.memory.size;
    for (uint64_t a = base; a + large_page <= end && count < large_pages; a += large_page, count++)
        *(volatile uint64_t *)(a + large_page - 8) = a;
    for (uint64_t p = 0; p < count; p++) {
        uint64_t a = base + p * large_page, value = *(volatile uint64_t *)(a + large_page - 8);
        if (value != a) panic("memory at %lx holds %lx", a, value);
    }
    print("smp: touched %lu pages, 2 MiB apart\n", count);
}

static uint32_t primecell_id(uint64_t device) {
    uint32_t id = 0;
    for (uint64_t i = 0; i < 4; i++) id |= mmio_read32(device + 0xff0 + 4 * i) << (8 * i);
    return id;
}

static void read_devices(void) {
    const uint64_t clock = 0x09010000;
    print("smp: PL011 %08x, PL031 %08x\n", primecell_id(uart_base), primecell_id(clock));
    if (mmio_read32(clock) == 0) panic("the clock stands at 1970");
    uint64_t start = ticks();
    for (uint32_t i = 0; i < 100; i++) mmio_read32(clock);
    print("time: %lu ns per device read\n", nanoseconds(ticks() - start) / 100);
}

static void cycle_last(void) {
    uint32_t last = machine.cpu_count - 1, expected = counters()->done + 1;
    gic_send_to_others(sgi_go);
    for (uint32_t cpu = 1; cpu <= last; cpu++)
        while (psci(PSCI_AFFINITY_INFO, machine.mpidr[cpu], 0, 0) != 1) {}
    if (start_cpu(last) != PSCI_SUCCESS) panic("vCPU %u does not come back", last);
    sleep_until(counters()->done == expected);
    print("smp: all others went off, vCPU %u came back\n", last);
}

int main(void) {
    print("smp: %u vCPUs, %lu MiB at %lx\n", machine.cpu_count, machine.memory.size >> 20, machine.memory.base);
    write_register(tpidr_el1, 0);
    gic_init_distributor();
    bring_up();
    start_others();
    send_round();
    if (machine.cpu_count > 1) gic_send_to_others(sgi_all);
    everyone(take_timer_interrupts);
    print("smp: %u timer interrupts on each vCPU\n", timer_rounds);
    touch_memory();
    read_devices();
    if (machine.cpu_count > 1) cycle_last();

    uint32_t ipis = 0, timers = 0, others = 0;
    for (uint32_t i = 0; i < machine.cpu_count; i++) {
        ipis += cpus[i].go + cpus[i].done + cpus[i].ring + cpus[i].all;
        timers += cpus[i].timer;
        others += cpus[i].others;
    }
    ipis -= cpus[0].go;  // vCPU 0 counts its steps there and gets none
    print("smp: %u vCPUs, %u IPIs, %u timer interrupts, %u unexpected\n", machine.cpu_count, ipis, timers, others);
    return 0;
}
