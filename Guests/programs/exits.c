// The guest of `armada bench exits`. The bench device says which operation comes next and how many samples it wants; each
// sample is a time in nanoseconds, as this guest sees it by CNTVCT_EL0. What exactly is timed is in docs/measuring.md.
//
// vCPU 0 measures. vCPU 1, if there is one, sleeps, and for the IPIs spins or sleeps as the operation wants it.
#include "guest.h"

/// The bench device's registers, 64 bits each: BenchDevice.swift.
enum {
    bench_base = 0x0b000000, bench_interrupt = 132,
    bench_operation = 0x08, bench_count = 0x10, bench_limit = 0x18, bench_samples = 0x20, bench_done = 0x28,
    bench_scratch = 0x30, bench_raise = 0x38, bench_raise_backend = 0x40, bench_lower = 0x48, bench_doorbell = 0x50,
    bench_stamp = 0x58, bench_blocked = 0x60, bench_block_level = 0x68, bench_unmap = 0x70, bench_switch = 0x78,
};
enum {
    sgi_measured = 1, sgi_reply = 2, sgi_work = 3,
    warm_up = 1024, batch = 64, page = 4096, large_page = 2 << 20, region_byte_count = 64 << 20,
};

/// The samples of the operation, behind their number: the device reads both, also when the run is ended in between.
static uint64_t *samples;
static uint64_t region;

static uint64_t device_read(uint64_t offset) { return mmio_read64(bench_base + offset); }
static void device_write(uint64_t offset, uint64_t value) { mmio_write64(bench_base + offset, value); }

// MARK: Interrupts

/// When the handler of the interrupt that is being measured began; 0: not yet.
static uint64_t handled;
/// Whether the other vCPU is to spin.
static bool other_spins;

void on_interrupt(uint32_t intid) {
    uint64_t time = ticks();
    switch (intid) {
    case sgi_measured:
        __atomic_store_n(&handled, time, __ATOMIC_RELEASE);
        gic_send(0, sgi_reply);
        break;
    case sgi_reply:
    case sgi_work: break;
    case bench_interrupt:
        device_write(bench_lower, 0);
        handled = time;
        break;
    case virtual_timer_interrupt:
        timer_arm(0);
        handled = time;
        break;
    default: panic("interrupt %u", intid);
    }
}

static uint64_t when_handled(void) { return __atomic_load_n(&handled, __ATOMIC_ACQUIRE); }

_Noreturn void secondary_main(uint32_t cpu) {
    gic_init_cpu(cpu);
    interrupts_on();
    for (;;) {
        sleep_until(__atomic_load_n(&other_spins, __ATOMIC_ACQUIRE));
        while (__atomic_load_n(&other_spins, __ATOMIC_ACQUIRE)) __asm__ volatile("yield");
    }
}

// MARK: Operations: each yields one sample

/// Times `operation`, from the instruction before it to the one behind it.
#define timed(operation) ({ uint64_t start = ticks(); operation; ticks() - start; })
/// For what is too short to be timed by itself: the mean of a batch.
#define timed_batch(operation) ({                                                                                      \
    uint64_t start = ticks();                                                                                          \
    for (uint32_t i = 0; i < batch; i++) operation;                                                                    \
    (ticks() - start) / batch;                                                                                         \
})

static void hypercall(void) {
    // Nobody's function, as in kvm-unit-tests: the answer is NOT_SUPPORTED.
    register uint64_t x0 __asm__("x0") = 0x4b000000, x1 __asm__("x1") = 0, x2 __asm__("x2") = 0, x3 __asm__("x3") = 0;
    register uint64_t x4 __asm__("x4") = 0, x5 __asm__("x5") = 0, x6 __asm__("x6") = 0, x7 __asm__("x7") = 0;
    __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x7) : : "memory");
}
static uint64_t hyp_call(void) { return timed(hypercall()); }
static uint64_t mmio_read_user(void) { return timed(mmio_read32(bench_base + bench_scratch)); }
static uint64_t mmio_write_user(void) { return timed(mmio_write32(bench_base + bench_scratch, 1)); }
static uint64_t mmio_read_vgic(void) { return timed(mmio_read32(machine.distributor.base + 0x0008)); }  // GICD_IIDR
static uint64_t sysreg_trap(void) { return timed(read_register(actlr_el1)); }
static uint64_t eoi(void) { return timed_batch(write_register(icc_eoir1_el1, 1023)); }
static uint64_t counter_read(void) { return timed_batch(read_register(cntvct_el0)); }

static uint64_t send_measured(void) {
    handled = 0;
    interrupts_off();
    uint64_t start = ticks();
    gic_send(1, sgi_measured);
    while (when_handled() == 0) {
        wfi();
        interrupts_on();
        interrupts_off();
    }
    interrupts_on();
    return when_handled() - start;
}
/// Time for the other vCPU to be where the operation wants it.
static void pause_for(uint64_t nanoseconds) {
    uint64_t start = ticks();
    while (ticks() - start < nanoseconds) __asm__ volatile("yield");
}
static uint64_t ipi(void) {
    pause_for(2000);
    return send_measured();
}
static uint64_t ipi_wfi(void) {
    while (device_read(bench_blocked) == 0) {}
    return send_measured();
}

static uint64_t timer_10ms(void) {
    handled = 0;
    uint64_t due = ticks() + 10000000;
    write_register(cntv_cval_el0, due);
    write_register(cntv_ctl_el0, 1);
    isb();
    while (when_handled() == 0) {}
    return when_handled() - due;
}
static uint64_t wfi_wake(void) {
    interrupts_off();
    uint64_t due = ticks() + 200000;
    write_register(cntv_cval_el0, due);
    write_register(cntv_ctl_el0, 1);
    isb();
    wfi();
    uint64_t time = ticks();
    write_register(cntv_ctl_el0, 0);
    isb();
    interrupts_on();
    return time - due;
}

static uint64_t raised_by(uint64_t which) {
    handled = 0;
    device_write(which, 20000);
    while (when_handled() == 0) {}
    return when_handled() - device_read(bench_stamp);
}
static uint64_t spi_inject(void) { return raised_by(bench_raise); }
static uint64_t io_in(void) { return raised_by(bench_raise_backend); }
static uint64_t io_out(void) {
    uint64_t start = ticks();
    device_write(bench_doorbell, 1);
    return device_read(bench_stamp) - start;
}

/// The next page of the region that stage 2 does not map.
static uint64_t touch_next(uint64_t step) {
    static uint64_t next;
    if (next % region_byte_count == 0 || next % step != 0) {
        device_write(bench_unmap, region);
        next = 0;
    }
    volatile uint64_t *address = (volatile uint64_t *)(region + next);
    next += step;
    return timed(*address = next);
}
static uint64_t stage2_fault_4k(void) { return touch_next(page); }
static uint64_t stage2_fault_2m(void) { return touch_next(large_page); }

/// Gives the processor to the other virtual machine; the sample is the other one's way here.
static uint64_t vcpu_switch(void) {
    // The other one may be faster: its first hand-over can be here already.
    interrupts_off();
    device_write(bench_switch, 1);
    while (when_handled() == 0) {
        wfi();
        interrupts_on();
        interrupts_off();
    }
    interrupts_on();
    uint64_t time = when_handled();
    handled = 0;
    return time - device_read(bench_stamp);
}

// MARK: The bench

struct operation {
    uint64_t (*sample)(void);
    uint64_t warm_up;
    bool other_spins;
    uint64_t block_level;
};
/// In the order of `BenchOperation`.
static const struct operation operations[] = {
    {hyp_call, warm_up, false, 2},
    {mmio_read_user, warm_up, false, 2},
    {mmio_write_user, warm_up, false, 2},
    {mmio_read_vgic, warm_up, false, 2},
    {eoi, warm_up, false, 2},
    {counter_read, warm_up, false, 2},
    {ipi, 64, true, 2},
    {ipi_wfi, 64, false, 2},
    {timer_10ms, 1, false, 2},
    {sysreg_trap, warm_up, false, 2},
    // Once over the whole region, so that the host has put memory behind it.
    {stage2_fault_4k, region_byte_count / page, false, 3},
    {stage2_fault_2m, region_byte_count / large_page, false, 2},
    {wfi_wake, 64, false, 2},
    {spi_inject, 64, false, 2},
    {io_out, warm_up, false, 2},
    {io_in, 64, false, 2},
    {vcpu_switch, 64, false, 2},
};
enum { operation_count = sizeof operations / sizeof operations[0] };

static void set_other(bool spins) {
    if (machine.cpu_count < 2 || spins == other_spins) return;
    __atomic_store_n(&other_spins, spins, __ATOMIC_RELEASE);
    if (spins) gic_send(1, sgi_work);
}

static void run(const struct operation *operation) {
    uint64_t wanted = device_read(bench_count), limit = device_read(bench_limit);
    device_write(bench_block_level, operation->block_level);
    set_other(operation->other_spins);
    for (uint64_t i = 0; i < operation->warm_up; i++) operation->sample();
    // The pages of the samples are there, too, before exits are counted.
    for (uint64_t i = 0; i <= wanted; i += page / sizeof *samples) samples[i] = 0;
    device_write(bench_samples, (uint64_t)samples);
    uint64_t started = ticks(), count = 0;
    while (count < wanted && ticks() - started < limit) {
        samples[count + 1] = operation->sample();
        *(volatile uint64_t *)samples = ++count;
    }
    set_other(false);
    device_write(bench_done, 1);
}

int main(void) {
    if (read_register(cntfrq_el0) != 1000000000) panic("the counter does not count nanoseconds");
    gic_init_distributor();
    gic_init_cpu(0);
    gic_enable_private(0, virtual_timer_interrupt);
    gic_enable_shared(bench_interrupt, 0);
    interrupts_on();
    if (machine.cpu_count > 1 && start_cpu(1) != PSCI_SUCCESS) panic("vCPU 1 does not start");
    uint64_t base = ((uint64_t)image_end + large_page - 1) & ~(uint64_t)(large_page - 1);
    samples = (uint64_t *)base;
    region = base + (4 << 20);
    for (uint64_t number; (number = device_read(bench_operation)) != 0;) {
        if (number > operation_count) panic("operation %lu", number);
        run(&operations[number - 1]);
    }
    return 0;
}
