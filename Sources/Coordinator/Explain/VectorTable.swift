/// `armada explain vectors`: the table at VBAR_EL1.
///
/// Source: Arm ARM "Exception vectors".
enum VectorTable {
    /// From where an exception is taken: four groups of 0x200 bytes.
    enum Origin: Int, CaseIterable {
        case currentSP0, currentSPx, lower64, lower32

        var name: String {
            switch self {
            case .currentSP0: "EL1 with SP_EL0 (EL1t)"
            case .currentSPx: "EL1 with SP_EL1 (EL1h)"
            case .lower64: "EL0 in AArch64"
            case .lower32: "EL0 in AArch32"
            }
        }

        /// In Linux's names of its entries.
        var nameInLinux: String {
            switch self {
            case .currentSP0: "el1t_64"
            case .currentSPx: "el1h_64"
            case .lower64: "el0t_64"
            case .lower32: "el0t_32"
            }
        }
    }

    /// The kind of exception: 0x80 bytes each, which is 32 instructions.
    enum Kind: Int, CaseIterable {
        case synchronous, irq, fiq, serror

        var name: String {
            switch self {
            case .synchronous: "synchronous"
            case .irq: "IRQ"
            case .fiq: "FIQ"
            case .serror: "SError"
            }
        }

        var nameInLinux: String {
            switch self {
            case .synchronous: "sync"
            case .irq: "irq"
            case .fiq: "fiq"
            case .serror: "error"
            }
        }
    }

    struct Entry {
        let origin: Origin
        let kind: Kind

        var offset: Int { origin.rawValue * 0x200 + kind.rawValue * 0x80 }
        var nameInLinux: String { origin.nameInLinux + "_" + kind.nameInLinux }

        /// Whether a running Linux gets there on Armada, and why.
        var use: (isReached: Bool, reason: String) {
            switch (origin, kind) {
            case (.currentSP0, _): (false, "the kernel runs with PSTATE.SP = 1 from its first exception on")
            case (.lower32, _): (false, "ID_AA64PFR0_EL1.EL0 says that EL0 is AArch64 alone")
            case (_, .fiq): (false, "Linux puts all interrupts into Group 1, which is signalled as IRQ")
            case (.currentSPx, .synchronous): (true, "the kernel's own faults, BRK, its debugger")
            case (.currentSPx, .irq): (true, "an interrupt while the kernel runs with interrupts unmasked")
            case (.lower64, .synchronous): (true, "system calls, page faults, traps of EL0")
            case (.lower64, .irq): (true, "an interrupt while a program runs")
            case (_, .serror): (true, "only an SError that the coordinator injects")
            }
        }
    }

    static var entries: [Entry] {
        Origin.allCases.flatMap { origin in Kind.allCases.map { Entry(origin: origin, kind: $0) } }
    }

    static var text: String {
        var out = "offset  " + "from".left(24) + "kind".left(13) + "Linux's entry".left(15) + "reached by Linux\n"
        for entry in entries {
            out += hexadecimal(UInt64(entry.offset), digits: 3).left(8) + entry.origin.name.left(24)
            out += entry.kind.name.left(13) + entry.nameInLinux.left(15)
            out += (entry.use.isReached ? "yes: " : "no:  ") + entry.use.reason + "\n"
        }
        return out
            + "\nEL0 with SP_EL1 (EL0h) has no entries: EL0 has SP_EL0 alone. An entry is 0x80 bytes, 32 instructions.\n"
    }
}
