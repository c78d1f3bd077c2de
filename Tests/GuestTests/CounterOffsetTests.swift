import Glibc
import Testing

extension GuestTests {
    /// `armada ctl counter-offset` and `armada run --counter-start`: what a guest sees of them. The guest is `peek`.
    @Suite struct CounterOffset {
        private static let second: UInt64 = 1_000_000_000

        /// What both counters show.
        private func counters(_ guest: PeekGuest) async throws -> [UInt64] {
            let words = try await guest.tell("c").split(separator: " ")
            #expect(words.first == "counters" && words.count == 3, "\(words)")
            return words.dropFirst().compactMap { UInt64($0, radix: 16) }
        }

        private func succeed(_ guest: PeekGuest, _ words: String) async throws {
            #expect(try await guest.ctl(words) == "", "\(words)")
        }

        private func offset(_ guest: PeekGuest) async throws -> UInt64 {
            let text = try await guest.ctl("counter-offset --vm")
            return try #require(UInt64(text.dropFirst(2).dropLast(), radix: 16), "\(text)")
        }

        /// Stops all, shifts the counters by `seconds`, and lets all go on.
        private func shift(_ guest: PeekGuest, by seconds: UInt64) async throws {
            try await succeed(guest, "pause")
            try await succeed(guest, "counter-offset \(try await offset(guest) &- seconds &* Self.second) --vm")
            try await succeed(guest, "resume")
        }

        /// A sleeper's timers become due when the counters jump beyond them, and what was near goes far away.
        @Test(arguments: ["vhe", "nvhe"]) func aSleepersTimers(worldSwitch: String) async throws {
            let guest = try await PeekGuest(["-c", "2", "--world-switch", worldSwitch])
            let refusal = try await guest.ctl("counter-offset 1 --vm")
            #expect(refusal.hasPrefix("1: ") && refusal.contains("vCPU 0 runs (EBUSY)"), "\(refusal)")
            let before = try await counters(guest)
            // 18 and 36 minutes from now.
            #expect(try await guest.tell("v 10000000000") == "armed")
            #expect(try await guest.tell("p 20000000000") == "armed")
            try await shift(guest, by: 4000)
            #expect(try await guest.run.waitForOutput("fired: virtual timer at 3", seconds: 10), "\(guest.run.output)")
            #expect(try await guest.run.waitForOutput("fired: physical timer at 3", seconds: 10), "\(guest.run.output)")
            for (now, then) in zip(try await counters(guest), before) {
                #expect(now > then + 4000 * Self.second && now < then + 4100 * Self.second)
            }
            // Half a second from now becomes an hour.
            #expect(try await guest.tell("v 20000000") == "armed")
            #expect(try await guest.tell("p 20000000") == "armed")
            try await shift(guest, by: 0 &- 3600)
            try await Task.sleep(for: .milliseconds(700))
            #expect(guest.run.lines("fired: virtual timer").count == 1 && guest.run.lines("fired: phys").count == 1)
            // Nobody sets a counter any more.
            try await succeed(guest, "pause")
            for name in ["TIMER_CNT", "PTIMER_CNT"] { try await succeed(guest, "reg \(name) 0x100000000000000 --vm") }
            try await succeed(guest, "resume")
            for now in try await counters(guest) { #expect(now < 1000 * Self.second) }
        }

        /// The counters pass 2^64, and timers fire on this side and on the other; so around 2^63.
        @Test(arguments: ["0xffffffff88ca6c00", "0x7fffffff88ca6c00"])
        func theCountersWrap(start: String) async throws {
            let guest = try await PeekGuest(["--counter-start", start])
            let first = try #require(UInt64(start.dropFirst(2), radix: 16))
            let before = try await counters(guest)
            for now in before { #expect(now &- first < 60 * Self.second) }
            for round in 1...3 {
                #expect(try await guest.tell("v 4000000") == "armed")
                #expect(
                    try await eventually(seconds: 10) { guest.run.lines("fired: virtual timer").count == round },
                    "\(guest.run.output)")
                #expect(try await guest.tell("p 4000000") == "armed")
                #expect(
                    try await eventually(seconds: 10) { guest.run.lines("fired: physical timer").count == round },
                    "\(guest.run.output)")
                // Whatever time it has taken so far: 2 seconds after the start it is on the other side.
                if round == 2 { try await Task.sleep(for: .seconds(2)) }
            }
            let after = try await counters(guest)
            for (now, then) in zip(after, before) {
                #expect(now &- then > 2 * Self.second && now &- first < 60 * Self.second && now >> 63 != first >> 63)
            }
        }

        @Test func inLockstepNothingIsShifted() async throws {
            let run = try GuestRun(["run", "-k", Tree.guest("hang"), "--lockstep", "--timeout", "60"])
            #expect(try await run.waitForOutput("hang: spinning"), "\(run.errors)")
            let (code, command) = try await GuestRun.finish(["ctl", "counter-offset", "5", "--vm", "\(run.pid)"])
            #expect(code == 1 && command.errors.contains("in lock-step"), "\(command.errors)")
        }
    }
}
