import Testing

@testable import Shared

@Suite struct BriefPollTests {
    /// How many chances pass until the next try.
    private func passing(_ poll: inout BriefPoll) -> Int {
        var count = 0
        while !poll.mayTry() { count += 1 }
        return count
    }

    @Test func eachOneInVainLetsTwiceAsManyChancesPass() {
        var poll = BriefPoll()
        #expect(passing(&poll) == 0)
        var counts: [Int] = []
        for _ in 0..<12 {
            poll.failed()
            counts.append(passing(&poll))
        }
        #expect(counts == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024])
    }

    @Test func successBeginsAnew() {
        var poll = BriefPoll()
        for _ in 0..<5 {
            poll.failed()
            _ = passing(&poll)
        }
        poll.succeeded()
        #expect(passing(&poll) == 0)
        #expect(passing(&poll) == 0)
        poll.failed()
        #expect(passing(&poll) == 1)
    }
}
