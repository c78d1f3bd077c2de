// What a guest program may use: the machine it found itself on, console, interrupts, timer, PSCI.
//
// A program defines `main`, which runs on vCPU 0 at EL1 with the MMU on and interrupts masked. When `main` returns, the
// machine is powered off. Everything is built with -mgeneral-regs-only, so handlers need not save vector registers.
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Machine (fdt.c)

enum { maximum_cpu_count = 512, maximum_redistributor_regions = 4 };

struct region {
    uint64_t base, size;
};

/// What the device tree says.
struct machine {
    uint32_t cpu_count;
    uint64_t mpidr[maximum_cpu_count];
    struct region memory;
    struct region distributor;
    uint32_t redistributor_region_count;
    struct region redistributors[maximum_redistributor_regions];
    char bootargs[256];
};
extern struct machine machine;

void fdt_read(const void *dtb);
/// The number that the command line gives as `NAME=`, or `otherwise` (arguments.c).
uint64_t argument(const char *name, uint64_t otherwise);

int main(void);

/// The first byte behind the program with its stacks: free memory up to the end of `machine.memory`.
extern uint8_t image_end[];
/// Code and constants, up to what is written.
extern uint8_t image_start[], writable_start[];

// MARK: What the compiler calls by itself (memory.c)

void *memset(void *destination, int value, size_t count);
void *memcpy(void *restrict destination, const void *restrict source, size_t count);

// MARK: Console, a PL011 (console.c)

enum { uart_base = 0x09000000, uart_interrupt = 33 };

void console_putc(char c);
/// Lets `console_putc` look at the transmitter once for 16 characters.
void console_use_fifo(void);
/// Sets the interrupt controller up for vCPU 0, which gets the PL011's interrupt for each character that comes.
void console_interrupt_on_receive(void);
/// %s %c %d %u %x %lu %lx, each with an optional zero-padded width.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// The same with its values in a list.
void print_list(const char *format, va_list list);
/// Prints the message and powers off.
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

// MARK: Exceptions (vectors.S, exceptions.c)

struct frame {
    uint64_t x[31], elr, spsr, esr, far, padding;
};

/// The program's handlers; the defaults of both panic.
void on_interrupt(uint32_t intid);
/// Or all of an interrupt's handling, the acknowledge and the end included.
void on_irq(void);
void on_synchronous(struct frame *frame);

// MARK: GICv3 (gic.c)

void gic_init_distributor(void);
/// The redistributor and CPU interface of the calling vCPU; its SGIs are enabled.
void gic_init_cpu(uint32_t cpu);
/// Enables a PPI of the calling vCPU.
void gic_enable_private(uint32_t cpu, uint32_t intid);
/// Enables an SPI and routes it to a vCPU.
void gic_enable_shared(uint32_t intid, uint32_t cpu);
void gic_send(uint32_t cpu, uint32_t sgi);
/// To all vCPUs except the caller.
void gic_send_to_others(uint32_t sgi);

// MARK: SMP (start.S, smp.c)

/// Starts a vCPU in `secondary_main`; returns what PSCI CPU_ON answered.
int64_t start_cpu(uint32_t cpu);
/// Where a vCPU that was started begins; a program that starts any defines it.
_Noreturn void secondary_main(uint32_t cpu);
/// Or where it goes if the program does not: set by the library's own users of other vCPUs.
extern void (*secondary_entry)(uint32_t cpu);
extern char secondary_start[];

// MARK: MMU (mmu.c)

/// RAM once more, for EL0 to read, write and execute: add it to an address of the first GiB of RAM.
#define user_alias 0x1000000000ull

/// Turns the calling vCPU's MMU and caches on, with an identity map; start-up has called it.
void mmu_enable(void);
/// Puts a level-2 table in the place of one GiB of the map, for all vCPUs; one at most, before others are started.
void mmu_map_table(uint32_t index, const uint64_t *table);

// MARK: PSCI over HVC

enum {
    PSCI_VERSION = 0x84000000,
    PSCI_CPU_OFF = 0x84000002,
    PSCI_CPU_ON = 0xc4000003,
    PSCI_AFFINITY_INFO = 0xc4000004,
    PSCI_SYSTEM_OFF = 0x84000008,
    PSCI_SYSTEM_RESET = 0x84000009,
};
enum { PSCI_SUCCESS = 0, PSCI_ALREADY_ON = -4, PSCI_ON_PENDING = -5 };

static inline int64_t psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c) {
    register uint64_t x0 __asm__("x0") = function, x1 __asm__("x1") = a, x2 __asm__("x2") = b, x3 __asm__("x3") = c;
    __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    return (int64_t)x0;
}

// MARK: Instructions

#define read_register(name) ({ uint64_t value; __asm__ volatile("mrs %0, " #name : "=r"(value) : : "memory"); value; })
#define write_register(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")

static inline void isb(void) { __asm__ volatile("isb" : : : "memory"); }
static inline void dsb(void) { __asm__ volatile("dsb sy" : : : "memory"); }
static inline void wfi(void) { __asm__ volatile("wfi" : : : "memory"); }
static inline void interrupts_on(void) { __asm__ volatile("msr daifclr, #2\n isb" : : : "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("msr daifset, #2" : : : "memory"); }

/// Sleeps until the condition holds, which an interrupt handler of this vCPU must make true. Interrupts are on after it.
#define sleep_until(condition) ({                                                                                      \
    interrupts_off();                                                                                                  \
    while (!(condition)) {                                                                                             \
        wfi();                                                                                                         \
        interrupts_on();                                                                                               \
        interrupts_off();                                                                                              \
    }                                                                                                                  \
    interrupts_on();                                                                                                   \
})

// Device accesses are written out, so that the compiler cannot pick a form that reports no syndrome (LDP, writeback).
static inline uint32_t mmio_read32(uint64_t address) {
    uint32_t value;
    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}
static inline uint64_t mmio_read64(uint64_t address) {
    uint64_t value;
    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}
static inline void mmio_write32(uint64_t address, uint32_t value) {
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}
static inline void mmio_write64(uint64_t address, uint64_t value) {
    __asm__ volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
}

// MARK: Time

enum { virtual_timer_interrupt = 27 };

static inline uint64_t ticks(void) {
    isb();
    return read_register(cntvct_el0);
}
static inline uint64_t nanoseconds(uint64_t ticks) {
    uint64_t frequency = read_register(cntfrq_el0);
    return ticks / frequency * 1000000000 + ticks % frequency * 1000000000 / frequency;
}
/// Raises the virtual timer's interrupt once, this many nanoseconds from now; 0 switches the timer off.
static inline void timer_arm(uint64_t in_nanoseconds) {
    write_register(cntv_tval_el0, read_register(cntfrq_el0) * in_nanoseconds / 1000000000);
    write_register(cntv_ctl_el0, in_nanoseconds != 0);
    isb();
}
