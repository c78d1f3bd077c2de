import CHost

/// The layout of the control page: the shared memory in which coordinator and workers ring each other's doorbells, pass
/// requests and broadcast TLB maintenance. Every word in it may be written by any process of the VM; nobody may
/// trust it for anything but liveness.
///
/// ```
///  0x0000  header      magic, version, vCPU count, observation; at 0x40 where the coordinator is at work
///  0x1000  DVM ring    head; at 0x2000 256 slots of 16 bytes (see DVMRing)
///  0x4000  vCPU 0      512 bytes each, in cache lines by who polls and who writes
/// ```
package enum ControlPage {
    package static let magic: UInt32 = 0x414D_5241  // "ARMA"
    package static let version: UInt32 = 5

    package static let magicOffset = 0
    package static let versionOffset = 4
    package static let vcpuCountOffset = 8
    /// Not zero: workers write the stamps of `VCPUControl`.
    package static let observationOffset = 12

    /// The number of the processor on which the coordinator is at work, plus 1; 0 while it sleeps.
    package static let coordinatorOffset = 64

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

    // Written by others, read by the worker in its hot loop.
    @inlinable public var doorbell: UnsafeMutableRawPointer { @inline(__always) get { base } }
    /// The event register's remote half: SEV of another vCPU sets it to 1.
    @inlinable public var event: UnsafeMutableRawPointer { base + 8 }

    // What a poll of either side looks at, and nothing else that changes: each write to a line that another processor
    // polls takes the line back from it, which costs a hundredth of an exit.
    /// `VCPUMode`.
    @inlinable public var mode: UnsafeMutableRawPointer { @inline(__always) get { base + 64 } }
    @usableFromInline static let sgiSentOffset = 72

    // The other counters, 64 bits each, written by the worker only.
    @usableFromInline static let countersOffset = 128

    // The coordinator's.
    @inlinable public var requests: UnsafeMutableRawPointer { base + 320 }

    // The worker's state towards the DVM ring, read by others.
    /// 1 while this vCPU may use translations or decoded code: a DSB of another must wait for its acknowledgement.
    @inlinable public var dvmActive: UnsafeMutableRawPointer { base + 384 }
    /// The ring position (low 32 bits) up to which this vCPU has applied the DVM ring; a futex.
    @inlinable public var dvmAcknowledged: UnsafeMutableRawPointer { base + 388 }
    /// Number of vCPUs that sleep on `dvmAcknowledged`.
    @inlinable public var dvmWaiters: UnsafeMutableRawPointer { base + 392 }

    /// Not 0: the vCPU is lost, and nobody waits for its acknowledgement. Written by the coordinator only.
    @inlinable public var dvmGone: UnsafeMutableRawPointer { base + 396 }

    // Stamps of the last exit and its entry, CLOCK_MONOTONIC nanoseconds, written by the worker while it is
    // observed. When the guest trapped stands in the Exit frame.
    /// When the Exit frame was ready to be sent.
    package var sendTime: UnsafeMutableRawPointer { base + 256 }
    /// When the Entry frame had been received.
    package var entryTime: UnsafeMutableRawPointer { base + 264 }
    /// When the guest went on.
    package var resumeTime: UnsafeMutableRawPointer { base + 272 }

    /// The number of the processor on which the worker was when it last entered the guest.
    package var processor: UnsafeMutableRawPointer { base + 280 }

    /// How often a fault that the worker injects has struck, written by the worker only.
    private func strikes(of fault: Fault) -> UnsafeMutableRawPointer { base + (fault == .dropDVMAck ? 448 : 456) }
    package func strikeCount(of fault: Fault) -> UInt64 { armada_load_relaxed64(strikes(of: fault)) }
    package func countStrike(of fault: Fault) {
        armada_store_relaxed64(strikes(of: fault), strikeCount(of: fault) &+ 1)
    }

    @inlinable @inline(__always) public func counter(_ which: VCPUCounter) -> UInt64 {
        armada_load_relaxed64(place(of: which))
    }

    /// Publishes a counter; the worker only.
    @inlinable @inline(__always) public func setCounter(_ which: VCPUCounter, _ value: UInt64) {
        armada_store_relaxed64(place(of: which), value)
    }

    /// Adds one to a counter; the worker only, so that a plain increment will do.
    @inlinable @inline(__always) public func increment(_ which: VCPUCounter) {
        let place = place(of: which)
        armada_store_relaxed64(place, armada_load_relaxed64(place) &+ 1)
    }

    @inlinable @inline(__always) func place(of which: VCPUCounter) -> UnsafeMutableRawPointer {
        which == .sgiSent ? base + Self.sgiSentOffset : base + Self.countersOffset + which.rawValue &* 8
    }
}

/// The worker's counters in its control block. Fast exits are those that KVM answers inside EL2.
@frozen public enum VCPUCounter: Int, CaseIterable, Sendable {
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
