import Testing

@testable import Shared

@Suite("How busy the host is") struct HostLoadTests {
    private static func runnable(_ line: String) -> Int? {
        Array(line.utf8).withUnsafeBytes { HostLoad.runnable(in: $0) }
    }

    @Test func runnableThreadsStandBeforeTheSlash() {
        #expect(Self.runnable("0.20 0.18 0.12 1/80 11206\n") == 1)
        #expect(Self.runnable("99.20 0.18 0.12 1234/5680 11206\n") == 1234)
    }

    @Test(arguments: ["", "0.20 0.18 0.12", "/", "0.2 0.1 0.1 x/8 1", "1 1 1 99999999999999999999/1 1"])
    func nonsenseSaysNothing(_ line: String) { #expect(Self.runnable(line) == nil) }

    @Test func readingIsRenewedAfterAWhileOnly() {
        var load = HostLoad()
        let first = load.isCrowded(at: 1_000_000_000)
        let second = load.isCrowded(at: 1_000_000_001)
        #expect(first == second)
    }
}
