/// A PE's affinity, as in MPIDR_EL1, GICR_TYPER and GICD_IROUTER.
///
/// Source: Arm ARM "MPIDR_EL1, Multiprocessor Affinity Register".
package struct MPIDR: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue & 0xFF_00FF_FFFF }

    /// As KVM assigns it: 16 PEs to an Aff0 group, because a GICv3 SGI can name only 16 in one target list.
    package init(vcpuIndex: Int) {
        rawValue = UInt64(vcpuIndex & 0xF) | UInt64(vcpuIndex >> 4 & 0xFF) << 8 | UInt64(vcpuIndex >> 12 & 0xFF) << 16
    }

    /// The vCPU that has this affinity, if one of `count` does.
    package func vcpuIndex(count: Int) -> Int? {
        guard aff3 == 0, aff0 < 16 else { return nil }
        let index = Int(aff2) << 12 | Int(aff1) << 4 | Int(aff0)
        return index < count ? index : nil
    }

    package var aff0: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
    package var aff1: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) }
    package var aff2: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 16) }
    package var aff3: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 32) }
    /// The value that MRS MPIDR_EL1 reads: bit 31 is RES1.
    package var registerValue: UInt64 { rawValue | 1 << 31 }
}
