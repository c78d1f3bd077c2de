import Shared

/// The access whose translation is explained. It is aligned.
struct WalkedAccess: Equatable, Sendable {
    enum Kind: UInt32, Sendable { case read = 0, write = 1, fetch = 2 }

    var address: UInt64
    var kind = Kind.read
    /// With the permissions of EL0.
    var isUnprivileged = false

    var name: String { "\(kind) at EL\(isUnprivileged ? 0 : 1)" }
}

/// What a translation depends on.
struct WalkRegisters: Equatable, Sendable {
    var sctlr_EL1: UInt64 = 0
    var tcr_EL1: UInt64 = 0
    var ttbr0_EL1: UInt64 = 0
    var ttbr1_EL1: UInt64 = 0
    var mair_EL1: UInt64 = 0
    var vtcr_EL2: UInt64 = 0
    /// BADDR is an offset into the stage-2 memory file.
    var vttbr_EL2: UInt64 = 0
    /// PSTATE.PAN.
    var isPAN = false

    /// The bits of a physical address: what VTCR_EL2.PS says is the machine's size, and the guest finds as PARange.
    var physicalAddressBits: Int { Int(PhysicalAddressSize.bits(encoded: vtcr_EL2 >> 16)) }
}

/// Guest RAM and the stage-2 tables, as the coordinator has them mapped.
struct WalkMemory {
    let ram: UnsafeRawBufferPointer
    let stage2Tables: UnsafeRawBufferPointer

    /// nil: outside.
    static func word(_ memory: UnsafeRawBufferPointer, at offset: UInt64) -> UInt64? {
        guard offset & 7 == 0, offset < UInt64(memory.count), UInt64(memory.count) - offset >= 8 else { return nil }
        return memory.load(fromByteOffset: Int(offset), as: UInt64.self)
    }
}

/// Why there is no translation.
struct WalkProblem: Error, Equatable {
    var status: FaultStatus
    var why: String
    var isStage2 = false
    /// With `isStage2`: what was to be translated is the address of a stage-1 descriptor.
    var isStage1Walk = false
    /// With `isStage2`.
    var ipa: UInt64 = 0
}
