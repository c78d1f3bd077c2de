/// A line of the guest's program `stressed`: see `Guests/user/stressed/main.c`.
enum LinuxStressLine: Equatable {
    /// So many timers were so late.
    struct Lateness: Equatable {
        var nanoseconds: UInt64
        var count: UInt64
    }

    case begin(cpuCount: UInt64)
    /// So often has something been begun, and has it ended, in all rounds so far.
    case did(kind: String, began: UInt64, ended: UInt64)
    case early(kind: String, cpu: UInt64, nanoseconds: UInt64)
    case starved(kind: String, cpu: UInt64, nanoseconds: UInt64)
    /// The timers of one round.
    case late([Lateness])
    /// Nothing is under way; the guest will now look into /proc/interrupts.
    case settled(round: UInt64)
    /// It has.
    case read(round: UInt64)
    /// How often each CPU has taken the SGI, modulo 2^32.
    case count(sgi: Int, [UInt32])
    /// All counts have been said.
    case counted(round: UInt64)
    case end

    static let prefix = "armada-stress: "

    /// nil: it is none, or it was garbled by one of the kernel's.
    init?(_ line: String) {
        guard line.hasPrefix(Self.prefix) else { return nil }
        let words = line.dropFirst(Self.prefix.count).split(separator: " ").map(String.init)
        guard let first = words.first else { return nil }
        let kind = words.count > 1 ? words[1] : ""
        let all = words.dropFirst().map { UInt64($0) }
        let afterName = words.dropFirst(2).compactMap { UInt64($0) }
        let isNamed = afterName.count == max(words.count - 2, 0)
        switch (first, all.count) {
        case ("begin", 1): self.init(all[0]) { .begin(cpuCount: $0) }
        case ("settled", 1): self.init(all[0]) { .settled(round: $0) }
        case ("read", 1): self.init(all[0]) { .read(round: $0) }
        case ("counted", 1): self.init(all[0]) { .counted(round: $0) }
        case ("end", 0): self = .end
        case ("did", 4) where isNamed: self = .did(kind: kind, began: afterName[0], ended: afterName[1])
        case ("early", 3) where isNamed: self = .early(kind: kind, cpu: afterName[0], nanoseconds: afterName[1])
        case ("starved", 3) where isNamed: self = .starved(kind: kind, cpu: afterName[0], nanoseconds: afterName[1])
        case ("count", 2...) where isNamed && kind.hasPrefix("IPI"):
            let counts = afterName.compactMap { UInt32(exactly: $0) }
            guard let sgi = Int(kind.dropFirst(3)), 0..<16 ~= sgi, counts.count == afterName.count else { return nil }
            self = .count(sgi: sgi, counts)
        case ("late", let count) where count % 2 == 0:
            let numbers = all.compactMap { $0 }
            guard numbers.count == count else { return nil }
            self = .late(
                stride(from: 0, to: count, by: 2).map { .init(nanoseconds: numbers[$0], count: numbers[$0 + 1]) })
        default: return nil
        }
    }

    private init?(_ number: UInt64?, _ make: (UInt64) -> Self) {
        guard let number else { return nil }
        self = make(number)
    }
}
