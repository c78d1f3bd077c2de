/// A field of an identification register that a VM may lower: KVM's FTR_LOWER_SAFE. What no field covers has one value only.
///
/// Source: Arm ARM "AArch64 identification registers"; the order of values is that of Linux's table of CPU features.
package struct IDRegisterField: Hashable, Sendable {
    /// As in the manual.
    package let name: String
    package let register: IDRegister
    package let shift: UInt64
    /// 0xF stands for -1, that nothing of the kind is there. It is below 0, which these fields must not be: FP always is there.
    package let isSigned: Bool

    private init(_ name: String, _ register: IDRegister, _ shift: UInt64, isSigned: Bool = false) {
        self.name = name
        self.register = register
        self.shift = shift
        self.isSigned = isSigned
    }

    package var mask: UInt64 { 0xF << shift }

    /// Whether the field of `value` has a value that a PE can stand for whose own register is `limit`.
    func isSafe(_ value: UInt64, limit: UInt64) -> Bool {
        let (value, limit) = (number(value), number(limit))
        return 0 <= value && value <= limit
    }

    private func number(_ register: UInt64) -> Int64 {
        let bits = register >> shift & 0xF
        return isSigned && bits > 7 ? Int64(bits) - 16 : Int64(bits)
    }
}

extension IDRegisterField {
    static let fp = Self("FP", .pfr0, 16, isSigned: true)
    static let advSIMD = Self("AdvSIMD", .pfr0, 20, isSigned: true)
    static let csv2 = Self("CSV2", .pfr0, 56)
    static let csv3 = Self("CSV3", .pfr0, 60)
    static let aes = Self("AES", .isar0, 4)
    static let sha1 = Self("SHA1", .isar0, 8)
    static let sha2 = Self("SHA2", .isar0, 12)
    static let crc32 = Self("CRC32", .isar0, 16)
    static let atomic = Self("Atomic", .isar0, 20)
    static let rdm = Self("RDM", .isar0, 28)
    static let dp = Self("DP", .isar0, 44)
    static let ts = Self("TS", .isar0, 52)
    static let dpb = Self("DPB", .isar1, 0)
    static let lrcpc = Self("LRCPC", .isar1, 20)
    static let pan = Self("PAN", .mmfr1, 20)
    static let uao = Self("UAO", .mmfr2, 4)
    static let e0pd = Self("E0PD", .mmfr2, 60)

    package static let all = [
        fp, advSIMD, csv2, csv3, aes, sha1, sha2, crc32, atomic, rdm, dp, ts, dpb, lrcpc, pan, uao, e0pd,
    ]
}
