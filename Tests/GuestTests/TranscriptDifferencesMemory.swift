extension TranscriptDifference {
    /// Of the programs about translation, caches and the order of accesses.
    static let memory: [TranscriptDifference] = [
        TranscriptDifference(
            "stage1",
            armada: #"TTBR[01] .* no block here: read 9600000([45]) write 9600004\1 execute 8600000\1 EL0 8200000\1"#,
            qemu: #"TTBR[01] .* no block here: read 9600000([89]) write 9600004\1 execute 8600000\1 EL0 8200000\1"#,
            "QEMU 7.2 takes a block at any level; later ones give the translation fault (BlockDescSupported)"),
        TranscriptDifference(
            "stage1", armada: "MMU off, misaligned: 96000021", qemu: "MMU off, misaligned: =.*",
            "with the MMU off data is Device memory, which takes no misaligned access; QEMU 7.2 does not look"),
        TranscriptDifference(
            "at", armada: #"attributes (0.|44) .*b00 .*b00 .*b00"#, qemu: #"attributes (0.|44) .*a00 .*b00 .*b80"#,
            "SH of Device and Non-cacheable memory reads as 0b10 (PAREncodeShareability); QEMU 7.2 shows the descriptor's"
        ),
        TranscriptDifference(
            "at", armada: "MMU off: 48012b00 .*", qemu: "MMU off: 48012a00 .*",
            "the same: with the MMU off it is Device memory"),
        TranscriptDifference(
            "selfmodify", armada: "(branch and NOP in turns while others execute|each his own in one page): 0 stale",
            qemu: "(branch and NOP in turns while others execute|each his own in one page): [0-9]+ stale",
            isConstant: false,
            "QEMU notices written code by its page, and misses stores while another vCPU translates from the page"),
        TranscriptDifference(
            "litmus", armada: #"(SB\+polas|SB\+dmb\+pola|R\+popl\+pola): never"#,
            qemu: #"(SB\+polas|SB\+dmb\+pola|R\+popl\+pola): FORBIDDEN, .*"#, isConstant: false,
            "QEMU 7.2 lets an LDAR overtake an STLR on an x86 host"),
    ]
}
