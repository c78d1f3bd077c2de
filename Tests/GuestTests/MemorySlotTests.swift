import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Memory slots that change while a guest runs.
    @Suite struct MemorySlots {
        @Test func slotsComeMoveAndGo() async throws {
            let guest = try await PeekGuest(["-c", "2"])
            #expect(try await guest.tell("r 80000000") == "EC 25, FSC 10, WnR 0, FAR 80000000")
            #expect(try await guest.ctl("slot add 1 --at 0x80000000 --size 64M") == "")
            #expect(try await guest.tell("r 80000000") == "80000000 holds 0")
            #expect(try await guest.tell("w 83fffff8 1234") == "83fffff8 is written")
            #expect(try await guest.ctl("slot move 1 --to 0xc0000000") == "")
            #expect(try await guest.tell("r 83fffff8") == "EC 25, FSC 10, WnR 0, FAR 83fffff8")
            #expect(try await guest.tell("r c3fffff8") == "c3fffff8 holds 1234")
            // Its last page once more, as a ROM; then through it, what the other writes.
            #expect(try await guest.ctl("slot add 2 --at 0x5000000000 --size 4K --offset 0x7fff000 --read-only") == "")
            #expect(try await guest.tell("r 2000000ff8") == "EC 25, FSC 10, WnR 0, FAR 2000000ff8")
            #expect(try await guest.ctl("slot move 2 --to 0x2000000000") == "")
            #expect(try await guest.tell("r 2000000ff8") == "2000000ff8 holds 1234")
            #expect(try await guest.tell("w 2000000ff8 5") == "EC 25, FSC 10, WnR 1, FAR 2000000ff8")
            #expect(try await guest.tell("w c3fffff8 6") == "c3fffff8 is written")
            #expect(try await guest.tell("r 2000000ff8") == "2000000ff8 holds 6")
            #expect(try await guest.ctl("slot remove 1") == "")
            #expect(try await guest.tell("x c0000000") == "EC 21, FSC 10, WnR 0, FAR c0000000")
            let slots = try await guest.ctl("slots").split(separator: "\n").map { $0.split(separator: " ") }
            #expect(slots.count == 4 && slots[3].prefix(4) == ["2", "0x2000000000-0x2000000fff", "4K", "0x7fff000"])

            // What is refused changes nothing.
            for (words, reason) in [
                ("slot add 3 --at 0x2000000000 --size 8K", "it overlaps slot 2 at 0x2000000000-0x2000000fff"),
                ("slot add 3 --at 0x1800 --size 8K", "must be multiples of 4096 bytes"),
                ("slot add 2 --at 0x80000000 --size 8K", "it exists already"),
                ("slot add 3 --at 0xfffffffffffff000 --size 8K", "beyond the guest's 40-bit physical address space"),
                ("slot add 3 --at 0x80000000 --size 1G", "no piece of the RAM file"),
                ("slot add 3 --at 0x80000000 --size 4K --offset 0x8010000", "it reaches beyond the RAM file"),
                ("slot add 3 --at 0x80000000 --size 0", "a slot of 0 bytes is none"),
                ("slot move 2 --to 0x40000000", "it overlaps slot 0"), ("slot remove 9", "there is none"),
                ("slot dirty 2", "it does not log dirty pages"),
            ] {
                let answer = try await guest.ctl(words)
                #expect(answer.hasPrefix("1: ") && answer.contains(reason), "\(words): \(answer)")
            }
            #expect(try await guest.ctl("slot remove 512").hasPrefix("64: "))
            #expect(try await guest.ctl("slot add 3 --at -1 --size 4K").hasPrefix("64: "))
            #expect(try await guest.ctl("slots").split(separator: "\n").map { $0.split(separator: " ") } == slots)
            guest.send("q")
            #expect(try await guest.run.wait(seconds: 20) == 0)
        }

        @Test func dirtyPagesAreLoggedAndBlocksComeBack() async throws {
            let guest = try await PeekGuest()
            func pages(_ part: String) async throws -> [Substring] {
                try await guest.ctl("stage2").split(separator: "\n").filter { $0.hasPrefix(part) }
            }
            #expect(try await guest.ctl("slot add 1 --at 0x80000000 --size 8M") == "")
            #expect(try await guest.tell("t 80000000 4 200000").hasPrefix("4 writes"))
            #expect(try await pages("0x8").count == 1)
            #expect(try await guest.ctl("slot log 1 on") == "")
            #expect(try await guest.tell("w 80003000 1") == "80003000 is written")
            #expect(try await guest.tell("w 80003008 1") == "80003008 is written")
            #expect(try await guest.tell("t 80200000 3 1000").hasPrefix("3 writes"))
            #expect(try await guest.tell("r 80400000") == "80400000 holds 3")
            let expected = "0x80003000-0x80003fff  1\n0x80200000-0x80202fff  3\n4 of 2048 pages were written\n"
            #expect(try await guest.ctl("slot dirty 1") == expected)
            #expect(try await guest.ctl("slot dirty 1") == "0 of 2048 pages were written\n")
            #expect(try await guest.tell("w 80003000 2") == "80003000 is written")
            #expect(
                try await guest.ctl("slot dirty 1") == "0x80003000-0x80003fff  1\n1 of 2048 pages were written\n")
            #expect(try await guest.ctl("slot log 1 off") == "")
            #expect(try await pages("0x8").contains { $0.contains("x 4K") })
            #expect(try await guest.ctl("slot merge 1") == "2 tables of pages are now blocks\n")
            #expect(try await guest.tell("r 80003000") == "80003000 holds 2")
            #expect(try await guest.ctl("slot age 1") == "4 of 4 blocks and pages were used\n")
            #expect(try await guest.tell("w 80600000 9") == "80600000 is written")
            #expect(try await guest.ctl("slot age 1") == "1 of 4 blocks and pages were used\n")
            #expect(try await guest.ctl("slot split 1") == "4 blocks are split\n")
            #expect(try await guest.tell("r 80600000") == "80600000 holds 9")
            guest.send("q")
            #expect(try await guest.run.wait(seconds: 20) == 0)
        }

        @Test func lockstepRefuses() async throws {
            let run = try GuestRun(["run", "-k", Tree.guest("hang"), "--lockstep", "--timeout", "60"])
            #expect(try await run.waitForOutput("hang: "), "\(run.errors)")
            let (code, ctl) = try await GuestRun.finish(["ctl", "slot", "log", "0", "on", "\(run.pid)"])
            #expect(code == 1 && ctl.errors.contains("in lock-step"), "\(ctl.errors)")
        }
    }
}
