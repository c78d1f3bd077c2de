/// A deliberate disturbance of the hypervisor or of a vCPU.
///
/// A *legal* one is something that the architecture lets happen to a guest, only more often: a guest that goes wrong
/// under it has a bug, or the simulator has. An *illegal* one breaks a promise of the architecture: a test that does not
/// notice it tests nothing.
package enum Fault: String, CaseIterable, Hashable, Sendable {
    // MARK: Legal

    /// An SGI or the edge of an SPI reaches the vGIC a random while after it was sent.
    case delay
    /// SGIs and SPIs of different sources reach the vGIC in another order; those of one source keep theirs.
    case reorder
    /// A vCPU is kicked, or woken from WFI, with nothing pending.
    case spurious
    /// An SGI or SPI is held back until a second one of the same INTID merges with it.
    case coalesce
    /// An interrupt arrives between the first check of a vCPU's requests and the change of its mode.
    case window
    /// A worker's process is stopped for some milliseconds while its vCPU is in the guest.
    case stop
    /// A vCPU that could enter is left outside for some milliseconds.
    case starve
    /// An entry has fewer list registers than the VM.
    case reduce

    // MARK: Illegal

    /// A request is made, but the doorbell of the running vCPU is not rung, or the blocked one not woken.
    case dropKick = "drop-kick"
    /// An SGI does not reach one of its targets.
    case loseSGI = "lose-sgi"
    /// An edge-triggered interrupt that was taken becomes pending again by itself.
    case duplicate
    /// The end of an interrupt is not noticed: it stays active.
    case loseEOI = "lose-eoi"
    /// As `window`, and the requests are not checked again after the change of mode.
    case skipSecondCheck = "skip-second-check"
    /// A vCPU applies maintenance that another one broadcast, but does not acknowledge it.
    case dropDVMAck = "drop-dvm-ack"
    /// A vCPU acknowledges maintenance that another one broadcast, but does not apply it.
    case skipInvalidate = "skip-invalidate"

    /// Whether the architecture allows what it does.
    package var isLegal: Bool {
        switch self {
        case .delay, .reorder, .spurious, .coalesce, .window, .stop, .starve, .reduce: true
        case .dropKick, .loseSGI, .duplicate, .loseEOI, .skipSecondCheck, .dropDVMAck, .skipInvalidate: false
        }
    }

    /// Whether the worker injects it; the coordinator injects the others.
    package var isInWorker: Bool { self == .dropDVMAck || self == .skipInvalidate }

    /// One in so many opportunities, where the plan does not say: often enough to be met within a second of a busy guest,
    /// seldom enough for the guest to get on.
    package var usualInterval: UInt32 {
        switch self {
        case .delay, .reorder, .coalesce, .window: 8
        case .spurious: 16
        case .reduce: 2
        case .starve: 64
        case .stop: 256
        case .dropKick, .loseSGI, .duplicate, .loseEOI, .skipSecondCheck, .dropDVMAck, .skipInvalidate: 64
        }
    }

    /// Its position among all: the number of its random stream.
    package var number: Int { Self.numbers[self] ?? 0 }
    private static let numbers = Dictionary(uniqueKeysWithValues: zip(allCases, 0...))

    package static let legal = allCases.filter(\.isLegal)
    package static let illegal = allCases.filter { !$0.isLegal }
}
