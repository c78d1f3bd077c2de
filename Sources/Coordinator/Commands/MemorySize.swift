import ArgumentParser
import Glibc
import Shared

/// A count of bytes as the user writes it: `536870912`, `512M`, `2G`.
struct MemorySize: ExpressibleByArgument, Equatable, CustomStringConvertible {
    var byteCount: UInt64

    init(byteCount: UInt64) { self.byteCount = byteCount }

    init?(argument: String) {
        var digits = Substring(argument)
        for ending in ["iB", "ib", "B", "b"] where digits.hasSuffix(ending) {
            digits = digits.dropLast(ending.count)
            break
        }
        let shift: UInt64
        switch digits.last {
        case "K", "k": shift = 10
        case "M", "m": shift = 20
        case "G", "g": shift = 30
        case "T", "t": shift = 40
        default: shift = 0
        }
        if shift != 0 { digits = digits.dropLast() }
        guard let value = UInt64(digits), value <= UInt64.max >> shift else { return nil }
        byteCount = value << shift
    }

    var description: String {
        for (unit, shift) in [("G", UInt64(30)), ("M", 20), ("K", 10)]
        where byteCount != 0 && byteCount & (1 << shift - 1) == 0 {
            return "\(byteCount >> shift)\(unit)"
        }
        return "\(byteCount)"
    }

    var defaultValueDescription: String { description }

    /// Why a guest cannot have this much RAM on a host with `hostByteCount`; nil: it can.
    func problem(hostByteCount: UInt64) -> String? {
        let block: UInt64 = 2 << 20
        if byteCount < block { return "--memory \(self) is too little: give 2M or more, for example 512M" }
        if byteCount % block != 0 { return "--memory \(self) is not a multiple of 2M: round it" }
        let most = min(hostByteCount, PhysicalMap.ramLimit.rawValue - PhysicalMap.ram.rawValue) / block * block
        if byteCount > most {
            return "--memory \(self) is more than this host can give: give at most \(MemorySize(byteCount: most))"
        }
        return nil
    }

    /// The host's physical memory.
    static var hostByteCount: UInt64 {
        let pages = sysconf(CInt(_SC_PHYS_PAGES))
        let pageByteCount = sysconf(CInt(_SC_PAGESIZE))
        guard pages > 0, pageByteCount > 0 else { return .max }
        return UInt64(pages).multipliedReportingOverflow(by: UInt64(pageByteCount)).partialValue
    }
}
