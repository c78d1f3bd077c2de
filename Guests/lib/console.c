// Text through the PL011.
#include "guest.h"

enum { UARTDR = 0x000, UARTFR = 0x018, UARTLCR_H = 0x02c, UARTCR = 0x030, UARTIMSC = 0x038 };
enum { UARTFR_TXFF = 1 << 5, UARTFR_TXFE = 1 << 7, UARTLCR_H_FEN = 1 << 4, UARTLCR_H_WLEN_8 = 3 << 5 };
enum { UARTCR_UARTEN = 1 << 0, UARTCR_TXE = 1 << 8, UARTCR_RXE = 1 << 9, RXI = 1 << 4, RTI = 1 << 6 };

static bool has_fifo;
/// Characters that the FIFO still takes.
static uint32_t room;

void console_use_fifo(void) {
    mmio_write32(uart_base + UARTLCR_H, UARTLCR_H_FEN | UARTLCR_H_WLEN_8);
    has_fifo = true;
}

void console_interrupt_on_receive(void) {
    gic_init_distributor();
    gic_init_cpu(0);
    gic_enable_shared(uart_interrupt, 0);
    mmio_write32(uart_base + UARTCR, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
    mmio_write32(uart_base + UARTIMSC, RXI | RTI);
}

static void wait_for_room(void) {
    if (!has_fifo) {
        while (mmio_read32(uart_base + UARTFR) & UARTFR_TXFF) {}
    } else if (room > 0) {
        room--;
    } else {
        while ((mmio_read32(uart_base + UARTFR) & UARTFR_TXFE) == 0) {}
        room = 16 - 1;
    }
}

void console_putc(char c) {
    if (c == '\n') console_putc('\r');
    wait_for_room();
    mmio_write32(uart_base + UARTDR, (uint8_t)c);
}

static void put_number(uint64_t value, uint32_t base, uint32_t width) {
    char digits[20];
    uint32_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (; width > count; width--) console_putc('0');
    while (count > 0) console_putc(digits[--count]);
}

void print_list(const char *format, va_list list) {
    for (; *format; format++) {
        if (*format != '%') {
            console_putc(*format);
            continue;
        }
        format++;
        uint32_t width = 0;
        for (; *format >= '0' && *format <= '9'; format++) width = width * 10 + (uint32_t)(*format - '0');
        bool is_long = *format == 'l';
        if (is_long) format++;
        switch (*format) {
        case 's':
            for (const char *s = va_arg(list, const char *); *s; s++) console_putc(*s);
            break;
        case 'c':
            console_putc((char)va_arg(list, int));
            break;
        case 'd': {
            int64_t value = is_long ? va_arg(list, long) : va_arg(list, int);
            if (value < 0) console_putc('-');
            put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width);
            break;
        }
        case 'u':
        case 'x':
            put_number(is_long ? va_arg(list, uint64_t) : va_arg(list, uint32_t), *format == 'x' ? 16 : 10, width);
            break;
        default:
            console_putc(*format);
        }
    }
}

void print(const char *format, ...) {
    va_list list;
    va_start(list, format);
    print_list(format, list);
    va_end(list);
}

_Noreturn void panic(const char *format, ...) {
    va_list list;
    va_start(list, format);
    print("PANIC: ");
    print_list(format, list);
    console_putc('\n');
    va_end(list);
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) wfi();
}
