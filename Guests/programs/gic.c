// The GIC as software sees it: priorities, masks, preemption, ends in two steps, the distributor's bits, SGIs to one, some
// and all other vCPUs. Runs on 4 vCPUs; every step waits for its effect, so that the transcript does not depend on speed.
#include "probe.h"
#include "team.h"

enum {
    GICD_CTLR = 0x0000, GICD_IGROUPR = 0x080, GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180, GICD_ISPENDR = 0x200,
    GICD_ICPENDR = 0x280, GICD_ISACTIVER = 0x300, GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400, GICD_ICFGR = 0xc00,
    GICD_IROUTER = 0x6000,
};
enum { spi = 40, spurious = 1023 };

static uint64_t distributor(void) { return machine.distributor.base; }
/// The SGI and PPI frame of a vCPU; the registers stand where the distributor has those of the first 32 interrupts.
static uint64_t private_frame(uint32_t cpu) { return machine.redistributors[0].base + 0x20000 * (uint64_t)cpu + 0x10000; }

static void set_priority(uint32_t intid, uint8_t priority) {
    uint64_t frame = intid < 32 ? private_frame(0) : distributor();
    __asm__ volatile("strb %w0, [%1]" : : "r"(priority), "r"(frame + GICD_IPRIORITYR + intid) : "memory");
}

/// The highest pending INTID of group 1, once it is `expected` or has had time enough to become it.
static uint64_t highest(uint64_t expected) {
    uint64_t until = ticks() + read_register(cntfrq_el0) / 20, intid;
    do {
        isb();
        intid = read_register(icc_hppir1_el1);
    } while (intid != expected && ticks() < until);
    return intid;
}
static bool is_signalled(void) {
    isb();
    return read_register(isr_el1) >> 7 & 1;
}
static uint64_t acknowledge(void) {
    uint64_t intid = read_register(icc_iar1_el1);
    isb();
    return intid;
}
static void end(uint64_t intid) {
    write_register(icc_eoir1_el1, intid);
    isb();
}
static uint64_t running(void) {
    isb();
    return read_register(icc_rpr_el1);
}
/// Reads a bit of a private interrupt's register.
static uint32_t private_bit(uint32_t offset, uint32_t intid) { return mmio_read32(private_frame(0) + offset) >> intid & 1; }
static void settle(void) {
    dsb();
    isb();
}

// MARK: CPU interface

static void order(void) {
    // Highest priority first; the lowest INTID among equals.
    static const uint8_t priorities[] = {0xa0, 0x40, 0x80, 0x40, 0x00, 0xe8};
    for (uint32_t i = 0; i < 6; i++) {
        set_priority(i, priorities[i]);
        gic_send(0, i);
    }
    for (uint32_t i = 0; i < 7; i++) {
        uint64_t pending = highest(i == 0 ? 4 : ~0ull);
        uint64_t intid = acknowledge();
        say("order: HPPIR %lu IAR %lu RPR %02lx\n", pending, intid, running());
        if (intid != spurious) end(intid);
    }
    say("order: RPR %02lx at the end\n", running());
}

static void mask(void) {
    static const uint8_t masks[] = {0xff, 0xf8, 0xf1, 0x80, 0x7f, 0x07, 0x08, 0x00};
    set_priority(1, 0x78);
    gic_send(0, 1);
    highest(1);
    for (uint32_t i = 0; i < sizeof masks; i++) {
        write_register(icc_pmr_el1, masks[i]);
        isb();
        bool signalled = is_signalled();
        uint64_t pending = highest(1);
        say("PMR %02x reads %02lx: signalled %d, HPPIR %lu\n", masks[i], read_register(icc_pmr_el1), signalled, pending);
    }
    say("masked: IAR %lu\n", acknowledge());
    write_register(icc_pmr_el1, 0xf8);
    isb();
    uint64_t intid = acknowledge();
    say("unmasked: IAR %lu\n", intid);
    end(intid);
}

/// Which priorities preempt an active one of 0x80, for each binary point.
static void preemption(void) {
    for (uint64_t point = 0; point < 8; point++) {
        write_register(icc_bpr1_el1, point);
        isb();
        say("BPR1 %lu reads %lu: 80 is preempted by", point, read_register(icc_bpr1_el1));
        set_priority(1, 0x80);
        gic_send(0, 1);
        highest(1);
        uint64_t outer = acknowledge();
        print(" (RPR %02lx)", running());
        static const uint8_t priorities[] = {0x78, 0x70, 0x60, 0x40, 0x00, 0x80, 0x88};
        for (uint32_t i = 0; i < sizeof priorities; i++) {
            set_priority(2, priorities[i]);
            gic_send(0, 2);
            highest(2);
            if (is_signalled()) {
                uint64_t inner = acknowledge();
                print(" %02x (RPR %02lx)", priorities[i], running());
                end(inner);
            } else {
                mmio_write32(private_frame(0) + GICD_ICPENDR, 1 << 2);
                highest(spurious);
            }
        }
        end(outer);
        print("; then RPR %02lx\n", running());
    }
    write_register(icc_bpr1_el1, 0);
    // CBPR: group 1 uses group 0's.
    for (uint64_t point = 0; point < 8; point++) {
        write_register(icc_ctlr_el1, 0);
        write_register(icc_bpr0_el1, point);
        isb();
        uint64_t own = read_register(icc_bpr0_el1);
        write_register(icc_ctlr_el1, 1);
        isb();
        uint64_t common = read_register(icc_bpr1_el1);
        write_register(icc_bpr1_el1, 7);
        isb();
        say("BPR0 %lu reads %lu, BPR1 with CBPR %lu, after a write %lu\n", point, own, common, read_register(icc_bpr1_el1));
    }
    write_register(icc_ctlr_el1, 0);
    write_register(icc_bpr0_el1, 0);
    write_register(icc_bpr1_el1, 0);
    isb();
}

/// Three deep, and ended in order.
static void nest(void) {
    static const uint8_t priorities[] = {0xc0, 0x80, 0x40};
    for (uint32_t i = 0; i < 3; i++) {
        set_priority(5 + i, priorities[i]);
        gic_send(0, 5 + i);
        highest(5 + i);
        uint64_t intid = acknowledge();
        say("nested: IAR %lu RPR %02lx AP1R0 %08lx\n", intid, running(), read_register(icc_ap1r0_el1));
    }
    for (uint32_t i = 3; i-- > 0;) {
        end(5 + i);
        say("nested: end of %u: RPR %02lx AP1R0 %08lx\n", 5 + i, running(), read_register(icc_ap1r0_el1));
    }
    // An end without anything active, and of numbers that are none.
    end(5);
    end(spurious);
    say("end of nothing: RPR %02lx IAR %lu\n", running(), acknowledge());
}

static void two_steps(void) {
    write_register(icc_ctlr_el1, 2);
    isb();
    say("EOImode 1: CTLR.EOImode %lu\n", read_register(icc_ctlr_el1) >> 1 & 1);
    set_priority(3, 0x60);
    gic_send(0, 3);
    highest(3);
    uint64_t intid = acknowledge();
    say("EOImode 1: IAR %lu RPR %02lx active %u\n", intid, running(), private_bit(GICD_ISACTIVER, 3));
    end(intid);
    say("EOImode 1: after EOIR: RPR %02lx active %u\n", running(), private_bit(GICD_ISACTIVER, 3));
    gic_send(0, 3);
    settle();
    say("EOImode 1: sent again while active: pending %u, IAR %lu\n", private_bit(GICD_ISPENDR, 3), acknowledge());
    write_register(icc_dir_el1, 3);
    isb();
    uint64_t pending = highest(3);
    say("EOImode 1: after DIR: active %u HPPIR %lu\n", private_bit(GICD_ISACTIVER, 3), pending);
    intid = acknowledge();
    end(intid);
    write_register(icc_dir_el1, intid);
    isb();
    say("EOImode 1: IAR %lu; at the end active %u pending %u\n", intid, private_bit(GICD_ISACTIVER, 3), private_bit(GICD_ISPENDR, 3));
    write_register(icc_ctlr_el1, 0);
    isb();
}

static void groups(void) {
    write_register(icc_igrpen1_el1, 0);
    isb();
    set_priority(1, 0x50);
    gic_send(0, 1);
    settle();
    say("group 1 disabled: signalled %d IAR %lu pending %u\n", is_signalled(), acknowledge(), private_bit(GICD_ISPENDR, 1));
    write_register(icc_igrpen1_el1, 1);
    isb();
    uint64_t pending = highest(1);
    say("group 1 enabled: HPPIR1 %lu HPPIR0 %lu IAR0 %lu\n", pending, read_register(icc_hppir0_el1), read_register(icc_iar0_el1));
    uint64_t intid = acknowledge();
    say("group 1 enabled: IAR1 %lu\n", intid);
    end(intid);

    // An SGI of group 0 is an FIQ.
    mmio_write32(private_frame(0) + GICD_IGROUPR, ~(1u << 2));
    mmio_write32(distributor() + GICD_CTLR, mmio_read32(distributor() + GICD_CTLR) | 1);
    write_register(icc_igrpen0_el1, 1);
    set_priority(2, 0x30);
    write_register(icc_sgi0r_el1, 2ull << 24 | 1);
    isb();
    while (read_register(isr_el1) == 0) isb();
    say("group 0: ISR %03lx HPPIR0 %lu HPPIR1 %lu IAR1 %lu\n", read_register(isr_el1), read_register(icc_hppir0_el1),
        read_register(icc_hppir1_el1), acknowledge());
    intid = read_register(icc_iar0_el1);
    isb();
    say("group 0: IAR0 %lu RPR %02lx AP0R0 %08lx AP1R0 %08lx\n", intid, running(), read_register(icc_ap0r0_el1),
        read_register(icc_ap1r0_el1));
    write_register(icc_eoir0_el1, intid);
    isb();
    say("group 0: ended, RPR %02lx\n", running());
    write_register(icc_igrpen0_el1, 0);
    mmio_write32(private_frame(0) + GICD_IGROUPR, ~0u);
    isb();
}

// MARK: Distributor

static void distributor_bits(void) {
    uint64_t frame = private_frame(0);
    uint32_t word = spi / 32 * 4, bit = 1u << (spi % 32);
    static const uint8_t priorities[] = {0xff, 0x01, 0x08, 0x87, 0xf8};
    for (uint32_t i = 0; i < sizeof priorities; i++) {
        set_priority(7, priorities[i]);
        set_priority(spi, priorities[i]);
        say("priority %02x: SGI %02x SPI %02x\n", priorities[i], mmio_read32(frame + GICD_IPRIORITYR + 4) >> 24,
            mmio_read32(distributor() + GICD_IPRIORITYR + spi) & 0xff);
    }
    mmio_write32(frame + GICD_ICENABLER, 0xffff0000);
    say("ISENABLER0 of PPIs, cleared: %04x", mmio_read32(frame + GICD_ISENABLER) >> 16);
    mmio_write32(frame + GICD_ISENABLER, 1 << 27 | 1 << 30);
    print(", 27 and 30 set: %04x", mmio_read32(frame + GICD_ISENABLER) >> 16);
    mmio_write32(frame + GICD_ICENABLER, 1 << 27);
    print(", 27 cleared: %04x, as ICENABLER0: %04x\n", mmio_read32(frame + GICD_ISENABLER) >> 16, mmio_read32(frame + GICD_ICENABLER) >> 16);
    mmio_write32(frame + GICD_ICENABLER, 1 << 30);

    // A shared interrupt that software makes pending.
    mmio_write32(distributor() + GICD_IGROUPR + word, ~0u);
    mmio_write32(distributor() + GICD_ICFGR + spi / 16 * 4, 2u << spi % 16 * 2);
    mmio_write64(distributor() + GICD_IROUTER + 8 * spi, machine.mpidr[0]);
    say("SPI: IROUTER %lx ICFGR %u\n", mmio_read64(distributor() + GICD_IROUTER + 8 * spi),
        mmio_read32(distributor() + GICD_ICFGR + spi / 16 * 4) >> spi % 16 * 2 & 3);
    set_priority(spi, 0x70);
    mmio_write32(distributor() + GICD_ISPENDR + word, bit);
    settle();
    say("SPI disabled: pending %d signalled %d\n", (mmio_read32(distributor() + GICD_ISPENDR + word) & bit) != 0, is_signalled());
    mmio_write32(distributor() + GICD_ISENABLER + word, bit);
    uint64_t pending = highest(spi);
    say("SPI enabled: HPPIR %lu\n", pending);
    mmio_write32(distributor() + GICD_ICPENDR + word, bit);
    pending = highest(spurious);
    say("SPI cleared: HPPIR %lu\n", pending);
    mmio_write32(distributor() + GICD_ISPENDR + word, bit);
    highest(spi);
    uint64_t intid = acknowledge();
    say("SPI: IAR %lu active %d pending %d\n", intid, (mmio_read32(distributor() + GICD_ISACTIVER + word) & bit) != 0,
        (mmio_read32(distributor() + GICD_ISPENDR + word) & bit) != 0);
    mmio_write32(distributor() + GICD_ISPENDR + word, bit);
    settle();
    say("SPI active, pending again: HPPIR %lu\n", highest(spurious));
    end(intid);
    pending = highest(spi);
    intid = acknowledge();
    end(intid);
    say("SPI ended: HPPIR %lu IAR %lu, active %d\n", pending, intid, (mmio_read32(distributor() + GICD_ISACTIVER + word) & bit) != 0);
    // The active state by itself keeps an interrupt away.
    mmio_write32(distributor() + GICD_ISACTIVER + word, bit);
    mmio_write32(distributor() + GICD_ISPENDR + word, bit);
    settle();
    say("SPI made active: HPPIR %lu\n", highest(spurious));
    mmio_write32(distributor() + GICD_ICACTIVER + word, bit);
    pending = highest(spi);
    intid = acknowledge();
    say("SPI made inactive: HPPIR %lu IAR %lu\n", pending, intid);
    end(intid);
    mmio_write32(distributor() + GICD_ICENABLER + word, bit);
    // Group 1 switched off in the distributor.
    gic_send(0, 1);
    uint32_t control = mmio_read32(distributor() + GICD_CTLR);
    mmio_write32(distributor() + GICD_CTLR, control & ~2u);
    while (mmio_read32(distributor() + GICD_CTLR) >> 31) {}
    say("GICD_CTLR without group 1: HPPIR %lu\n", highest(spurious));
    mmio_write32(distributor() + GICD_CTLR, control);
    pending = highest(1);
    intid = acknowledge();
    say("GICD_CTLR with group 1: HPPIR %lu IAR %lu\n", pending, intid);
    end(intid);
}

// MARK: SGIs

static uint32_t received[4][16];
static uint32_t sender, expected_mask;
static uint64_t sgi_value;

/// Sends `sgi_value` from vCPU `sender`; each vCPU of `expected_mask` waits for it, and all look whether more came.
static void exchange(uint32_t cpu) {
    memset(received[cpu], 0, sizeof received[cpu]);
    team_barrier();
    if (cpu == sender) {
        dsb();
        write_register(icc_sgi1r_el1, sgi_value);
        isb();
    }
    if (expected_mask >> cpu & 1)
        while (!is_signalled()) __asm__ volatile("yield");
    team_barrier();
    for (;;) {
        uint64_t intid = acknowledge();
        if (intid >= 16) break;
        received[cpu][intid]++;
        end(intid);
    }
    team_barrier();
}

static void send(const char *name, uint32_t from, uint32_t expected, uint64_t value) {
    sender = from;
    expected_mask = expected;
    sgi_value = value;
    team_run(exchange);
    say("%s from vCPU %u:", name, from);
    for (uint32_t cpu = 0; cpu < 4; cpu++)
        for (uint32_t intid = 0; intid < 16; intid++)
            if (received[cpu][intid]) print(" vCPU %u got SGI %u %s", cpu, intid, received[cpu][intid] == 1 ? "once" : "often");
    console_putc('\n');
}

static void initialise(uint32_t cpu) { if (cpu != 0) gic_init_cpu(cpu); }

static void sgis(void) {
    team_begin();
    team_run(initialise);
    for (uint32_t from = 0; from < 4; from++) {
        send("to itself", from, 1u << from, (uint64_t)(8 + from) << 24 | 1u << from);
        send("to all others", from, 0xf & ~(1u << from), 1ull << 40 | 3ull << 24);
    }
    send("to vCPUs 1 and 3", 0, 0xa, 5ull << 24 | 0xa);
    send("to all four by list", 2, 0xf, 15ull << 24 | 0xf);
    send("to nobody", 1, 0, 4ull << 24);
    send("to an Aff1 that is not there", 1, 0, 4ull << 24 | 1ull << 16 | 0xf);
    send("to a range that is not there", 1, 0, 4ull << 24 | 1ull << 44 | 0xf);
    send("to vCPU 2 and some that are not there", 3, 0x4, 6ull << 24 | 0xfff4);
}

static uint32_t taken;

/// All vCPUs look for the shared interrupt until one has it.
static void take_shared(uint32_t cpu) {
    received[cpu][0] = 0;
    if (cpu == 0) taken = 0;
    team_barrier();
    while (__atomic_load_n(&taken, __ATOMIC_ACQUIRE) == 0) {
        uint64_t intid = acknowledge();
        if (intid != spi) continue;
        end(intid);
        received[cpu][0]++;
        __atomic_store_n(&taken, 1, __ATOMIC_RELEASE);
    }
    team_barrier();
}

/// A shared interrupt goes to the vCPU that IROUTER names, also after it has become pending.
static void routes(void) {
    uint32_t word = spi / 32 * 4, bit = 1u << (spi % 32);
    uint64_t router = distributor() + GICD_IROUTER + 8 * spi;
    set_priority(spi, 0xa0);
    mmio_write32(distributor() + GICD_ISENABLER + word, bit);
    for (uint32_t cpu = 0; cpu < 4; cpu++) {
        mmio_write64(router, machine.mpidr[cpu]);
        mmio_write32(distributor() + GICD_ISPENDR + word, bit);
        team_run(take_shared);
        say("SPI routed to vCPU %u:", cpu);
        for (uint32_t i = 0; i < 4; i++) print(" %u", received[i][0]);
        console_putc('\n');
    }
    // Masked by priority at the first, then routed to another.
    write_register(icc_pmr_el1, 0x80);
    isb();
    mmio_write64(router, machine.mpidr[0]);
    mmio_write32(distributor() + GICD_ISPENDR + word, bit);
    settle();
    mmio_write64(router, machine.mpidr[3]);
    team_run(take_shared);
    say("SPI routed away while pending:");
    for (uint32_t i = 0; i < 4; i++) print(" %u", received[i][0]);
    console_putc('\n');
    write_register(icc_pmr_el1, 0xf8);
    isb();
    mmio_write32(distributor() + GICD_ICENABLER + word, bit);
}

int main(void) {
    probe_begin("gic");
    gic_init_distributor();
    gic_init_cpu(0);
    order();
    mask();
    preemption();
    nest();
    two_steps();
    groups();
    distributor_bits();
    sgis();
    routes();
    probe_end();
    return 0;
}
