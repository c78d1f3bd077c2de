// Reads and writes memory as the lines say that it receives, and says how each access ended:
//   r ADDRESS                 reads 8 bytes
//   w ADDRESS VALUE           writes 8 bytes
//   x ADDRESS                 fetches an instruction
//   t ADDRESS COUNT STRIDE    writes 8 bytes every STRIDE bytes, and times that
//   c                         says what the virtual and the physical counter show
//   v TICKS                   arms the virtual timer; when it fires, that is said in a line of its own
//   p TICKS                   arms the physical timer
//   o                         starts vCPU 1, which then counts for ever
//   i                         asks whether vCPU 1 is off
//   b                         says how far vCPU 1 has counted
//   e INTID                   enables an SPI, for vCPU 1
//   q                         powers off
// Numbers are hexadecimal.
#include "guest.h"

enum { UARTDR = 0x000, UARTFR = 0x018, UARTICR = 0x044 };
enum { UARTFR_RXFE = 1 << 4, RXI = 1 << 4, RTI = 1 << 6 };

static char line[128];
static volatile uint32_t length;
static volatile bool is_complete;

enum { physical_timer_interrupt = 30 };

static uint64_t physical_ticks(void) {
    isb();
    return read_register(cntpct_el0);
}

void on_interrupt(uint32_t intid) {
    if (intid == virtual_timer_interrupt) {
        timer_arm(0);
        print("fired: virtual timer at %lx\n", ticks());
        return;
    }
    if (intid == physical_timer_interrupt) {
        write_register(cntp_ctl_el0, 0);
        isb();
        print("fired: physical timer at %lx\n", physical_ticks());
        return;
    }
    if (intid != uart_interrupt) panic("unexpected interrupt %u", intid);
    while ((mmio_read32(uart_base + UARTFR) & UARTFR_RXFE) == 0 && !is_complete) {
        char c = (char)mmio_read32(uart_base + UARTDR);
        if (c == '\n' || c == '\r') {
            line[length] = 0;
            is_complete = true;
        } else if (length < sizeof line - 1) {
            line[length++] = c;
        }
    }
    mmio_write32(uart_base + UARTICR, RXI | RTI);
}

static volatile bool has_failed;

void on_synchronous(struct frame *frame) {
    has_failed = true;
    print("peek: EC %02lx, FSC %02lx, WnR %lu, FAR %lx\n", frame->esr >> 26, frame->esr & 0x3f, frame->esr >> 6 & 1,
          frame->far);
    // A fetch comes back by its return address.
    frame->elr = frame->esr >> 26 == 0x21 ? frame->x[30] : frame->elr + 4;
}

static volatile uint64_t beats;

/// Its interrupts are masked: one of them ends a wait, and changes nothing else.
_Noreturn void secondary_main(uint32_t cpu) {
    gic_init_cpu(cpu);
    for (;;) beats++;
}

static const char *rest;

static uint64_t number(void) {
    uint64_t value = 0;
    while (*rest == ' ') rest++;
    for (; *rest && *rest != ' '; rest++) {
        uint32_t digit = *rest <= '9' ? *rest - '0' : (*rest | 0x20) - 'a' + 10;
        value = value << 4 | (digit & 15);
    }
    return value;
}

static void execute(void) {
    rest = line + 1;
    uint64_t address = number(), count, stride, start;
    has_failed = false;
    switch (line[0]) {
    case 'r':
        start = mmio_read64(address);
        if (!has_failed) print("peek: %lx holds %lx\n", address, start);
        break;
    case 'w':
        mmio_write64(address, number());
        if (!has_failed) print("peek: %lx is written\n", address);
        break;
    case 'x':
        ((void (*)(void))address)();
        if (!has_failed) print("peek: %lx is executed\n", address);
        break;
    case 't':
        count = number();
        stride = number();
        start = ticks();
        for (uint64_t i = 0; i < count && !has_failed; i++) mmio_write64(address + i * stride, i + 1);
        start = ticks() - start;
        if (!has_failed) print("peek: %lx writes from %lx took %lu ns\n", count, address, nanoseconds(start));
        break;
    case 'c':
        print("peek: counters %lx %lx\n", ticks(), physical_ticks());
        break;
    case 'v':
        write_register(cntv_cval_el0, ticks() + address);
        write_register(cntv_ctl_el0, 1);
        isb();
        print("peek: armed\n");
        break;
    case 'p':
        write_register(cntp_cval_el0, physical_ticks() + address);
        write_register(cntp_ctl_el0, 1);
        isb();
        print("peek: armed\n");
        break;
    case 'o':
        print("peek: CPU_ON %x\n", (uint32_t)start_cpu(1));
        break;
    case 'i':
        print("peek: AFFINITY_INFO %x\n", (uint32_t)psci(PSCI_AFFINITY_INFO, machine.mpidr[1], 0, 0));
        break;
    case 'b':
        print("peek: beats %lx\n", beats);
        break;
    case 'e':
        gic_enable_shared((uint32_t)address, 1);
        print("peek: enabled\n");
        break;
    default:
        print("peek: what?\n");
    }
}

int main(void) {
    console_interrupt_on_receive();
    gic_enable_private(0, virtual_timer_interrupt);
    gic_enable_private(0, physical_timer_interrupt);
    print("peek: ready\n");
    while (true) {
        sleep_until(is_complete);
        if (line[0] == 'q') return 0;
        execute();
        length = 0;
        is_complete = false;
        // What came meanwhile.
        interrupts_off();
        if ((mmio_read32(uart_base + UARTFR) & UARTFR_RXFE) == 0) on_interrupt(uart_interrupt);
        interrupts_on();
    }
}
