import CHost

/// The layout of the control page: the shared memory in which coordinator and workers ring each other's doorbells, pass
/// requests and broadcast TLB maintenance. Every word in it may be written by any process of the VM; nobody may
/// trust it for anything but liveness.
///
/// ```
///  0x0000  header      magic, version, vCPU count, observation
///  0x1000  DVM ring    head; at 0x2000 256 slots of 16 bytes (see DVMRing)
///  0x4000  vCPU 0      512 bytes each, one writer per cache line where it matters
/// ```
package enum ControlPage {
    package static let magic: UInt32 = 0x414D_5241  // "ARMA"
    package static let version: UInt32 = 2

    package static let magicOffset = 0
    package static let versionOffset = 4
    package static let vcpuCountOffset = 8
    /// Not zero: workers write the stamps of `VCPUControl`.
    package static let observationOffset = 12

    package static let dvmOffset = 0x1000
    package static let vcpuOffset = 0x4000
    package static let vcpuStride = 512

    /// Bytes of the control page of a VM with `vcpuCount` vCPUs, a multiple of 4 KiB.
    package static func byteCount(vcpuCount: Int) -> Int {
        (vcpuOffset + vcpuCount * vcpuStride + 0xFFF) & ~0xFFF
    }
}

/// What a doorbell word says: why the worker should come out of the guest's code for a moment.
package enum Doorbell {
    /// A request waits (KVM's kick).
    package static let kick: UInt32 = 1 << 0
    /// The DVM ring has something new.
    package static let dvm: UInt32 = 1 << 1
    /// The worker's own timer struck.
    package static let timer: UInt32 = 1 << 2
}

/// One vCPU's words in the control page.
public struct VCPUControl: Sendable {
    /// The vCPU's 512 bytes.
    public nonisolated(unsafe) let base: UnsafeMutableRawPointer

    package init(page: UnsafeMutableRawPointer, vcpu index: Int) {
        base = page + ControlPage.vcpuOffset + index * ControlPage.vcpuStride
    }

    // First cache line: written by others, read by the worker in its hot loop.
    @inlinable public var doorbell: UnsafeMutableRawPointer { base }
    @inlinable public var requests: UnsafeMutableRawPointer { base + 4 }
    /// The event register's remote half: SEV of another vCPU sets it to 1.
    @inlinable public var event: UnsafeMutableRawPointer { base + 8 }

    // Second cache line: the worker's state, read by others.
    /// `VCPUMode`.
    @inlinable public var mode: UnsafeMutableRawPointer { base + 64 }
    /// 1 while this vCPU may use translations or decoded code: a DSB of another must wait for its acknowledgement.
    @inlinable public var dvmActive: UnsafeMutableRawPointer { base + 68 }
    /// The ring position (low 32 bits) up to which this vCPU has applied the DVM ring; a futex.
    @inlinable public var dvmAcknowledged: UnsafeMutableRawPointer { base + 72 }
    /// Number of vCPUs that sleep on `dvmAcknowledged`.
    @inlinable public var dvmWaiters: UnsafeMutableRawPointer { base + 76 }

    /// Counters, 64 bits each, written by the worker only; see `VCPUCounter`.
    @inlinable public var counters: UnsafeMutableRawPointer { base + 128 }

    // Stamps of the last exit and its entry, CLOCK_MONOTONIC nanoseconds, written by the worker while it is
    // observed. When the guest trapped stands in the Exit frame.
    /// When the Exit frame was ready to be sent.
    package var sendTime: UnsafeMutableRawPointer { base + 256 }
    /// When the Entry frame had been received.
    package var entryTime: UnsafeMutableRawPointer { base + 264 }
    /// When the guest went on.
    package var resumeTime: UnsafeMutableRawPointer { base + 272 }

    /// How often a fault that the worker injects has struck, written by the worker only.
    private func strikes(of fault: Fault) -> UnsafeMutableRawPointer { base + (fault == .dropDVMAck ? 384 : 392) }
    package func strikeCount(of fault: Fault) -> UInt64 { armada_load_relaxed64(strikes(of: fault)) }
    package func countStrike(of fault: Fault) {
        armada_store_relaxed64(strikes(of: fault), strikeCount(of: fault) &+ 1)
    }

    package func counter(_ which: VCPUCounter) -> UInt64 { armada_load_relaxed64(counters + which.rawValue * 8) }
}

/// The worker's counters in its control block. Fast exits are those that KVM answers inside EL2.
package enum VCPUCounter: Int, CaseIterable, Sendable {
    case retiredInstructions
    case fastCounterRead
    case fastTimer
    case fastInterruptAcknowledge
    case fastEndOfInterrupt
    case fastCPUInterface
    case fastWFE
    case fastOther
    case dvmSent
    case dvmApplied
    case stage1Walks
    case decodedInstructions
    case pollSuccess
    case pollFail
    case guestNanoseconds
    /// SGI frames sent.
    case sgiSent
}
