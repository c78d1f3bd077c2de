// Entry of every guest program: the arm64 Image header, then vCPU 0 and the others up to C.
//
// Works loaded as an Image (x0 = device tree) and as an ELF (QEMU passes x0 = 0 and puts the tree at the start of RAM).

    .section .text.start, "ax"
    .globl image_start
image_start:
    b       start
    .long   0
    .quad   0x80000                     // offset from a 2 MiB boundary
    .quad   image_byte_count
    .quad   0b010                       // little-endian, 4 KiB granule
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

    .globl start
start:
    cbnz    x0, 1f
    mov     x0, #0x40000000
1:  mov     x19, x0

    adrp    x0, bss_start
    add     x0, x0, :lo12:bss_start
    adrp    x1, bss_end
    add     x1, x1, :lo12:bss_end
2:  cmp     x0, x1
    b.hs    3f
    stp     xzr, xzr, [x0], #16
    b       2b

3:  mov     x0, #0
    bl      enter_c
    mov     x0, x19
    bl      fdt_read
    bl      main
    ldr     w0, =0x84000008             // PSCI SYSTEM_OFF
    hvc     #0
    b       .

    // Where PSCI CPU_ON lets a vCPU begin: x0 = its number.
    .globl secondary_start
secondary_start:
    mov     x19, x0
    bl      enter_c
    mov     x0, x19
    bl      secondary_main
    b       .

    // Vectors, stack and MMU of vCPU x0.
enter_c:
    mov     x20, x30
    msr     spsel, #1
    adrp    x1, stacks
    add     x0, x0, #1
    add     x1, x1, x0, lsl #12
    mov     sp, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el1, x1
    isb
    bl      mmu_enable
    ret     x20

    .section .noinit, "aw", %nobits
    .balign 4096
stacks:
    .space  512 * 4096
