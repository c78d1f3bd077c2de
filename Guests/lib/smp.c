// Starting other vCPUs.
#include "guest.h"

int64_t start_cpu(uint32_t cpu) {
    dsb();
    return psci(PSCI_CPU_ON, machine.mpidr[cpu], (uint64_t)secondary_start, cpu);
}

void (*secondary_entry)(uint32_t cpu);

__attribute__((weak)) _Noreturn void secondary_main(uint32_t cpu) {
    if (secondary_entry) secondary_entry(cpu);
    panic("vCPU %u started by surprise", cpu);
}
