import Glibc
import Testing

@testable import Shared

@Suite("How long a process has run") struct ProcessTimesTests {
    private static func runDelay(_ line: String) -> UInt64? {
        Array(line.utf8).withUnsafeBytes { ProcessTimes.runDelay(in: $0) }
    }

    @Test func runDelayIsTheSecondNumber() {
        #expect(Self.runDelay("1044332 28117 12\n") == 28117)
        #expect(Self.runDelay("0 18446744073709551615 0\n") == .max)
    }

    @Test(arguments: ["", " ", "12", "12 ", "a b c", "1 -1 1", "1 99999999999999999999 1"])
    func nonsenseSaysNothing(_ line: String) { #expect(Self.runDelay(line) == nil) }

    @Test func workIsSeen() throws {
        guard let times = ProcessTimes(of: getpid()) else { throw SystemError("read this process's times") }
        guard let before = times.read() else { throw SystemError("read this process's times") }
        var now = before
        // As long as it takes: the host may be busy.
        for _ in 0..<1_000_000 where now.processor &- before.processor < 10_000_000 { now = times.read() ?? now }
        #expect(now.processor &- before.processor >= 10_000_000)
        #expect(now.runDelay >= before.runDelay)
    }

    @Test func processThatIsNotThereHasNone() {
        let isThere = ProcessTimes(of: pid_t.max) != nil
        #expect(!isThere)
    }
}
