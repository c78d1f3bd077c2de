/// A scenario under way, as far as its progress can be seen.
protocol StressRounds: AnyObject {
    var scenario: StressScenario { get }
    var rounds: UInt64 { get }
    var roundLimit: UInt64 { get }
    var elapsed: UInt64 { get }
    var durationLimit: UInt64 { get }
    var totals: StressResult.Totals { get }
}
