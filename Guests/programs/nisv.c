// Reads a device with LDP, which gives the hypervisor no syndrome to emulate it from.
#include "guest.h"

int main(void) {
    print("nisv: reading two registers at once\n");
    uint64_t a, b;
    __asm__ volatile("ldp %0, %1, [%2]" : "=r"(a), "=r"(b) : "r"((uint64_t)uart_base));
    print("nisv: survived\n");
    return 0;
}

void on_synchronous(struct frame *frame) {
    print("nisv: abort, ESR %08lx FAR %lx\n", frame->esr, frame->far);
    frame->elr += 4;
}
