// A page moves between two places with break-before-make, while all vCPUs read it and SGIs fly.
#include "stress.h"

enum { page = 4096, window_index = 128 };
static const uint64_t window = (uint64_t)window_index << 30;

static uint64_t level2[512] __attribute__((aligned(4096))), level3[512] __attribute__((aligned(4096)));
static uint64_t places[2][page / 8] __attribute__((aligned(4096)));
/// Odd while the page moves; else twice the number of moves.
static uint64_t generation;

static uint64_t descriptor_of(uint32_t place) {
    // Normal write-back, inner shareable, accessed, EL1 read and write.
    return (uint64_t)places[place] | 3 << 8 | 1 << 10 | 3;
}
static void invalidate(void) {
    __asm__ volatile("dsb ishst\n tlbi vaae1is, %0\n dsb ish\n isb" : : "r"(window >> 12) : "memory");
}

static void prepare(void) {
    places[0][0] = 0;
    places[1][0] = 1;
    level2[0] = (uint64_t)level3 | 3;
    store(&level3[0], descriptor_of(0));
    mmu_map_table(window_index, level2);
}

static void move(uint64_t number) {
    store(&generation, 2 * number + 1);
    store(&level3[0], 0);
    invalidate();
    store(&level3[0], descriptor_of(number % 2));
    dsb();
    store(&generation, 2 * number);
}

/// The access runs again until the page is back.
void on_synchronous(struct frame *frame) {
    if (frame->esr >> 26 != 0x25 || (frame->far & ~(uint64_t)(page - 1)) != window)
        panic("unexpected exception: ESR %08lx ELR %lx FAR %lx", frame->esr, frame->elr, frame->far);
    yield();
}

/// The generation that each vCPU has looked at last, from its beginning to its end.
static struct {
    _Alignas(64) uint64_t generation;
} looks[maximum_stress_cpus];

static void look(uint32_t cpu) {
    uint64_t before = load(&generation);
    uint64_t value = *(volatile uint64_t *)window;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    // Between two equal even numbers the page stood still.
    if (before % 2 != 0 || load(&generation) != before) return;
    if (value != before / 2 % 2) violated(stale, before << 8 | value);
    store(&looks[cpu].generation, before);
}
static bool all_have_looked(void) {
    for (uint32_t cpu = 0; cpu < machine.cpu_count; cpu++)
        if (load(&looks[cpu].generation) != load(&generation)) return false;
    return true;
}

static uint64_t moves, over;
static void begin(uint32_t cpu) {
    if (cpu == 0) store(&over, 0);
}
/// vCPU 0 moves the page once all have seen where it is: whoever still has an old translation is found out.
static void work(uint32_t cpu, uint64_t count) {
    if (cpu == 0) {
        for (uint64_t i = 0; i < count / 4; i++) {
            move(++moves);
            look(cpu);
            send(random_below(machine.cpu_count));
            await(all_have_looked(), detail(0, 0, 0));
        }
        store(&over, 1);
    } else {
        for (uint64_t i = 0; !load(&over); i++) {
            look(cpu);
            if (i < count && i % 4 == 1) send(random_below(machine.cpu_count));
        }
    }
}

const struct scenario tlbi = {.prepare = prepare, .enter = begin, .work = work};
