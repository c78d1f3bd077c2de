// Prints a character with its first instructions and powers off: the time until that character is start-up.
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
    movz    x1, #0x0900, lsl #16        // PL011
    mov     w2, #'1'
    str     w2, [x1]
    movz    w0, #0x0008
    movk    w0, #0x8400, lsl #16        // PSCI SYSTEM_OFF
    hvc     #0
    b       .
