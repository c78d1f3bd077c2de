import Shared
import Testing

@testable import Coordinator

/// Interrupts on their way: what may overtake what.
@Suite struct FaultHeldInterruptTests {
    private func sgi(_ intid: UInt64, from sender: Int, to targets: UInt64 = 1) -> InterruptSignal {
        .sgi(sender: sender, value: intid << 24 | targets, group: 1)
    }

    private func takeAll(
        _ held: inout HeldInterrupts, at now: UInt64, choosing choose: (Int) -> Int = { _ in 0 }
    ) -> [InterruptSignal] {
        var taken: [InterruptSignal] = []
        while let signal = held.takeDue(at: now, choosing: choose) { taken.append(signal) }
        return taken
    }

    @Test func nothingComesBeforeItIsDue() {
        var held = HeldInterrupts()
        #expect(held.earliest == .max)
        held.append(sgi(1, from: 0), due: 100)
        held.append(sgi(2, from: 1), due: 50)
        #expect(held.earliest == 50)
        #expect(takeAll(&held, at: 49).isEmpty)
        #expect(takeAll(&held, at: 100) == [sgi(2, from: 1), sgi(1, from: 0)])
        #expect(held.count == 0)
    }

    @Test func whatOneSourceSendsKeepsItsOrder() {
        var held = HeldInterrupts()
        held.append(sgi(1, from: 0), due: 100)
        held.append(sgi(2, from: 0), due: 10)
        #expect(takeAll(&held, at: 99).isEmpty)
        #expect(takeAll(&held, at: 100) == [sgi(1, from: 0), sgi(2, from: 0)])
    }

    @Test func sourcesOvertakeOneAnother() {
        var random = SplitMix64(seed: 3)
        var orders: Set<[Int]> = []
        for _ in 0..<100 {
            var held = HeldInterrupts()
            for intid in 0..<4 as Range<UInt64> {
                for sender in 0..<3 { held.append(sgi(intid, from: sender), due: 10) }
            }
            let taken = takeAll(&held, at: 10) { Int(random.next() % UInt64($0)) }
            for sender in 0..<3 {
                let own = taken.filter { $0.sender == sender }
                #expect(own == (0..<4).map { sgi($0, from: sender) })
            }
            orders.insert(taken.map(\.sender))
        }
        #expect(orders.count > 50)
    }

    @Test func aTwinMakesTheSameInterruptsPending() {
        var held = HeldInterrupts()
        held.append(sgi(1, from: 0), due: 100)
        held.append(sgi(2, from: 1), due: 100, waitsForTwin: true)
        held.append(.spi(40), due: 100, waitsForTwin: true)
        #expect(held.twinSource(of: sgi(1, from: 3)) == nil)
        #expect(held.twinSource(of: sgi(2, from: 3)) == 1)
        #expect(held.twinSource(of: sgi(2, from: 3, to: 2)) == nil)
        #expect(held.twinSource(of: .spi(41)) == nil)
        #expect(held.twinSource(of: .spi(40)) == InterruptSignal.spi(40).source)
    }

    @Test func aWireThatFallsLeavesAnEdgeBehindAndNoLevel() {
        var held = HeldInterrupts()
        held.append(.spi(40), due: 10)
        held.append(.spi(41), due: 10)
        held.wireFell(40, isEdge: true)
        held.wireFell(41, isEdge: false)
        #expect(takeAll(&held, at: 10) == [.spi(40, hasFallen: true)])
    }

    @Test func noMoreAreHeldThanHaveRoom() {
        var held = HeldInterrupts()
        var count = 0
        while !held.isFull {
            held.append(sgi(0, from: 0), due: 10)
            count += 1
        }
        #expect(count == 1024)
    }
}
