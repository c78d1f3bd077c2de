import Testing

@testable import Coordinator

/// What a Linux guest under stress says on its console, and what is believed of it.
@Suite struct LinuxStressConsoleTests {
    private static func lines(_ text: String) -> [String] {
        var console = LinuxConsole()
        return text.utf8.compactMap { console.take($0) }
    }

    @Test func linesEndAndHaveNothingThatATerminalObeys() {
        #expect(Self.lines("one\r\n\r\n\u{1B}[1mtwo\u{7F}\nthr") == ["one", "[1mtwo"])
    }

    @Test func aLineWithoutEndIsCut() {
        #expect(Self.lines(String(repeating: "x", count: 10_000)).map(\.count) == [4096, 4096])
    }

    @Test func theLastLinesAreKept() {
        var console = LinuxConsole()
        for number in 1...200 { for byte in "line \(number)\n".utf8 { _ = console.take(byte) } }
        #expect(console.lines.count == 80)
        #expect(console.lines.first == "line 121" && console.lines.last == "line 200")
    }

    @Test(arguments: [
        ("begin 4", LinuxStressLine.begin(cpuCount: 4)),
        ("did ping 9 8 1234", .did(kind: "ping", began: 9, ended: 8)),
        ("early timer 2 77", .early(kind: "timer", cpu: 2, nanoseconds: 77)),
        ("starved membarrier 1 5000000000", .starved(kind: "membarrier", cpu: 1, nanoseconds: 5_000_000_000)),
        ("late", .late([])),
        ("late 7 2 4095 1", .late([.init(nanoseconds: 7, count: 2), .init(nanoseconds: 4095, count: 1)])),
        ("settled 3", .settled(round: 3)), ("read 3", .read(round: 3)), ("counted 3", .counted(round: 3)),
        ("count IPI1 10 4294967295", .count(sgi: 1, [10, .max])), ("end ", .end),
    ])
    func eachLineIsUnderstood(text: String, line: LinuxStressLine) {
        #expect(LinuxStressLine(LinuxStressLine.prefix + text) == line)
    }

    @Test(arguments: [
        "", "begin", "begin four", "begin 4 4", "did ping 9 8", "did ping 9 x 1", "did ping 9 8 7 6", "early timer 2",
        "late 7", "late 7 x", "settled", "count", "count IPI1", "count IPI16 1", "count IPI 1", "count IPI-1 1",
        "count IPI1 4294967296", "count IPI1 1 [ 12.3] 2", "count timer 1 2", "end 1", "settled 3[   12.345678] x",
        "begin 18446744073709551616",
    ])
    func nothingElseIs(text: String) { #expect(LinuxStressLine(LinuxStressLine.prefix + text) == nil) }

    @Test func aLineOfAnybodyElseIsNone() {
        #expect(LinuxStressLine("armada: done") == nil)
        #expect(LinuxStressLine("[    1.5] armada-stress: end") == nil)
    }

    @Test(arguments: [
        ("[   30.1] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", StressVerdict.Violation.Rule.hang),
        ("[   30.1] watchdog: BUG: soft lockup - CPU#1 stuck for 11s! [stressed:81]", .hang),
        ("[   30.1] INFO: task stressed:81 blocked for more than 10 seconds.", .hang),
        ("[    5.9] CPU2: failed to come online", .hang),
        ("[    1.0] Unable to handle kernel NULL pointer dereference at virtual address 0", .complaint),
        ("[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs", .complaint),
        ("[    1.0] BUG: scheduling while atomic: swapper/0/0/0x00000002", .complaint),
        ("[    1.0] WARNING: CPU: 0 PID: 1 at kernel/smp.c:912", .complaint),
        ("[    1.0] Internal error: synchronous external abort: 96000010", .complaint),
        ("[    1.0] GICv3: Unexpected interrupt received!", .duplicated),
        ("[    1.0] irq 33: nobody cared (try booting with the \"irqpoll\" option)", .duplicated),
    ])
    func theKernelIsBelievedWhenItComplains(line: String, rule: StressVerdict.Violation.Rule) throws {
        let violation = try #require(KernelComplaint.violation(in: line))
        #expect(violation.rule == rule)
        #expect(violation.text == "Linux says: " + line)
    }

    @Test(arguments: [
        "[    0.0] rcu: Hierarchical RCU implementation.", "[    5.0] psci: CPU1 killed (polled 0 ms)",
        "[    1.4] PTP clock support registered", "armada-stress: starved ping BUG: 1", "armada: done",
    ])
    func otherLinesAreNoComplaints(line: String) { #expect(KernelComplaint.violation(in: line) == nil) }
}
