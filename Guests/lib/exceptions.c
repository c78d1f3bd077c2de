// From the vectors to the program's handlers.
#include "guest.h"

enum { spurious_interrupt = 1023 };

__attribute__((weak)) void on_interrupt(uint32_t intid) { panic("unexpected interrupt %u", intid); }

__attribute__((weak)) void on_synchronous(struct frame *frame) {
    panic("unexpected exception: ESR %08lx ELR %lx FAR %lx", frame->esr, frame->elr, frame->far);
}

__attribute__((weak)) void on_irq(void) {
    uint32_t intid = (uint32_t)read_register(icc_iar1_el1);
    if (intid == spurious_interrupt) return;
    on_interrupt(intid);
    write_register(icc_eoir1_el1, intid);
    isb();
}

/// Called by vectors.S; `vector` counts from VBAR_EL1 in steps of 0x80.
void on_exception(struct frame *frame, uint64_t vector) {
    switch (vector) {
    case 4:
        on_synchronous(frame);
        break;
    case 5:
        on_irq();
        break;
    default:
        panic("exception at vector %03lx: ESR %08lx ELR %lx FAR %lx", vector * 0x80, frame->esr, frame->elr, frame->far);
    }
}
