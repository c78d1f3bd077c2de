/// Why a worker left the guest: the return value of KVM's `__guest_enter`.
package struct ExitCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A kick, or a timer that fired: nothing to emulate.
    package static let irq = Self(rawValue: 0)
    /// ARM_EXCEPTION_EL1_SERROR.
    package static let serror = Self(rawValue: 1)
    /// ARM_EXCEPTION_TRAP: dispatch on ESR_EL2.EC.
    package static let trap = Self(rawValue: 2)
    /// ARM_EXCEPTION_IL: an illegal exception return to the guest.
    package static let illegal = Self(rawValue: 3)

    /// ARM_EXIT_WITH_SERROR_BIT: an SError came along with the exit.
    package static let withSErrorBit: UInt32 = 1 << 31

    package var hasSError: Bool { rawValue & Self.withSErrorBit != 0 }
    package var withoutSError: Self { Self(rawValue: rawValue & ~Self.withSErrorBit) }
}
