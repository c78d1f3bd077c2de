import Testing

@testable import Shared

@Suite("Adaptive polling")
struct AdaptiveWindowTests {
    @Test func growsWhileAnswersComeSoon() {
        var window = AdaptiveWindow(maximumNanoseconds: 200_000)
        var sizes: [UInt64] = []
        for _ in 0..<7 {
            window.blocked(waitedNanoseconds: 190_000)
            sizes.append(window.nanoseconds)
        }
        #expect(sizes == [10_000, 20_000, 40_000, 80_000, 160_000, 200_000, 200_000])
    }

    @Test func keepsAWindowThatIsLongEnough() {
        var window = AdaptiveWindow(maximumNanoseconds: 200_000)
        window.blocked(waitedNanoseconds: 5_000)
        window.blocked(waitedNanoseconds: 5_000)
        #expect(window.nanoseconds == 10_000)
    }

    @Test func shrinksToNothingAfterALongWait() {
        var window = AdaptiveWindow(maximumNanoseconds: 200_000)
        for _ in 0..<5 { window.blocked(waitedNanoseconds: 100_000) }
        window.blocked(waitedNanoseconds: 300_000)
        #expect(window.nanoseconds == 0)
    }

    @Test func givingWayLastsLongerEachTime() {
        var window = AdaptiveWindow(maximumNanoseconds: 200_000)
        func waitsUntilPolling() -> Int {
            for count in 1...5000 {
                window.blocked(waitedNanoseconds: 50_000)
                if window.nanoseconds > 0 { return count }
            }
            return -1
        }
        window.giveWay()
        #expect(window.nanoseconds == 0)
        #expect(waitsUntilPolling() == 2)
        window.giveWay()
        #expect(waitsUntilPolling() == 3)
        window.giveWay()
        #expect(waitsUntilPolling() == 5)
        window.polledWithSuccess()
        window.giveWay()
        #expect(waitsUntilPolling() == 2)
    }

    @Test func zeroNeverPolls() {
        var window = AdaptiveWindow(maximumNanoseconds: 0)
        for _ in 0..<10 { window.blocked(waitedNanoseconds: 1) }
        #expect(window.nanoseconds == 0)
    }

    @Test func aFixedWindowStays() {
        var window = AdaptiveWindow(maximumNanoseconds: 50_000, isFixed: true)
        #expect(window.nanoseconds == 50_000)
        window.blocked(waitedNanoseconds: 1_000_000)
        window.giveWay()
        #expect(window.nanoseconds == 50_000)
    }
}
