// Powers off with its first instructions: what is left of a run's time is start-up.
    .globl main
main:
    ret

    .section .text.start, "ax"
    .globl image_start
image_start:
    b       start
    .long   0
    .quad   0x80000
    .quad   image_byte_count
    .quad   0b010
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0
    .globl start
start:
    movz    w0, #0x0008
    movk    w0, #0x8400, lsl #16        // PSCI SYSTEM_OFF
    hvc     #0
    b       .
