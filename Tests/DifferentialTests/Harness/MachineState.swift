@testable import VCPUWorker

/// The registers that an instruction under test may read and write, on either side.
struct MachineState: Equatable {
    /// X0…X30.
    var x = [UInt64](repeating: 0, count: 31)
    var sp: UInt64 = 0
    var pc: UInt64 = 0
    /// V0…V31 as pairs of words, low first.
    var v = [UInt64](repeating: 0, count: 64)
    /// N, Z, C, V in bits 31:28.
    var nzcv: UInt32 = 0
    var fpcr: UInt32 = 0
    var fpsr: UInt32 = 0

    /// What differs, one line a register.
    func differences(from expected: MachineState) -> [String] {
        if self == expected { return [] }
        func hex(_ value: some BinaryInteger) -> String { String(UInt64(truncatingIfNeeded: value), radix: 16) }
        var lines: [String] = []
        for index in 0..<31 where x[index] != expected.x[index] {
            lines.append("x\(index) is \(hex(x[index])), expected \(hex(expected.x[index]))")
        }
        if sp != expected.sp { lines.append("sp is \(hex(sp)), expected \(hex(expected.sp))") }
        if pc != expected.pc { lines.append("pc is \(hex(pc)), expected \(hex(expected.pc))") }
        for index in 0..<32
        where v[2 * index] != expected.v[2 * index] || v[2 * index + 1] != expected.v[2 * index + 1] {
            lines.append(
                "v\(index) is \(hex(v[2 * index + 1])):\(hex(v[2 * index])), "
                    + "expected \(hex(expected.v[2 * index + 1])):\(hex(expected.v[2 * index]))")
        }
        if nzcv != expected.nzcv { lines.append("nzcv is \(hex(nzcv)), expected \(hex(expected.nzcv))") }
        if fpcr != expected.fpcr { lines.append("fpcr is \(hex(fpcr)), expected \(hex(expected.fpcr))") }
        if fpsr != expected.fpsr { lines.append("fpsr is \(hex(fpsr)), expected \(hex(expected.fpsr))") }
        return lines
    }
}
