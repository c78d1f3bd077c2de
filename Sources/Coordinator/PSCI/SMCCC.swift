/// SMC Calling Convention 1.1. Source: DEN 0028 "SMC Calling Convention".
struct SMCCCFunction: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt32
    init(rawValue: UInt32) { self.rawValue = rawValue }
    init(_ rawValue: UInt32) { self.rawValue = rawValue }

    static let version = Self(0x8000_0000)
    static let archFeatures = Self(0x8000_0001)
    /// Branch predictor hardening (CVE-2017-5715).
    static let archWorkaround1 = Self(0x8000_8000)
    /// Speculative store bypass (CVE-2018-3639).
    static let archWorkaround2 = Self(0x8000_7FFF)
    /// Branch history (CVE-2022-23960).
    static let archWorkaround3 = Self(0x8000_3FFF)
    /// Source: DEN 0057 "Paravirtualized Time for Arm-based Systems".
    static let pvTimeFeatures = Self(0xC500_0020)
    static let pvTimeST = Self(0xC500_0021)

    /// The call uses 64-bit arguments.
    var is64Bit: Bool { rawValue & 1 << 30 != 0 }
    /// Bits 29:24: who is called; 4 is the standard secure service, which holds PSCI.
    var owner: UInt32 { rawValue >> 24 & 0x3F }
    /// PSCI's function number, if it is one of PSCI's range.
    var psciNumber: UInt32? {
        rawValue & 0xBFFF_FFE0 == 0x8400_0000 ? rawValue & 0x1F : nil
    }
}

/// What a call returns in X0.
enum SMCCCResult {
    static let success: UInt64 = 0
    static let notSupported = UInt64(bitPattern: -1)
    static let notRequired = UInt64(bitPattern: -2)
    /// ARCH_FEATURES of a workaround: this PE is not affected.
    static let unaffected: UInt64 = 1
    static let version1_1: UInt64 = 0x1_0001
}
