/// An instruction word with the fields that the manual names.
struct Word {
    let raw: UInt32

    init(_ raw: UInt32) { self.raw = raw }

    /// Bits `high` down to `low`, right-aligned.
    @inline(__always)
    func bits(_ high: UInt32, _ low: UInt32) -> UInt32 { raw >> low & (~0 >> (31 &- (high &- low))) }
    func bit(_ index: UInt32) -> UInt32 { raw >> index & 1 }
    func isSet(_ index: UInt32) -> Bool { raw >> index & 1 != 0 }
    /// Bits `high` down to `low`, sign-extended.
    func signed(_ high: UInt32, _ low: UInt32) -> Int64 {
        Int64(Int32(bitPattern: raw << (31 &- high)) >> Int32(31 &- (high &- low)))
    }

    /// Register numbers, 0…31.
    var rd: UInt8 { UInt8(raw & 31) }
    var rt: UInt8 { UInt8(raw & 31) }
    var rn: UInt8 { UInt8(raw >> 5 & 31) }
    var rt2: UInt8 { UInt8(raw >> 10 & 31) }
    var ra: UInt8 { UInt8(raw >> 10 & 31) }
    var rm: UInt8 { UInt8(raw >> 16 & 31) }
    var rs: UInt8 { UInt8(raw >> 16 & 31) }
    var sf: Bool { raw >> 31 != 0 }

    /// Slot of register `number` where 31 means XZR as a source.
    static func source(_ number: UInt8) -> UInt8 { number == 31 ? RegisterSlot.zero : number }
    /// Slot of register `number` where 31 means XZR as a destination.
    static func destination(_ number: UInt8) -> UInt8 { number == 31 ? RegisterSlot.sink : number }
}
