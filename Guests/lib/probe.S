// The exception vectors of `probe.h`, and the way out to code that will not come back by itself.
//
// The vectors work with any SP_EL1 that lies in memory, misaligned or not, and a handler may take exceptions of its own.

    .set    frame_byte_count, 38 * 8
    .set    frame_sp_el1, 35 * 8
    .set    frame_sp_el0, 36 * 8
    .set    probe_recovery_sp, 0
    .set    probe_pc, 8
    .set    probe_sp_el0, 24
    .set    probe_x, 40

    .section .text.probe, "ax"
    .balign 2048
    .globl probe_vectors
probe_vectors:
    .set    number, 0
    .rept   16
    .balign 128
    msr     tpidrro_el0, x0
    mov     x0, sp
    and     sp, x0, #~15
    sub     sp, sp, #frame_byte_count
    str     x1, [sp, #8]
    mov     x1, #(number * 0x80)
    b       save
    .set    number, number + 1
    .endr

save:
    str     x0, [sp, #frame_sp_el1]
    mrs     x0, tpidrro_el0
    str     x0, [sp]
    stp     x2, x3, [sp, #16 * 1]
    stp     x4, x5, [sp, #16 * 2]
    stp     x6, x7, [sp, #16 * 3]
    stp     x8, x9, [sp, #16 * 4]
    stp     x10, x11, [sp, #16 * 5]
    stp     x12, x13, [sp, #16 * 6]
    stp     x14, x15, [sp, #16 * 7]
    stp     x16, x17, [sp, #16 * 8]
    stp     x18, x19, [sp, #16 * 9]
    stp     x20, x21, [sp, #16 * 10]
    stp     x22, x23, [sp, #16 * 11]
    stp     x24, x25, [sp, #16 * 12]
    stp     x26, x27, [sp, #16 * 13]
    stp     x28, x29, [sp, #16 * 14]
    mrs     x2, elr_el1
    stp     x30, x2, [sp, #16 * 15]
    mrs     x2, spsr_el1
    mrs     x3, esr_el1
    stp     x2, x3, [sp, #16 * 16]
    mrs     x2, far_el1
    str     x2, [sp, #16 * 17]
    mrs     x2, sp_el0
    str     x2, [sp, #frame_sp_el0]
    mov     x0, sp
    bl      probe_exception
    cbnz    x0, recover

    ldp     x30, x2, [sp, #16 * 15]
    ldr     x3, [sp, #16 * 16]
    ldr     x4, [sp, #frame_sp_el0]
    msr     elr_el1, x2
    msr     spsr_el1, x3
    msr     sp_el0, x4
    ldp     x2, x3, [sp, #16 * 1]
    ldp     x4, x5, [sp, #16 * 2]
    ldp     x6, x7, [sp, #16 * 3]
    ldp     x8, x9, [sp, #16 * 4]
    ldp     x10, x11, [sp, #16 * 5]
    ldp     x12, x13, [sp, #16 * 6]
    ldp     x14, x15, [sp, #16 * 7]
    ldp     x16, x17, [sp, #16 * 8]
    ldp     x18, x19, [sp, #16 * 9]
    ldp     x20, x21, [sp, #16 * 10]
    ldp     x22, x23, [sp, #16 * 11]
    ldp     x24, x25, [sp, #16 * 12]
    ldp     x26, x27, [sp, #16 * 13]
    ldp     x28, x29, [sp, #16 * 14]
    ldr     x0, [sp]
    msr     tpidrro_el0, x0
    ldr     x0, [sp, #frame_sp_el1]
    ldr     x1, [sp, #8]
    mov     sp, x0
    mrs     x0, tpidrro_el0
    eret

    // probe_enter(x0 = struct probe): leaves for pc and spsr, and returns when an exception recovers from there.
    .globl probe_enter
probe_enter:
    stp     x19, x20, [sp, #-96]!
    stp     x21, x22, [sp, #16]
    stp     x23, x24, [sp, #32]
    stp     x25, x26, [sp, #48]
    stp     x27, x28, [sp, #64]
    stp     x29, x30, [sp, #80]
    mov     x9, sp
    str     x9, [x0, #probe_recovery_sp]
    ldp     x9, x10, [x0, #probe_pc]
    ldp     x11, x12, [x0, #probe_sp_el0]
    msr     elr_el1, x9
    msr     spsr_el1, x10
    msr     sp_el0, x11
    cbz     x12, 1f
    mov     sp, x12
1:  mov     x8, x0
    ldp     x0, x1, [x8, #probe_x]
    ldp     x2, x3, [x8, #probe_x + 16]
    ldp     x4, x5, [x8, #probe_x + 32]
    ldp     x6, x7, [x8, #probe_x + 48]
    eret

recover:
    mov     sp, x0
    ldp     x21, x22, [sp, #16]
    ldp     x23, x24, [sp, #32]
    ldp     x25, x26, [sp, #48]
    ldp     x27, x28, [sp, #64]
    ldp     x29, x30, [sp, #80]
    ldp     x19, x20, [sp], #96
    ret
