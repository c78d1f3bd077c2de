/// A stage-2 descriptor of the VMSAv8-64 long-descriptor format. Its output address is an offset into the guest RAM
/// file: that file is the machine's physical memory.
///
/// Source: Arm ARM "VMSAv8-64 descriptor formats", "Stage 2 attribute fields".
public struct Stage2Descriptor: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let valid: UInt64 = 1 << 0
    /// At levels 0 to 2 a table, at level 3 a page.
    public static let tableOrPage: UInt64 = 1 << 1
    public static let memAttrNormalWriteBack: UInt64 = 0xF << 2
    public static let memAttrDeviceNGnRE: UInt64 = 0x1 << 2
    /// S2AP[0]: readable. S2AP[1]: writable.
    public static let read: UInt64 = 1 << 6
    public static let write: UInt64 = 1 << 7
    public static let innerShareable: UInt64 = 3 << 8
    public static let accessFlag: UInt64 = 1 << 10
    public static let contiguous: UInt64 = 1 << 52
    public static let executeNever: UInt64 = 1 << 54
    /// Bits 47:12, the output or next-table address with 4 KiB granules.
    public static let addressMask: UInt64 = 0x0000_FFFF_FFFF_F000
}
