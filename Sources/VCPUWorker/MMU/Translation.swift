import Shared

/// What a translation permits: one bit for each kind of access at each level of privilege.
struct AccessRights: OptionSet {
    let rawValue: UInt8

    static let privilegedRead = Self(rawValue: 1 << 0)
    static let privilegedWrite = Self(rawValue: 1 << 1)
    static let privilegedExecute = Self(rawValue: 1 << 2)
    static let unprivilegedRead = Self(rawValue: 1 << 3)
    static let unprivilegedWrite = Self(rawValue: 1 << 4)
    static let unprivilegedExecute = Self(rawValue: 1 << 5)

    static let all = Self(rawValue: 0x3F)
    static let reads: Self = [.privilegedRead, .unprivilegedRead]
    static let writes: Self = [.privilegedWrite, .unprivilegedWrite]
    static let unprivileged: Self = [.unprivilegedRead, .unprivilegedWrite, .unprivilegedExecute]
    static let executions: Self = [.privilegedExecute, .unprivilegedExecute]

    /// The one right that `access` needs.
    @inline(__always)
    static func needed(by access: MemoryAccess) -> Self {
        let kind: UInt8 =
            switch access.kind {
            case .read: 1
            case .write: 2
            case .fetch: 4
            }
        return Self(rawValue: access.unprivileged ? kind &<< 3 : kind)
    }
}

/// What stage 1 alone makes of a virtual address.
struct Stage1Translation {
    /// The IPA of the very address that was asked for.
    var ipa: UInt64
    var rights: AccessRights
    /// AP[1] after the tables' limits: EL0 may read it, so that PAN keeps EL1 away.
    var isUserAccessible: Bool
    /// nG = 0: the same under every ASID.
    var isGlobal: Bool
    /// The byte of MAIR_EL1; Device-nGnRnE with the MMU off.
    var attributes: UInt8
    /// SH[1:0] of the descriptor.
    var shareability: UInt8
    /// Bits of the block or page: 12 for 4 KiB.
    var blockBits: UInt8
    /// The level of the leaf.
    var level: UInt8

    var isDevice: Bool { attributes & 0xF0 == 0 }
}

/// What stage 2 makes of an IPA.
struct Stage2Translation {
    /// The offset into guest RAM of the very address that was asked for.
    var offset: UInt64
    var isReadable: Bool
    var isWritable: Bool
    var isExecutable: Bool
    var isDevice: Bool
    var level: UInt8
}

/// Both stages together: what a TLB keeps.
struct Translation {
    /// The offset into guest RAM of the very address that was asked for.
    var offset: UInt64
    /// What both stages permit.
    var rights: AccessRights
    var isUserAccessible: Bool
    var isGlobal: Bool
    /// Device memory by either stage.
    var isDevice: Bool
    /// Bits of the stage-1 block or page.
    var blockBits: UInt8
}

/// Why a walk ended without a translation.
struct WalkFault: Error, Equatable {
    var status: FaultStatus
    var isStage2 = false
    /// With `isStage2`: the access was the read of a stage-1 descriptor.
    var isStage1Walk = false
    /// With `isStage2`: the IPA that could not be translated.
    var ipa: UInt64 = 0
}

/// Guest RAM and the stage-2 tables as the walker sees them. Both sizes bound every read.
struct PhysicalMemory {
    let ram: UnsafeMutableRawPointer
    let ramByteCount: UInt64
    let stage2Tables: UnsafeRawPointer
    let stage2ByteCount: UInt64
}

/// What a walk has to know about the access, beside its address.
struct WalkRequest {
    var access: MemoryAccess
    /// PAN applies: an EL1 data access with PSTATE.PAN set.
    var isPrivilegedAccessNever = false
    /// The address is not aligned to the access, which Device memory does not take.
    var isUnaligned = false
}
