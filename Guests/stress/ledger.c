// Who sent what to whom, and what came of it.
#include "stress.h"

struct ledger ledger __attribute__((aligned(4096)));
/// When the oldest SGI that its target has not seen was sent; 0: none.
static uint64_t sent_at[maximum_stress_cpus][maximum_stress_cpus];
/// When another SGI was sent to a target alone, until it is taken; 0: it was not.
static uint64_t sent_alone_at[maximum_stress_cpus][other_sgi_count];
/// When a vCPU struck a line, until it is taken; 0: none did.
static uint64_t struck_at[line_count];

void send_sgi(uint32_t target, uint32_t sgi) {
    // Handlers count here, too.
    __atomic_add_fetch(&my_account()->sgis, 1, __ATOMIC_RELAXED);
    gic_send(target, sgi);
}

void send(uint32_t target) {
    uint32_t cpu = this_cpu();
    if (load(&sent_at[cpu][target]) == 0) store(&sent_at[cpu][target], ticks());
    store(&ledger.raised[cpu][target], ledger.raised[cpu][target] + 1);
    send_sgi(target, sgi_between(cpu, target));
}

bool is_taken(uint32_t target, uint32_t sgi) { return load(&sent_alone_at[target][sgi - first_other_sgi]) == 0; }

void send_alone(uint32_t target, uint32_t sgi) {
    store(&sent_alone_at[target][sgi - first_other_sgi], ticks());
    send_sgi(target, sgi);
}

void await_seen(uint32_t target) {
    uint32_t cpu = this_cpu();
    await(load(&ledger.seen[cpu][target]) == ledger.raised[cpu][target], detail(waited_for_sgi, target, sgi_between(cpu, target)));
}

static void note_latency(struct account *account, uint64_t nanoseconds) {
    account->samples[account->sample_total % sample_capacity] = nanoseconds;
    store(&account->sample_total, account->sample_total + 1);
}

void note_sgi(uint32_t intid) {
    uint32_t cpu = this_cpu();
    uint64_t now = ticks();
    if (intid >= first_other_sgi) {
        uint64_t since = __atomic_exchange_n(&sent_alone_at[cpu][intid - first_other_sgi], 0, __ATOMIC_ACQ_REL);
        if (since != 0) note_latency(&ledger.accounts[cpu], now > since ? now - since : 0);
        return;
    }
    for (uint32_t sender = 0; sender < machine.cpu_count; sender++) {
        if (sgi_between(sender, cpu) != intid) continue;
        uint64_t since = __atomic_exchange_n(&sent_at[sender][cpu], 0, __ATOMIC_ACQ_REL);
        uint64_t raised = load(&ledger.raised[sender][cpu]);
        if (raised == ledger.seen[sender][cpu]) continue;
        if (since != 0) note_latency(&ledger.accounts[cpu], now > since ? now - since : 0);
        store(&ledger.seen[sender][cpu], raised);
    }
}

static void strike(uint32_t line, uint64_t offset) {
    uint64_t nobody = 0;
    __atomic_compare_exchange_n(&struck_at[line], &nobody, ticks(), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    mmio_write64(stress_base + offset, line);
}
void pulse(uint32_t line) { strike(line, stress_pulse); }
void raise_line(uint32_t line) { strike(line, stress_raise); }

void note_line(uint32_t line) {
    uint64_t now = ticks(), since = __atomic_exchange_n(&struck_at[line], 0, __ATOMIC_ACQ_REL);
    if (since != 0) note_latency(my_account(), now > since ? now - since : 0);
}
