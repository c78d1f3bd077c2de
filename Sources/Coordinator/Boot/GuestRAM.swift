import Shared

/// Guest RAM while it is being filled: addresses in, host memory out.
struct GuestRAM {
    let base: UnsafeMutableRawPointer
    let byteCount: UInt64

    var range: Range<IPA> { PhysicalMap.ram..<PhysicalMap.ram + byteCount }

    /// The host memory of `count` bytes at `address`, nil if they are not all in RAM.
    func pointer(to address: IPA, count: UInt64) -> UnsafeMutableRawPointer? {
        guard address >= PhysicalMap.ram else { return nil }
        let offset = address.rawValue - PhysicalMap.ram.rawValue
        guard offset <= byteCount, count <= byteCount - offset else { return nil }
        return base + Int(offset)
    }

    /// The address `byteCount` bytes above the start of RAM; saturates.
    static func address(offset: UInt64) -> IPA {
        let (sum, overflow) = PhysicalMap.ram.rawValue.addingReportingOverflow(offset)
        return IPA(overflow ? .max : sum)
    }

    /// How much RAM is needed for `end` to be inside.
    static func byteCount(upTo end: IPA) -> UInt64 { end.rawValue &- PhysicalMap.ram.rawValue }
}
