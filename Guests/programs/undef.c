// Executes what no Armv8.0 processor implements; each must arrive at the guest's own vector as an unknown reason.
#include "guest.h"

static uint64_t syndrome;

void on_synchronous(struct frame *frame) {
    syndrome = frame->esr;
    frame->elr += 4;
}

#define attempt(name, instruction) ({                                                                                  \
    syndrome = 0;                                                                                                      \
    __asm__ volatile(instruction : : : "x0", "memory");                                                                \
    print("undef: %s: ESR %08lx\n", name, syndrome);                                                                   \
})

int main(void) {
    attempt("UDF #0", ".inst 0x00000000");
    attempt("unallocated word", ".inst 0x03ffffff");
    attempt("MRS of an unallocated register", "mrs x0, s3_3_c15_c9_7");
    attempt("MRS of an EL2 register", "mrs x0, hcr_el2");
    attempt("HLT", "hlt #1");
    attempt("BRK, which is implemented", "brk #0x42");
    return 0;
}
