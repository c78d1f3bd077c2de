// The way into one instruction and back. The compiler's code uses no vector registers, so none are kept for it.
#include "oneinsn.h"

    .arch armv8-a+fp+simd

// OPERATION on each of X1 to X30, or V0 to V31, in a case.
.macro general operation, base
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \operation x\n, [\base, #8 * \n]
    .endr
.endm
.macro vectors operation, base
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \operation q\n, [\base, #CASE_V + 16 * \n]
    .endr
.endm

    .text
    .globl _start
_start:
    b start

// run(x0: the case, x1: the slot): loads all registers, executes the slot, and stores them.
    .globl run
run:
    stp x29, x30, [sp, #-96]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    adrp x9, current
    add x9, x9, :lo12:current
    mov x10, sp
    stp x0, x10, [x9]
    str x1, [x9, #16]
    ldr x9, [x0, #CASE_NZCV]
    msr nzcv, x9
    ldr x9, [x0, #CASE_FPCR]
    msr fpcr, x9
    ldr x9, [x0, #CASE_FPSR]
    msr fpsr, x9
    vectors ldr, x0
    general ldr, x0
    // The slot loads these two itself.
    adrp x30, current
    ldr x30, [x30, :lo12:current + 16]
    br x30

// Where a slot ends. TPIDR_EL0 holds X0 while no register is free.
    .globl landing
landing:
    msr tpidr_el0, x0
    adrp x0, current
    ldr x0, [x0, :lo12:current]
    general str, x0
    mrs x1, tpidr_el0
    str x1, [x0]
    vectors str, x0
    mrs x9, nzcv
    str x9, [x0, #CASE_NZCV]
    mrs x9, fpcr
    str x9, [x0, #CASE_FPCR]
    mrs x9, fpsr
    str x9, [x0, #CASE_FPSR]
leave:
    adrp x9, current
    ldr x10, [x9, :lo12:current + 8]
    mov sp, x10
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #96
    ret

// handler(x0: the signal): gives up the instruction.
    .globl handler
handler:
    adrp x9, current
    ldr x9, [x9, :lo12:current]
    str w0, [x9, #CASE_SIGNAL]
    b leave

    .bss
    .balign 32
// The case, the stack to return on, and the slot.
current:
    .zero 32

    .section .slots, "awx", %progbits
    .balign 4096
    .globl slots
slots:
    .zero 4096
