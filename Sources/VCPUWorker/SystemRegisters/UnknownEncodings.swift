import Glibc
import Shared

/// What the guest used and the worker does not have. Each encoding is reported once, and only so many of them.
struct UnknownEncodings {
    static let limit = 32
    private var seen: InlineArray<32, UInt32> = InlineArray(repeating: 0)
    private var count = 0

    /// True when `key` has not been seen and there is room to report it.
    mutating func insert(_ key: UInt32) -> Bool {
        guard count < Self.limit else { return false }
        for index in 0..<count where seen[index] == key { return false }
        seen[count] = key
        count += 1
        return true
    }
}

/// Lines on standard error, each written at once so that the workers' lines do not mix.
enum WorkerLog {
    static func line(_ text: String) {
        var text = text + "\n"
        text.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
    }

    static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

extension VCPU {
    /// UNDEF for a system register or instruction that is in no table, and one row of the table's syntax on standard error.
    mutating func unknownSystemRegister(_ e: SystemRegisterEncoding, word: UInt32, isRead: Bool) -> Outcome {
        if system.unknown.insert(UInt32(e.rawValue)) {
            let access = isRead ? ".el1Read" : ".el1Write"
            WorkerLog.line(
                "armada-vcpu: vCPU \(index): unsupported guest system register access at \(WorkerLog.hexadecimal(pc)),"
                    + " EL\(pstate.el):\n"
                    + "        Row(\"\(e)\", \(e.op0), \(e.op1), \(e.crn), \(e.crm), \(e.op2), \(access), .constant(0)),"
            )
        }
        return takeUndefined()
    }

    /// UNDEF for an unallocated or unimplemented instruction, and one line on standard error for each class of encodings,
    /// register numbers and small immediates aside: the name of the row that is not announced, or a row to be written.
    mutating func undefinedInstruction(_ word: UInt32) -> Outcome {
        let isUDF = word >> 16 == 0
        // The high bit keeps instruction words apart from the 16-bit names of system registers.
        if !isUDF, system.unknown.insert(word & 0xFFE0_FC00 | 1 << 31) {
            let place = "vCPU \(index): unsupported guest instruction at \(WorkerLog.hexadecimal(pc)), EL\(pstate.el)"
            let number = WorkerLog.hexadecimal(UInt64(word))
            if let row = Decoder.shared.row(of: word) {
                let isThere = row.isImplemented && row.requirement.isSubset(of: features.set)
                let why = isThere ? "unallocated" : "\(row.feature.rawValue) is not announced"
                WorkerLog.line("armada-vcpu: \(place): \(number), \(row.name): \(why)")
            } else {
                var bits = ""
                for index in (0..<32).reversed() { bits += word >> UInt32(index) & 1 != 0 ? "1" : "0" }
                WorkerLog.line(
                    "armada-vcpu: \(place):\n        EncodingRow(\"\(number)\", \"\(bits)\") { .undefined($0.raw) },")
            }
        }
        return takeUndefined()
    }
}
