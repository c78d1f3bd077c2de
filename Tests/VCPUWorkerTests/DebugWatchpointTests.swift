import CHost
import Shared
import Testing

@testable import VCPUWorker

@Suite struct DebugWatchpointTests {
    static let data = DebugMachine.data

    /// The access of `word` with X3 = `address`, the watchpoint as given; nil if the instruction retired.
    private func access(
        _ word: UInt32, _ address: UInt64, watch value: UInt64, _ control: UInt64, el: UInt8 = 0, kde: Bool = true
    ) -> DebugMachine.Event? {
        let machine = DebugMachine(el: el)
        machine.setWatchpoint(1, value, control: control)
        machine.enable(kde ? MDSCR.kde : 0)
        machine[x: 3] = address
        let event = machine.run([A64.nop, word, el == 0 ? DebugMachine.end : 0xD400_00E2])
        if event.exceptionClass == 0x15 || event.vector == 7 { return nil }
        #expect(event.elr == (el == 0 ? DebugMachine.userCode : DebugMachine.kernelCode) + 4)
        #expect(event.vector == (el == 0 ? 0x400 : 0x200) && event.exceptionClass == 0x34 + el)
        return event
    }

    /// ISS of a load, of a store, of cache maintenance.
    static let load: UInt32 = 0x22
    static let store: UInt32 = 0x22 | 1 << 6
    static let maintenance: UInt32 = 0x22 | 1 << 6 | 1 << 8

    /// Every form of access at every distance that touches the watched byte, and the two that just don't.
    @Test(
        arguments: [
            (0x3940_0062, 1, load),  // LDRB W2, [X3]
            (0x3900_0062, 1, store),  // STRB W2, [X3]
            (0x7940_0062, 2, load),  // LDRH W2, [X3]
            (0x7900_0062, 2, store),  // STRH W2, [X3]
            (0xB940_0062, 4, load),  // LDR W2, [X3]
            (0xB900_0062, 4, store),  // STR W2, [X3]
            (0xF940_0062, 8, load),  // LDR X2, [X3]
            (0xF900_0062, 8, store),  // STR X2, [X3]
            (0xF840_8462, 8, load),  // LDR X2, [X3], #8
            (0xF800_0C62, 8, store),  // STR X2, [X3, #0]!
            (0xF864_6862, 8, load),  // LDR X2, [X3, X4]
            (0xA940_1062, 16, load),  // LDP X2, X4, [X3]
            (0xA900_1062, 16, store),  // STP X2, X4, [X3]
            (0x2940_1062, 8, load),  // LDP W2, W4, [X3]
            (0x2900_1062, 8, store),  // STP W2, W4, [X3]
            (0x3DC0_0060, 16, load),  // LDR Q0, [X3]
            (0x3D80_0060, 16, store),  // STR Q0, [X3]
            (0xAD40_0460, 32, load),  // LDP Q0, Q1, [X3]
            (0xAD00_0460, 32, store),  // STP Q0, Q1, [X3]
            (0x4C40_0060, 64, load),  // LD4 {V0.16B-V3.16B}, [X3]
            (0x4C00_0060, 64, store),  // ST4 {V0.16B-V3.16B}, [X3]
            (0x4D00_8460, 8, store),  // ST1 {V0.D}[1], [X3]
            (0xF840_0862, 8, load),  // LDTR X2, [X3]
            (0xF800_0862, 8, store),  // STTR X2, [X3]
        ] as [(UInt32, UInt64, UInt32)])
    func whoeverTouchesAByte(word: UInt32, byteCount: UInt64, iss: UInt32) {
        // At the end of a page, so that some accesses cross it.
        for watched in [Self.data + 0x804, Self.data + 0xFFF, Self.data + 0x1000] {
            let control = DebugMachine.watch(bytes: 1 << (watched & 7))
            for distance in 0..<byteCount where distance < 4 || distance > byteCount - 3 {
                let event = access(word, watched - distance, watch: watched & ~7, control)
                #expect(event?.iss == iss && event?.far == watched, "\(watched) − \(distance)")
            }
            #expect(access(word, watched - byteCount, watch: watched & ~7, control) == nil)
            #expect(access(word, watched + 1, watch: watched & ~7, control) == nil)
        }
    }

    /// FAR_EL1 is the first watched byte that was accessed.
    @Test func reportsTheFirstWatchedByte() {
        let word: UInt32 = 0xF940_0062  // LDR X2, [X3]
        let control = DebugMachine.watch(bytes: 0xF0)
        #expect(access(word, Self.data, watch: Self.data, control)?.far == Self.data + 4)
        #expect(access(word, Self.data + 6, watch: Self.data, control)?.far == Self.data + 6)
        #expect(access(word, Self.data + 8, watch: Self.data, control) == nil)
    }

    @Test(
        arguments: [
            (0xC85F_7C62, load),  // LDXR X2, [X3]
            (0xC87F_9062, load),  // LDAXP X2, X4, [X3]
            (0xC8DF_FC62, load),  // LDAR X2, [X3]
            (0xC89F_FC62, store),  // STLR X2, [X3]
            (0xD50B_7423, store),  // DC ZVA, X3
        ] as [(UInt32, UInt32)])
    func exclusivesAndTheLike(word: UInt32, iss: UInt32) {
        let all = DebugMachine.watch(bytes: 0xFF)
        #expect(access(word, Self.data, watch: Self.data, all)?.iss == iss)
        let other = DebugMachine.watch(bytes: 0xFF, accesses: iss == Self.load ? 2 : 1)
        #expect(access(word, Self.data, watch: Self.data, other) == nil)
    }

    /// WnR of an atomic says what a read alone would have hit.
    @Test(arguments: [
        0xF822_0064 as UInt32,  // LDADD X2, X4, [X3]
        0xF822_8064,  // SWP X2, X4, [X3]
        0xC8A2_7C64,  // CAS X2, X4, [X3]
        0x4822_7C64,  // CASP X2, X3, X4, X5, [X3]
    ])
    func atomics(word: UInt32) {
        for (accesses, iss) in [(UInt64(1), Self.load), (2, Self.store), (3, Self.load)] {
            let control = DebugMachine.watch(bytes: 0xFF, accesses: accesses)
            #expect(access(word, Self.data, watch: Self.data, control)?.iss == iss)
        }
    }

    @Test func storeExclusive() {
        let machine = DebugMachine()
        machine.setWatchpoint(0, Self.data, control: DebugMachine.watch(bytes: 0xFF, accesses: 2))
        machine.enable()
        machine[x: 3] = Self.data
        // LDXR X2, [X3]; STXR W4, X2, [X3]
        let event = machine.run([0xC85F_7C62, 0xC804_7C62, DebugMachine.end])
        #expect(event.exceptionClass == 0x34 && event.iss == Self.store && event.elr == DebugMachine.userCode + 4)
    }

    /// Of cache maintenance DC IVAC is a store to the whole line; the others and prefetches access nothing.
    @Test func cacheMaintenance() {
        let all = DebugMachine.watch(bytes: 0xFF)
        let event = access(0xD508_7623, Self.data + 0x47, watch: Self.data + 0x78, all, el: 1)  // DC IVAC, X3
        #expect(event?.iss == Self.maintenance && event?.far == Self.data + 0x78)
        #expect(access(0xD508_7623, Self.data + 0x80, watch: Self.data + 0x78, all, el: 1) == nil)
        for word in [0xD50B_7A23 as UInt32, 0xD50B_7E23, 0xD50B_7523, 0xF980_0060] {
            #expect(access(word, Self.data, watch: Self.data, all) == nil, "\(String(word, radix: 16))")
        }
        // DC ZVA: 64 bytes, from wherever in them.
        let zva = access(0xD50B_7423, Self.data + 0x47, watch: Self.data + 0x78, all)
        #expect(zva?.iss == Self.store && zva?.far == Self.data + 0x78)
    }

    // MARK: Conditions

    private static let word: UInt32 = 0xF940_0062  // LDR X2, [X3]
    private static let unprivileged: UInt32 = 0xF840_0862  // LDTR X2, [X3]

    @Test func privileges() {
        func fires(_ word: UInt32, _ privileges: UInt64, el: UInt8, kde: Bool = true) -> Bool {
            let control = DebugMachine.watch(bytes: 0xFF, privileges: privileges)
            return access(word, Self.data, watch: Self.data, control, el: el, kde: kde) != nil
        }
        #expect(fires(Self.word, 2, el: 0) && !fires(Self.word, 1, el: 0) && !fires(Self.word, 0, el: 0))
        #expect(fires(Self.word, 1, el: 1) && !fires(Self.word, 2, el: 1) && !fires(Self.word, 3, el: 1, kde: false))
        // LDTR counts as EL0's, and is EL1's where it comes to KDE.
        #expect(fires(Self.unprivileged, 2, el: 1) && !fires(Self.unprivileged, 1, el: 1))
        #expect(!fires(Self.unprivileged, 2, el: 1, kde: false))
        #expect(fires(Self.unprivileged, 2, el: 0, kde: false))
    }

    @Test func isMaskedByD() {
        let machine = DebugMachine(el: 1)
        machine.setWatchpoint(0, Self.data, control: DebugMachine.watch(bytes: 0xFF))
        machine.enable(MDSCR.kde)
        machine[x: 3] = Self.data
        machine.vcpu.pointee.pstate.daif = 0x200
        // LDR; MSR DAIFClr, #8; LDR
        let event = machine.run([Self.word, 0xD503_48FF, Self.word, 0xD400_0022])
        #expect(event.exceptionClass == 0x35 && event.elr == DebugMachine.kernelCode + 8)
    }

    @Test(arguments: [
        DebugMachine.watch(bytes: 0xFF) & ~1,  // E = 0
        DebugMachine.watch(bytes: 0),  // no byte
        DebugMachine.watch(bytes: 0xFF, accesses: 2),  // stores only
        DebugMachine.watch(bytes: 0xFF) | 2 << 14,  // Secure only
        DebugMachine.watch(bytes: 0xFF) | 1 << 24,  // reserved masks
        DebugMachine.watch(bytes: 0xFF) | 2 << 24,
        DebugMachine.watch(bytes: 0xFF) | 1 << 20 | 4 << 16,  // linked to a breakpoint that is not enabled
    ])
    func staysSilent(control: UInt64) {
        #expect(access(Self.word, Self.data, watch: Self.data, control) == nil)
    }

    @Test func masks() {
        let control = DebugMachine.watch(bytes: 0xFF) | 13 << 24
        let first = Self.data + 0x2000
        for address in [first, first + 0x1FFF - 7, first + 0x1FFF] {
            #expect(access(Self.word, address, watch: first + 0x10, control)?.far == address)
        }
        #expect(access(Self.word, first - 3, watch: first, control)?.far == first)
        #expect(access(Self.word, first - 8, watch: first, control) == nil)
        #expect(access(Self.word, first + 0x2000, watch: first, control) == nil)
    }

    /// DBGWVR_EL1 with bit 2 set: only the low half of BAS counts.
    @Test func wordAddresses() {
        let control = DebugMachine.watch(bytes: 0x18)
        #expect(access(0x3940_0062, Self.data + 7, watch: Self.data + 4, control)?.far == Self.data + 7)
        #expect(access(0x3940_0062, Self.data + 8, watch: Self.data + 4, control) == nil)
    }

    @Test func isLinked() {
        let machine = DebugMachine()
        machine.setBreakpoint(4, 77, control: DebugMachine.breakpointAnywhere | 3 << 20)
        machine.setWatchpoint(3, Self.data, control: DebugMachine.watch(bytes: 0xFF) | 1 << 20 | 4 << 16)
        machine.enable()
        machine[x: 3] = Self.data
        machine.set(.contextidr_EL1, 78)
        #expect(machine.run([Self.word, DebugMachine.end]).exceptionClass == 0x15)
        machine.set(.contextidr_EL1, 77)
        machine.returnTo(DebugMachine.userCode, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x34)
    }

    /// An abort of the translation comes first.
    @Test func comesAfterDataAborts() {
        let machine = DebugMachine()
        machine.setWatchpoint(0, DebugMachine.nowhere, control: DebugMachine.watch(bytes: 0xFF))
        machine.enable()
        machine[x: 3] = DebugMachine.nowhere
        #expect(machine.run([Self.word, DebugMachine.end]).exceptionClass == 0x24)
    }

    /// In a hot loop that was translated, and in whose fast TLB the page is, when the watchpoint comes.
    @Test func inAHotLoop() {
        let machine = DebugMachine()
        let loop: [UInt32] = [
            0xF800_8462,  // loop: STR X2, [X3], #8
            0xF100_0421,  // SUBS X1, X1, #1
            0x54FF_FFC1,  // B.NE loop
            DebugMachine.end,
        ]
        machine[x: 1] = 400
        machine[x: 3] = Self.data
        #expect(machine.run(loop).exceptionClass == 0x15)
        machine.setWatchpoint(0, Self.data + 0x640, control: DebugMachine.watch(bytes: 0xFF, accesses: 2))
        machine.enable()
        machine[x: 1] = 400
        machine[x: 3] = Self.data
        machine.returnTo(DebugMachine.userCode, spsr: 0)
        let event = machine.resume()
        #expect(event.exceptionClass == 0x34 && event.far == Self.data + 0x640 && machine[x: 1] == 200)
        machine.set(.mdscr_EL1, 0)
        #expect(machine.resume().exceptionClass == 0x15)
    }

    /// A store that hits has not been done; neither register of a load pair has changed.
    @Test func nothingHasHappened() {
        let machine = DebugMachine()
        machine.setWatchpoint(0, Self.data, control: DebugMachine.watch(bytes: 0xFF))
        machine.enable()
        machine[x: 2] = 1
        machine[x: 3] = Self.data
        _ = machine.run([0xF900_0062, DebugMachine.end])
        #expect(machine.memory.pointer(Self.data).load(as: UInt64.self) == 0)
        machine[x: 2] = 5
        machine[x: 3] = Self.data - 8
        machine.store([0xA8C1_1062], at: DebugMachine.userCode)  // LDP X2, X4, [X3], #16
        machine.returnTo(DebugMachine.userCode, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x34 && machine[x: 2] == 5 && machine[x: 3] == Self.data - 8)
    }
}
