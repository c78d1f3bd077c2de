// Software generated interrupts between vCPUs that run.
#include "stress.h"

static uint32_t another(uint32_t cpu) {
    if (machine.cpu_count == 1) return cpu;
    return (cpu + 1 + random_below(machine.cpu_count - 1)) % machine.cpu_count;
}

/// To anyone, itself too, in bursts: half of them are waited for, the others may merge.
static void all_to_all(uint32_t cpu, uint64_t count) {
    (void)cpu;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t target = random_below(machine.cpu_count);
        send(target);
        if (random_below(2) == 0) await_seen(target);
    }
    for (uint32_t target = 0; target < machine.cpu_count; target++) await_seen(target);
}
/// To the next one, which sends on before the first may go on.
static void ring(uint32_t cpu, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint32_t next = (cpu + 1) % machine.cpu_count;
        send(next);
        await_seen(next);
    }
}
/// All to vCPU 0, which answers.
static void hotspot(uint32_t cpu, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint32_t target = cpu == 0 ? another(0) : 0;
        send(target);
        if (i % 8 == 7) await_seen(target);
    }
    await_seen(cpu == 0 ? another(0) : 0);
}

const struct scenario sgi_all = {.work = all_to_all};
const struct scenario sgi_ring = {.work = ring};
const struct scenario sgi_hotspot = {.work = hotspot};
