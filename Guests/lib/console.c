// Text through the PL011.
#include "guest.h"

enum { UARTDR = 0x000, UARTFR = 0x018 };
enum { UARTFR_TXFF = 1 << 5 };

void console_putc(char c) {
    if (c == '\n') console_putc('\r');
    while (mmio_read32(uart_base + UARTFR) & UARTFR_TXFF) {}
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
