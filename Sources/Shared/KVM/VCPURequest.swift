/// KVM's `vcpu->requests`: what a vCPU must do before it enters the guest again. Bits of the control page's word.
package struct VCPURequest: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let sleep = Self(rawValue: 1 << 0)
    package static let irqPending = Self(rawValue: 1 << 1)
    package static let vcpuReset = Self(rawValue: 1 << 2)
    package static let recordSteal = Self(rawValue: 1 << 3)
    package static let suspend = Self(rawValue: 1 << 4)
    package static let tlbFlush = Self(rawValue: 1 << 5)
    package static let vmDead = Self(rawValue: 1 << 6)
    package static let unblock = Self(rawValue: 1 << 7)
}

/// KVM's `vcpu->mode`.
@frozen public enum VCPUMode: UInt32, Sendable {
    case outsideGuest = 0
    case inGuest = 1
    /// A kick is on its way; a second one is not needed.
    case exitingGuest = 2
}
