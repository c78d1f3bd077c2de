// GICv3: distributor, redistributor and CPU interface, Group 1, affinity routing (Arm IHI 0069).
#include "guest.h"

enum {
    GICD_CTLR = 0x0000, GICD_TYPER = 0x0004, GICD_IGROUPR = 0x0080, GICD_ISENABLER = 0x0100, GICD_IPRIORITYR = 0x0400,
    GICD_IROUTER = 0x6000,
    GICD_CTLR_EnableGrp1 = 1 << 1, GICD_CTLR_ARE = 1 << 4, GICD_CTLR_RWP = 1u << 31,
    GICR_TYPER = 0x0008, GICR_WAKER = 0x0014, GICR_SGI_base = 0x10000, GICR_IGROUPR0 = GICR_SGI_base + 0x080,
    GICR_ISENABLER0 = GICR_SGI_base + 0x100, GICR_IPRIORITYR = GICR_SGI_base + 0x400,
    GICR_WAKER_ProcessorSleep = 1 << 1, GICR_WAKER_ChildrenAsleep = 1 << 2,
    redistributor_byte_count = 0x20000,
};

static uint64_t redistributors[maximum_cpu_count];

/// MPIDR_EL1 as GICR_TYPER has it: Aff3.Aff2.Aff1.Aff0 in 32 bits.
static uint32_t affinity(uint64_t mpidr) { return (uint32_t)(mpidr >> 8 & 0xff000000) | (uint32_t)(mpidr & 0xffffff); }

static bool belongs_to(uint64_t redistributor, uint32_t cpu) {
    return mmio_read64(redistributor + GICR_TYPER) >> 32 == affinity(machine.mpidr[cpu]);
}

/// Frames normally stand in the order of the vCPUs: look there first, so that 512 vCPUs need 512 reads and not 512².
static uint64_t find_redistributor(uint32_t cpu) {
    uint64_t skipped = (uint64_t)cpu * redistributor_byte_count;
    for (uint32_t i = 0; i < machine.redistributor_region_count; i++) {
        struct region region = machine.redistributors[i];
        if (skipped < region.size) {
            if (belongs_to(region.base + skipped, cpu)) return region.base + skipped;
            break;
        }
        skipped -= region.size;
    }
    for (uint32_t i = 0; i < machine.redistributor_region_count; i++) {
        struct region region = machine.redistributors[i];
        for (uint64_t offset = 0; offset < region.size; offset += redistributor_byte_count)
            if (belongs_to(region.base + offset, cpu)) return region.base + offset;
    }
    panic("vCPU %u has no redistributor", cpu);
}

void gic_init_distributor(void) {
    uint64_t base = machine.distributor.base;
    mmio_write32(base + GICD_CTLR, GICD_CTLR_ARE);
    mmio_write32(base + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_EnableGrp1);
    while (mmio_read32(base + GICD_CTLR) & GICD_CTLR_RWP) {}
}

void gic_init_cpu(uint32_t cpu) {
    uint64_t base = redistributors[cpu] = find_redistributor(cpu);
    mmio_write32(base + GICR_WAKER, mmio_read32(base + GICR_WAKER) & ~(uint32_t)GICR_WAKER_ProcessorSleep);
    while (mmio_read32(base + GICR_WAKER) & GICR_WAKER_ChildrenAsleep) {}
    mmio_write32(base + GICR_IGROUPR0, 0xffffffff);
    for (uint32_t i = 0; i < 32; i += 4) mmio_write32(base + GICR_IPRIORITYR + i, 0xa0a0a0a0);
    mmio_write32(base + GICR_ISENABLER0, 0xffff);

    write_register(icc_sre_el1, read_register(icc_sre_el1) | 1);
    isb();
    write_register(icc_pmr_el1, 0xf0);
    write_register(icc_bpr1_el1, 0);
    write_register(icc_ctlr_el1, 0);
    write_register(icc_igrpen1_el1, 1);
    isb();
}

void gic_enable_private(uint32_t cpu, uint32_t intid) {
    mmio_write32(redistributors[cpu] + GICR_ISENABLER0, 1u << intid);
}

void gic_enable_shared(uint32_t intid, uint32_t cpu) {
    uint64_t base = machine.distributor.base, word = intid / 32 * 4;
    uint32_t bit = 1u << (intid % 32), shift = intid % 4 * 8;
    mmio_write32(base + GICD_IGROUPR + word, mmio_read32(base + GICD_IGROUPR + word) | bit);
    uint64_t priority = base + GICD_IPRIORITYR + (intid & ~3u);
    mmio_write32(priority, (mmio_read32(priority) & ~(0xffu << shift)) | 0xa0u << shift);
    mmio_write64(base + GICD_IROUTER + 8 * (uint64_t)intid, machine.mpidr[cpu]);
    mmio_write32(base + GICD_ISENABLER + word, bit);
}

void gic_send(uint32_t cpu, uint32_t sgi) {
    uint64_t mpidr = machine.mpidr[cpu], aff0 = mpidr & 0xff;
    uint64_t aff1 = mpidr >> 8 & 0xff, aff2 = mpidr >> 16 & 0xff, aff3 = mpidr >> 32 & 0xff;
    dsb();
    write_register(icc_sgi1r_el1, aff3 << 48 | aff0 / 16 << 44 | aff2 << 32 | (uint64_t)sgi << 24 | aff1 << 16 |
                                      1ull << (aff0 % 16));
    isb();
}

void gic_send_to_others(uint32_t sgi) {
    dsb();
    write_register(icc_sgi1r_el1, 1ull << 40 | (uint64_t)sgi << 24);
    isb();
}
