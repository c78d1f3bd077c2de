// Sends back what it receives, by the PL011's receive interrupt; Ctrl-D powers off.
#include "guest.h"

enum { UARTDR = 0x000, UARTFR = 0x018, UARTMIS = 0x040, UARTICR = 0x044 };
enum { UARTFR_RXFE = 1 << 4, RXI = 1 << 4, RTI = 1 << 6, end_of_transmission = 4 };

static volatile bool ended;
static volatile uint32_t received, interrupts;

void on_interrupt(uint32_t intid) {
    if (intid != uart_interrupt) panic("unexpected interrupt %u", intid);
    interrupts++;
    if ((mmio_read32(uart_base + UARTMIS) & (RXI | RTI)) == 0) panic("the UART interrupts without a reason");
    while ((mmio_read32(uart_base + UARTFR) & UARTFR_RXFE) == 0) {
        char c = (char)mmio_read32(uart_base + UARTDR);
        if (c == end_of_transmission) {
            ended = true;
            continue;
        }
        received++;
        console_putc(c == '\r' ? '\n' : c);
    }
    mmio_write32(uart_base + UARTICR, RXI | RTI);
}

int main(void) {
    console_interrupt_on_receive();
    print("echo: ready\n");
    sleep_until(ended);
    if (interrupts == 0) panic("no interrupt");
    print("\necho: %u characters\n", received);
    return 0;
}
