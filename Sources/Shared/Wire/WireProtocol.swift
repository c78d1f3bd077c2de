/// The numbers on which both ends of the wire agree.
package enum WireProtocol {
    /// Both ends must speak the same version; there is no negotiation.
    package static let version: UInt32 = 6
    /// The largest frame, its length word not counted.
    package static let maximumFrameByteCount = 64 << 10
    /// A frame's length comes first, as 32 bits, little-endian.
    package static let lengthByteCount = 4
    /// Descriptors that come with Welcome: guest RAM, stage-2 tables, control page.
    package static let welcomeDescriptorCount = 3
    package static let maximumVCPUCount = 512
    /// Registers in a register access or its answer.
    package static let maximumRegisterCount = 256
    package static let maximumHaltPollNanoseconds: UInt64 = 1_000_000_000
}

/// What a worker's processor can do, as it says in Hello.
package struct WorkerFeature: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Floating point and Advanced SIMD.
    package static let floatingPoint = Self(rawValue: 1 << 0)
    package static let crc32 = Self(rawValue: 1 << 1)
    /// FEAT_LSE: CAS, SWP, LDADD and the like.
    package static let atomics = Self(rawValue: 1 << 2)
    package static let pan = Self(rawValue: 1 << 3)

    package static let all: Self = [.floatingPoint, .crc32, .atomics, .pan]
}
