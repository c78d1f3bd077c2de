/// What a report shows, and in which order.
struct ReportSelection: Equatable, Sendable {
    /// One vCPU only.
    var vcpu: Int?
    var event = Event.vmexit
    var key = Key.time

    enum Event: String, CaseIterable, Sendable {
        /// Every exit.
        case vmexit
        /// Accesses to devices: reads and writes, of user space's devices and of the vGIC.
        case mmio
        /// WFI and WFE.
        case wfx

        func contains(_ reason: ExitReason) -> Bool {
            switch self {
            case .vmexit: true
            case .mmio: [.mmioReadUser, .mmioWriteUser, .mmioReadKernel, .mmioWriteKernel, .armNISV].contains(reason)
            case .wfx: reason == .wfi || reason == .wfe
            }
        }
    }

    /// The column by which the rows fall.
    enum Key: String, CaseIterable, Sendable {
        case samples
        case time
        case min
        case avg
        case p50
        case p99
        case max

        func isBefore(_ a: StatisticsReport.Exit, _ b: StatisticsReport.Exit) -> Bool {
            switch self {
            case .samples: a.samples > b.samples
            case .time: a.totalNanoseconds > b.totalNanoseconds
            case .min: a.minimum > b.minimum
            case .avg: a.mean > b.mean
            case .p50: a.p50 > b.p50
            case .p99: a.p99 > b.p99
            case .max: a.maximum > b.maximum
            }
        }
    }
}
