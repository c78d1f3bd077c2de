// The device's lines: storms of edges and levels, and their registers changed under load.
#include "stress.h"

static uint32_t seeds(void) { return random_below(1u << 31); }

static void end_of_level(uint32_t intid) {
    if (intid >= first_line) lower_line(intid - first_line);
}
static void prepare_edges(void) { prepare_lines(true); }
static void prepare_levels(void) {
    handler = end_of_level;
    prepare_lines(false);
}
/// vCPU 0 orders a storm of the device's own; the others raise lines themselves.
static void storm(uint32_t cpu, uint64_t count, void (*strike)(uint32_t line)) {
    if (cpu == 0) mmio_write64(stress_base + stress_storm, count << 32 | seeds());
    for (uint64_t i = 0; i < count; i++) strike(random_below(line_count));
    if (cpu == 0) await(mmio_read64(stress_base + stress_remaining) == 0, detail(waited_for_storm, 0, 0));
}
static void edges(uint32_t cpu, uint64_t count) { storm(cpu, count, pulse); }
static void levels(uint32_t cpu, uint64_t count) { storm(cpu, count, raise_line); }

/// Enables, pending bits and the configuration of spare lines change while the lines are pulsed.
static void change(uint32_t cpu, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint32_t intid = first_line + random_below(line_count - 2);
        switch (random_below(8)) {
        case 0: write_bit(cpu, GICD_ICENABLER, intid); break;
        case 1: write_bit(cpu, GICD_ISENABLER, intid); break;
        case 2:
            ledger.accounts[cpu].pended++;
            write_bit(cpu, GICD_ISPENDR, intid);
            break;
        case 3: write_bit(cpu, GICD_ICPENDR, intid); break;
        case 4: set_priority(cpu, intid, (uint8_t)(random_below(16) << 3)); break;
        case 5: set_edge(first_line + line_count - 1 - random_below(2), random_below(2)); break;
        case 6: send(random_below(machine.cpu_count)); break;
        default: pulse(intid - first_line); break;
        }
    }
}
static void enable_again(uint32_t cpu) {
    if (cpu == 0) for (uint32_t line = 0; line < line_count; line++) write_bit(0, GICD_ISENABLER, first_line + line);
}
static void change_and_enable(uint32_t cpu, uint64_t count) {
    change(cpu, count);
    barrier();
    enable_again(cpu);
}

/// Lines are routed elsewhere while they are pending, active and neither.
static void migrate(uint32_t cpu, uint64_t count) {
    (void)cpu;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t line = random_below(line_count);
        if (random_below(3) == 0) {
            route(first_line + line, random_below(machine.cpu_count));
        } else {
            pulse(line);
        }
    }
}

static void prepare_any(void) {
    prepare_lines(true);
    for (uint32_t line = 0; line < line_count; line++) route(first_line + line, any_cpu);
}

const struct scenario spi_edge = {.prepare = prepare_edges, .work = edges};
const struct scenario spi_level = {.prepare = prepare_levels, .work = levels};
const struct scenario churn = {.prepare = prepare_edges, .work = change_and_enable};
const struct scenario migration = {.prepare = prepare_edges, .work = migrate};
const struct scenario one_of_n = {.prepare = prepare_any, .work = edges};
