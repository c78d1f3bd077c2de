import Glibc
import Testing

extension GuestTests {
    /// `armada ctl mp-state`: vCPUs that are switched off and on, and put to sleep, from outside. vCPU 1 of the guest `peek`
    /// counts while it runs.
    @Suite struct MPState {
        private func succeed(_ guest: PeekGuest, _ words: String) async throws {
            #expect(try await guest.ctl(words) == "", "\(words)")
        }

        private func state(_ guest: PeekGuest) async throws -> String {
            try await guest.ctl("mp-state --vcpu 1 --vm")
        }

        private func beats(_ guest: PeekGuest) async throws -> String { try await guest.tell("b") }

        /// vCPU 1 counts on.
        private func isBeating(_ guest: PeekGuest) async throws -> Bool {
            let before = try await beats(guest)
            for _ in 0..<200 where try await beats(guest) != before { return true }
            return false
        }

        /// What vCPU 1 counts stands still.
        private func isStill(_ guest: PeekGuest) async throws -> Bool {
            let before = try await beats(guest)
            try await Task.sleep(for: .milliseconds(50))
            return try await beats(guest) == before
        }

        @Test(arguments: ["vhe", "nvhe"]) func stoppedAndOnAgain(worldSwitch: String) async throws {
            let guest = try await PeekGuest(["-c", "2", "--world-switch", worldSwitch])
            #expect(try await state(guest) == "STOPPED\n")
            #expect(try await guest.tell("o") == "CPU_ON 0")
            #expect(try await isBeating(guest))
            let refusal = try await guest.ctl("mp-state STOPPED --vcpu 1 --vm")
            #expect(refusal.hasPrefix("1: ") && refusal.contains("vCPU 1 runs: pause it first"), "\(refusal)")
            try await succeed(guest, "pause --vcpu 1")
            try await succeed(guest, "mp-state STOPPED --vcpu 1 --vm")
            try await succeed(guest, "resume")
            #expect(try await guest.tell("i") == "AFFINITY_INFO 1")
            #expect(try await isStill(guest))
            // From outside it goes on where it was.
            try await succeed(guest, "mp-state RUNNABLE --vcpu 1 --vm")
            #expect(try await guest.tell("i") == "AFFINITY_INFO 0")
            #expect(try await isBeating(guest))
            // The guest starts it over.
            try await succeed(guest, "pause --vcpu 1")
            try await succeed(guest, "mp-state stopped --vcpu 1 --vm")
            try await succeed(guest, "resume")
            #expect(try await guest.tell("o") == "CPU_ON 0")
            #expect(try await isBeating(guest))
            #expect(try await guest.ctl("mp-state ASLEEP --vm").hasPrefix("64: "))
        }

        @Test(arguments: ["vhe", "nvhe"]) func suspendedUntilAnInterrupt(worldSwitch: String) async throws {
            let guest = try await PeekGuest(["-c", "2", "--world-switch", worldSwitch])
            #expect(try await guest.tell("o") == "CPU_ON 0")
            #expect(try await isBeating(guest))
            #expect(try await guest.tell("e 28") == "enabled")
            try await succeed(guest, "pause --vcpu 1")
            try await succeed(guest, "mp-state SUSPENDED --vcpu 1 --vm")
            #expect(try await guest.ctl("regs --vcpu 1 --vm").hasSuffix("mp_state: SUSPENDED\n"))
            try await succeed(guest, "resume")
            #expect(try await isStill(guest))
            #expect(try await state(guest) == "SUSPENDED\n")
            // For PSCI it is on, and a kick is no interrupt.
            #expect(try await guest.tell("i") == "AFFINITY_INFO 0")
            try await succeed(guest, "kick --vcpu 1")
            #expect(try await isStill(guest))
            try await succeed(guest, "irq 40 --level 1")
            #expect(try await isBeating(guest))
            #expect(try await state(guest) == "RUNNABLE\n")
        }

        /// A vCPU that never ran gets its registers and its code from outside, and writes a letter to the UART.
        @Test(arguments: ["vhe", "nvhe"]) func runnableFromARegisterThatWasSet(worldSwitch: String) async throws {
            let guest = try await PeekGuest(["-c", "2", "--world-switch", worldSwitch])
            // STR W1, [X0]; B .
            try await succeed(guest, "write 0x43000000 --hex 010000b900000014 --vm")
            for (name, value) in [("PC", "0x43000000"), ("X0", "0x9000000"), ("X1", "75")] {
                try await succeed(guest, "reg \(name) \(value) --vcpu 1 --vm")
            }
            #expect(!guest.run.output.contains("K"))
            try await succeed(guest, "mp-state RUNNABLE --vcpu 1 --vm")
            #expect(try await guest.run.waitForOutput("K", seconds: 20), "\(guest.run.output) \(guest.run.errors)")
            try await succeed(guest, "pause --vcpu 1")
            #expect(try await guest.ctl("reg PC --vcpu 1 --vm") == "0x0000000043000004\n")
        }
    }
}
