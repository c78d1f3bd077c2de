// Sends random instruction words through the processor and survives them: `ChaosImage` in Tests/GuestTests puts page
// tables, parameters and words behind this program.
//
// Each vCPU executes its slice of the words chunk by chunk. An exception inside the current chunk goes on behind the
// instruction that raised it; any other, and an interrupt of the virtual timer, goes on with the next chunk. The monitor
// uses no memory but its own code, so that no store can harm it: what it has to know stands in system registers that
// no word writes.
//
//   AFSR0_EL1        the current chunk             AMAIR_EL1     the end of the slice
//   CONTEXTIDR_EL1   exceptions in this chunk      TPIDR_EL1, AFSR1_EL1   X0 and X1 meanwhile
//
// RAM is mapped at its own addresses, so that the monitor runs with the MMU on or off; the devices above `devices`.
    .equ chunk_byte_count, 512
    .equ exceptions_per_chunk, 1024
    .equ ticks_per_chunk, 1000000          // a millisecond
    .equ parameters, 0x4008f000         // words: vCPUs, bytes of a slice, the first word's address
    .equ stack, 0x43e00000
    .equ devices, 0x4000000000

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

    .macro constant register, value
    movz    \register, #((\value) & 0xffff)
    movk    \register, #((\value) >> 16 & 0xffff), lsl #16
    .if (\value) >> 32
    movk    \register, #((\value) >> 32 & 0xffff), lsl #32
    .endif
    .endm

    .globl start
start:
    constant x20, parameters
    ldr     w21, [x20]
    constant x8, 0x08000000             // GICD_CTLR: ARE, EnableGrp1
    mov     w9, #0x12
    str     w9, [x8]
    mov     x22, #1
1:  cmp     w22, w21
    b.hs    2f
    constant x0, 0xc4000003             // CPU_ON
    mov     x1, x22
    adr     x2, enter
    mov     x3, x22
    hvc     #0
    add     x22, x22, #1
    b       1b
2:  mov     x0, #0

enter:                                  // x0: this vCPU
    constant x20, parameters
    ldr     w1, [x20, #4]
    ldr     w2, [x20, #8]
    madd    x2, x0, x1, x2
    add     x3, x2, x1
    msr     AMAIR_EL1, x3
    sub     x2, x2, #chunk_byte_count
    msr     AFSR0_EL1, x2

next_chunk:
    mrs     x0, AFSR0_EL1
    add     x0, x0, #chunk_byte_count
    mrs     x1, AMAIR_EL1
    cmp     x0, x1
    b.hs    done
    msr     AFSR0_EL1, x0
    msr     CONTEXTIDR_EL1, xzr
    mov     x5, #0                      // where words keep a device's address for a moment
    // The system as the words want to find it.
    constant x1, 0x34d0d985             // SCTLR_EL1: M C I, DZE UCT UCI
    msr     SCTLR_EL1, x1
    constant x1, 0x2b5193519            // TCR_EL1: 39 bits and 4 KiB on both sides, 40 bits out
    msr     TCR_EL1, x1
    constant x1, 0x40090000
    msr     TTBR0_EL1, x1
    constant x1, 0x400a0000
    msr     TTBR1_EL1, x1
    constant x1, 0x04044400ff           // MAIR_EL1: Normal, Device, Normal without caches, Device …
    msr     MAIR_EL1, x1
    adr     x1, vectors
    msr     VBAR_EL1, x1
    constant x1, 0x300000
    msr     CPACR_EL1, x1
    mov     x1, #0x303
    msr     CNTKCTL_EL1, x1
    msr     MDSCR_EL1, xzr
    .inst   0xd500409f                  // MSR PAN, #0
    dsb     sy
    isb
    msr     SPSel, #1
    constant x1, stack
    mov     sp, x1
    msr     SP_EL0, x1
    // The watchdog of the chunk.
    tst     x0, #0x7ff
    b.ne    1f
    constant x1, devices + 0x08000000   // now and then with all that it needs of the GIC
    mov     w2, #0x12
    str     w2, [x1]                    // GICD_CTLR
    mov     w2, #-1
    str     w2, [x1, #0x184]            // GICD_ICENABLER1: the devices' interrupts would end each chunk at once
    constant x1, devices + 0x080b0000
    mrs     x2, MPIDR_EL1
    and     x2, x2, #0xff
    add     x1, x1, x2, lsl #17
    mov     w2, #-1
    str     w2, [x1, #0x80]             // GICR_IGROUPR0
    str     w2, [x1, #0x180]            // GICR_ICENABLER0
    mov     w3, #(1 << 27)              // the virtual timer
    str     w3, [x1, #0x100]            // GICR_ISENABLER0
    str     w2, [x1, #0x380]            // GICR_ICACTIVER0
    str     wzr, [x1, #0x418]           // GICR_IPRIORITYR6
1:  mrs     x1, ICC_IAR1_EL1
    and     x2, x1, #0xffffff
    cmp     x2, #1020
    b.hs    2f
    msr     ICC_EOIR1_EL1, x1
2:  mov     x1, #0xf8
    msr     ICC_PMR_EL1, x1
    msr     ICC_CTLR_EL1, xzr
    msr     ICC_AP0R0_EL1, xzr
    msr     ICC_AP1R0_EL1, xzr
    mov     x1, #1
    msr     ICC_IGRPEN1_EL1, x1
    constant x2, ticks_per_chunk
    msr     CNTV_TVAL_EL0, x2
    msr     CNTV_CTL_EL0, x1
    mov     x1, #5                      // EL1h, nothing masked
    msr     SPSR_EL1, x1
    msr     ELR_EL1, x0
    eret

done:
    constant x0, 0x84000008             // SYSTEM_OFF
    hvc     #0
    b       done

synchronous:
    msr     TPIDR_EL1, x0
    msr     AFSR1_EL1, x1
    mrs     x0, ELR_EL1
    mrs     x1, AFSR0_EL1
    sub     x0, x0, x1
    cmp     x0, #chunk_byte_count
    b.hs    next_chunk
    mrs     x0, CONTEXTIDR_EL1
    add     x0, x0, #1
    msr     CONTEXTIDR_EL1, x0
    cmp     x0, #exceptions_per_chunk
    b.hs    next_chunk
    mrs     x0, SPSR_EL1
    and     x0, x0, #~(3 << 20)         // neither IL nor SS
    msr     SPSR_EL1, x0
    mrs     x0, ELR_EL1
    add     x0, x0, #4
    msr     ELR_EL1, x0
    mrs     x0, TPIDR_EL1
    mrs     x1, AFSR1_EL1
    eret

    .balign 2048
vectors:
    .rept   4                           // EL1t, EL1h, EL0, EL0 in AArch32 state
    b       synchronous
    .balign 128
    b       next_chunk
    .balign 128
    b       next_chunk
    .balign 128
    b       next_chunk
    .balign 128
    .endr
