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

/// To the next one, without waiting for the one before: each of eight SGIs again as soon as it has been taken, so that none
/// merges and several are always under way.
static void flood(uint32_t cpu, uint64_t count) {
    uint32_t target = (cpu + 1) % machine.cpu_count;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t sgi = first_other_sgi + i % other_sgi_count;
        await(is_taken(target, sgi), detail(waited_for_sgi, target, sgi));
        send_alone(target, sgi);
    }
}

const struct scenario sgi_all = {.work = all_to_all};
const struct scenario sgi_ring = {.work = ring};
const struct scenario sgi_hotspot = {.work = hotspot};
const struct scenario sgi_flood = {.work = flood};
