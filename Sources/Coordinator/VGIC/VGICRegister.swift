/// One row of a register table: a register, or a bank of them with a field for each interrupt.
struct VGICRegister: Sendable {
    /// What reads and writes do.
    enum Kind: Sendable {
        /// Reads as zero, writes ignored: present in the architecture, absent here.
        case reserved
        // GICD registers of their own.
        case distributorControl, distributorType, implementer, architecture
        // GICR registers of their own.
        case redistributorControl, redistributorType, waker
        // Banks with a field for each interrupt.
        case group, setEnable, clearEnable, setPending, clearPending, setActive, clearActive
        case priority, configuration, router
    }

    /// Access sizes in bytes that have an effect, as a bit set: 1, 4 and 8.
    struct Access: OptionSet, Sendable {
        let rawValue: Int
        static let byte = Self(rawValue: 1)
        static let word = Self(rawValue: 4)
        static let double = Self(rawValue: 8)
    }

    let name: StaticString
    let offset: UInt64
    let byteCount: UInt64
    let access: Access
    /// Width of an interrupt's field, 0 for a register that is not such a bank.
    let bitsPerInterrupt: Int
    let kind: Kind

    /// A register that is not banked by interrupt.
    init(
        _ name: StaticString, _ offset: UInt64, _ kind: Kind, byteCount: UInt64 = 4, access: Access = .word
    ) {
        self.name = name
        self.offset = offset
        self.byteCount = byteCount
        self.access = access
        bitsPerInterrupt = 0
        self.kind = kind
    }

    /// A bank with a field of `bits` bits for each of `interrupts` interrupts.
    init(
        _ name: StaticString, _ offset: UInt64, _ kind: Kind, bits: Int, interrupts: Int, access: Access = .word
    ) {
        self.name = name
        self.offset = offset
        byteCount = UInt64(bits * interrupts / 8)
        self.access = access
        bitsPerInterrupt = bits
        self.kind = kind
    }

    var end: UInt64 { offset &+ byteCount }
}

extension VGICRegister {
    /// GICv3 "The GIC Distributor register map".
    // swift-format-ignore
    static let distributor: [VGICRegister] = [
        .init("GICD_CTLR",       0x0000, .distributorControl),
        .init("GICD_TYPER",      0x0004, .distributorType),
        .init("GICD_IIDR",       0x0008, .implementer),
        .init("GICD_TYPER2",     0x000C, .reserved),
        .init("GICD_STATUSR",    0x0010, .reserved),
        .init("GICD_IGROUPR",    0x0080, .group,         bits: 1,  interrupts: 1024),
        .init("GICD_ISENABLER",  0x0100, .setEnable,     bits: 1,  interrupts: 1024),
        .init("GICD_ICENABLER",  0x0180, .clearEnable,   bits: 1,  interrupts: 1024),
        .init("GICD_ISPENDR",    0x0200, .setPending,    bits: 1,  interrupts: 1024),
        .init("GICD_ICPENDR",    0x0280, .clearPending,  bits: 1,  interrupts: 1024),
        .init("GICD_ISACTIVER",  0x0300, .setActive,     bits: 1,  interrupts: 1024),
        .init("GICD_ICACTIVER",  0x0380, .clearActive,   bits: 1,  interrupts: 1024),
        .init("GICD_IPRIORITYR", 0x0400, .priority,      bits: 8,  interrupts: 1024, access: [.word, .byte]),
        .init("GICD_ITARGETSR",  0x0800, .reserved,      bits: 8,  interrupts: 1024, access: [.word, .byte]),
        .init("GICD_ICFGR",      0x0C00, .configuration, bits: 2,  interrupts: 1024),
        .init("GICD_IGRPMODR",   0x0D00, .reserved,      bits: 1,  interrupts: 1024),
        .init("GICD_NSACR",      0x0E00, .reserved,      bits: 2,  interrupts: 1024),
        .init("GICD_SGIR",       0x0F00, .reserved),
        .init("GICD_CPENDSGIR",  0x0F10, .reserved,      bits: 8,  interrupts: 16,   access: [.word, .byte]),
        .init("GICD_SPENDSGIR",  0x0F20, .reserved,      bits: 8,  interrupts: 16,   access: [.word, .byte]),
        .init("GICD_IROUTER",    0x6000, .router,        bits: 64, interrupts: 1024, access: [.double, .word]),
        .init("GICD_PIDR4…7",    0xFFD0, .reserved,      byteCount: 0x10),
        .init("GICD_PIDR0…1",    0xFFE0, .reserved,      byteCount: 8),
        .init("GICD_PIDR2",      0xFFE8, .architecture),
        .init("GICD_PIDR3",      0xFFEC, .reserved),
        .init("GICD_CIDR0…3",    0xFFF0, .reserved,      byteCount: 0x10),
    ]

    /// GICv3 "The GIC Redistributor register map": RD_base, then SGI_base.
    // swift-format-ignore
    static let redistributor: [VGICRegister] = [
        .init("GICR_CTLR",       0x0_0000, .redistributorControl),
        .init("GICR_IIDR",       0x0_0004, .implementer),
        .init("GICR_TYPER",      0x0_0008, .redistributorType, byteCount: 8, access: [.double, .word]),
        .init("GICR_STATUSR",    0x0_0010, .reserved),
        .init("GICR_WAKER",      0x0_0014, .waker),
        .init("GICR_SETLPIR",    0x0_0040, .reserved,      byteCount: 8, access: [.double, .word]),
        .init("GICR_CLRLPIR",    0x0_0048, .reserved,      byteCount: 8, access: [.double, .word]),
        .init("GICR_PROPBASER",  0x0_0070, .reserved,      byteCount: 8, access: [.double, .word]),
        .init("GICR_PENDBASER",  0x0_0078, .reserved,      byteCount: 8, access: [.double, .word]),
        .init("GICR_INVLPIR",    0x0_00A0, .reserved,      byteCount: 8, access: [.double, .word]),
        .init("GICR_INVALLR",    0x0_00B0, .reserved,      byteCount: 8, access: [.double, .word]),
        .init("GICR_SYNCR",      0x0_00C0, .reserved),
        .init("GICR_PIDR4…7",    0x0_FFD0, .reserved,      byteCount: 0x10),
        .init("GICR_PIDR0…1",    0x0_FFE0, .reserved,      byteCount: 8),
        .init("GICR_PIDR2",      0x0_FFE8, .architecture),
        .init("GICR_PIDR3",      0x0_FFEC, .reserved),
        .init("GICR_CIDR0…3",    0x0_FFF0, .reserved,      byteCount: 0x10),
        .init("GICR_IGROUPR0",   0x1_0080, .group,         bits: 1, interrupts: 32),
        .init("GICR_ISENABLER0", 0x1_0100, .setEnable,     bits: 1, interrupts: 32),
        .init("GICR_ICENABLER0", 0x1_0180, .clearEnable,   bits: 1, interrupts: 32),
        .init("GICR_ISPENDR0",   0x1_0200, .setPending,    bits: 1, interrupts: 32),
        .init("GICR_ICPENDR0",   0x1_0280, .clearPending,  bits: 1, interrupts: 32),
        .init("GICR_ISACTIVER0", 0x1_0300, .setActive,     bits: 1, interrupts: 32),
        .init("GICR_ICACTIVER0", 0x1_0380, .clearActive,   bits: 1, interrupts: 32),
        .init("GICR_IPRIORITYR", 0x1_0400, .priority,      bits: 8, interrupts: 32, access: [.word, .byte]),
        .init("GICR_ICFGR",      0x1_0C00, .configuration, bits: 2, interrupts: 32),
        .init("GICR_IGRPMODR0",  0x1_0D00, .reserved,      bits: 1, interrupts: 32),
        .init("GICR_NSACR",      0x1_0E00, .reserved),
    ]

    /// The row that answers an access, or nil: no register there, or not an access that it allows.
    static func row(in table: [VGICRegister], offset: UInt64, byteCount: Int) -> VGICRegister? {
        let size = UInt64(truncatingIfNeeded: byteCount)
        guard size == 1 || size == 4 || size == 8, offset & (size &- 1) == 0 else { return nil }
        for row in table where offset >= row.offset && offset < row.end {
            return row.access.contains(Access(rawValue: byteCount)) && offset &+ size <= row.end ? row : nil
        }
        return nil
    }
}

/// Accesses that no row answers, each told once.
struct UnknownRegisterLog {
    private var seen: [UInt64]

    init(byteCount: UInt64) { seen = Array(repeating: 0, count: Int(byteCount / 4 / 64)) }

    /// Writes one line that says what to add to the table, the first time that this word is accessed.
    mutating func note(
        _ frame: String, _ access: String, offset: UInt64, byteCount: Int, to log: (String) -> Void
    ) {
        let word = Int(offset / 4)
        guard word / 64 < seen.count, seen[word / 64] & 1 << UInt64(word % 64) == 0 else { return }
        seen[word / 64] |= 1 << UInt64(word % 64)
        let place = String(offset, radix: 16, uppercase: true)
        log(
            "vgic: \(byteCount)-byte \(access) at \(frame) + 0x\(place) has no effect; the row would be "
                + ".init(\"\(frame)_?\", 0x\(place), .reserved),")
    }
}
