/// What `armada run --lockstep` asks for.
struct Lockstep: Equatable, Sendable {
    /// Chooses among all the orders in which the vCPUs can run.
    var seed: UInt64 = 1

    /// CLOCK_MONOTONIC as the VM sees it when the guest starts. Not 0, which means "never" in some places.
    static let start: UInt64 = 1_000_000_000
    /// The wall clock at the guest's start: 2026-01-01 00:00:00 UTC, in nanoseconds since 1970.
    static let wallClock: UInt64 = 1_767_225_600_000_000_000
    /// A budget has fewer bits than this: 1 … 32,767 instructions.
    static let budgetBitCount = 15
    /// The budget while there is nobody else to run.
    static let loneBudget: UInt64 = 1 << 20
    /// How much time passes, in nanoseconds, when all that can run wait for one another by WFE or YIELD.
    static let pause: UInt64 = 1000
}
