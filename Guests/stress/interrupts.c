// The handler of every scenario, with its accounting, and the GIC's registers that the library leaves alone.
#include "stress.h"

void (*handler)(uint32_t intid);
bool nests;
const uint8_t *sgi_priorities;
/// Priorities of the interrupts that each vCPU is handling, and how many.
static struct {
    _Alignas(64) uint32_t depth;
    uint8_t priorities[32];
    /// Slots whose deactivation is still to come, and EOImode.
    uint64_t deferred;
    bool ends_in_two_steps;
} nesting[maximum_stress_cpus];

uint64_t frame_of(uint32_t cpu, uint32_t intid) {
    return intid < 32 ? machine.redistributors[0].base + 0x20000 * (uint64_t)cpu + 0x10000 : machine.distributor.base;
}
void set_priority(uint32_t cpu, uint32_t intid, uint8_t priority) {
    __asm__ volatile("strb %w0, [%1]" : : "r"(priority), "r"(frame_of(cpu, intid) + GICD_IPRIORITYR + intid) : "memory");
}
void set_edge(uint32_t intid, bool is_edge) {
    uint64_t address = machine.distributor.base + GICD_ICFGR + intid / 16 * 4;
    uint32_t bit = 2u << intid % 16 * 2;
    mmio_write32(address, is_edge ? mmio_read32(address) | bit : mmio_read32(address) & ~bit);
}
void route(uint32_t intid, uint32_t cpu) {
    mmio_write64(machine.distributor.base + GICD_IROUTER + 8 * (uint64_t)intid, cpu == any_cpu ? 1ull << 31 : machine.mpidr[cpu]);
}
void prepare_lines(bool is_edge) {
    for (uint32_t line = 0; line < line_count; line++) {
        set_edge(first_line + line, is_edge);
        gic_enable_shared(first_line + line, line % machine.cpu_count);
    }
}
void set_end_in_two_steps(uint32_t cpu, bool on) {
    nesting[cpu].ends_in_two_steps = on;
    write_register(icc_ctlr_el1, on ? 2 : 0);
    isb();
}

static void deactivate(uint32_t cpu, uint32_t intid) {
    nesting[cpu].deferred &= ~(1ull << slot_of(intid));
    write_register(icc_dir_el1, intid);
    isb();
}
/// Deactivates what handlers left active, in another order than they were taken.
void deactivate_deferred(uint32_t cpu) {
    for (uint32_t slot = 0; nesting[cpu].deferred != 0 && slot < slot_count; slot++)
        if (nesting[cpu].deferred >> slot & 1) deactivate(cpu, slot < 32 ? slot : first_line + slot - 32);
}

void on_irq(void) {
    uint32_t cpu = this_cpu(), highest = sgi_priorities ? (uint32_t)read_register(icc_hppir1_el1) : spurious_interrupt;
    uint32_t intid = (uint32_t)read_register(icc_iar1_el1);
    struct account *account = &ledger.accounts[cpu];
    if (intid == spurious_interrupt) {
        account->spurious++;
        return;
    }
    uint32_t slot = slot_of(intid);
    if (slot >= slot_count) panic("interrupt %u", intid);
    // The running priority is the interrupt's, higher than what it preempted and than the mask.
    isb();
    uint32_t running = (uint32_t)read_register(icc_rpr_el1), mask = (uint32_t)read_register(icc_pmr_el1);
    uint32_t depth = nesting[cpu].depth;
    if (depth > 0 && running >= nesting[cpu].priorities[depth - 1]) violated(out_of_order, detail(preempted_by_its_equal, running, intid));
    if (running >= mask) violated(out_of_order, detail(masked_by_priority, running, intid));
    // Something more urgent may have come between the two reads, but nothing goes away.
    if (highest < 16 && intid < 16 && sgi_priorities[intid] > sgi_priorities[highest])
        violated(out_of_order, detail(highest_pending_is_wrong, highest, intid));
    // Whoever is active is not taken again.
    if (nesting[cpu].deferred >> slot & 1) violated(wrong_active, detail(taken_while_active, 0, intid));
    if (account->taken[slot] % 64 == 63 && !read_bit(cpu, GICD_ISACTIVER, intid))
        violated(wrong_active, detail(not_active_in_its_handler, 0, intid));
    store(&account->taken[slot], account->taken[slot] + 1);
    if (depth == sizeof nesting[cpu].priorities) panic("more handlers than priorities");
    nesting[cpu].priorities[depth] = (uint8_t)running;
    nesting[cpu].depth = depth + 1;
    if (intid < 16) note_sgi(intid);
    if (intid >= first_line) note_line(intid - first_line);
    if (nests) interrupts_on();
    if (handler) handler(intid);
    interrupts_off();
    nesting[cpu].depth = depth;
    if (nesting[cpu].ends_in_two_steps) {
        // Before the priority drop for some, right after it for others, or much later.
        nesting[cpu].deferred |= 1ull << slot;
        write_register(icc_eoir1_el1, intid);
        isb();
        if (account->taken[slot] % 3 != 0) deactivate(cpu, intid);
        if (account->taken[slot] % 7 == 0) deactivate_deferred(cpu);
    } else {
        write_register(icc_eoir1_el1, intid);
        isb();
    }
    store(&account->ended[slot], account->ended[slot] + 1);
}

void settle(uint32_t cpu) {
    interrupts_off();
    deactivate_deferred(cpu);
    interrupts_on();
    await(({
        interrupts_off();
        deactivate_deferred(cpu);
        interrupts_on();
        drain() == 0;
    }), detail(waited_for_the_end, 0, 0));
    uint32_t active = mmio_read32(frame_of(cpu, 0) + GICD_ISACTIVER);
    if (active != 0) violated(wrong_active, detail(active_after_the_round, 0, (uint32_t)__builtin_ctz(active)));
}
