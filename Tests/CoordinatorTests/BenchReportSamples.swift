@testable import Coordinator

/// Made-up reports: the same on every machine.
enum BenchReportSamples {
    static let operations: [(name: String, median: UInt64)] = [
        ("hyp_call", 5150), ("mmio_read_user", 6300), ("mmio_write_user", 6150), ("mmio_read_vgic", 5700), ("eoi", 62),
        ("ipi", 14_200), ("ipi_wfi", 31_000), ("timer_10ms", 41_000), ("sysreg_trap", 5200), ("stage2_fault_4k", 9800),
        ("stage2_fault_2m", 15_300), ("wfi_wake", 24_000), ("spi_inject", 17_600), ("io_out", 7200), ("io_in", 19_500),
        ("vcpu_switch", 8700),
    ]
    static let stages: [(name: String, share: Double)] = [
        ("trap", 0.09), ("exit wire", 0.27), ("dispatch", 0.05), ("handle", 0.11), ("entry", 0.07),
        ("entry wire", 0.31), ("resume", 0.10),
    ]

    /// With a long tail, as latencies have it.
    static func distribution(around median: UInt64, count: Int, seed: UInt64) -> BenchReport.Distribution {
        var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        let samples = (0..<count).map { _ -> UInt64 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let uniform = Double(state >> 40) / Double(1 << 24)
            let tail = uniform > 0.995 ? 0.6 / (1.0005 - uniform) / 100 : uniform > 0.9 ? (uniform - 0.9) * 3 : 0
            return UInt64(Double(median) * (0.85 + 0.3 * uniform + tail))
        }
        return .init(samples)
    }

    static func run(
        vcpus: Int = 2, pin: PinPolicy = .separate, poll: UInt64 = 200_000, worldSwitch: String = "full",
        count: Int = 4000, scale: Double = 1
    ) -> BenchReport.Run {
        var run = BenchReport.Run(
            configuration: .init(
                vcpuCount: vcpus, pin: pin, haltPoll: HaltPoll(nanoseconds: poll), worldSwitch: worldSwitch))
        for (index, operation) in operations.enumerated() {
            let needsTwo = ["ipi", "ipi_wfi", "vcpu_switch"].contains(operation.name)
            guard vcpus > 1 || !needsTwo else {
                run.operations.append(.init(name: operation.name, guest: .init([]), note: "needs 2 vCPUs"))
                continue
            }
            let seed = UInt64(index + 1)
            let median = UInt64(Double(operation.median) * (operation.name == "eoi" ? 1 : scale))
            var measured = BenchReport.Operation(
                name: operation.name, guest: distribution(around: median, count: count, seed: seed))
            if operation.name != "eoi" {
                measured.stages = stages.enumerated().map { place, stage in
                    let share = UInt64(Double(median) * stage.share)
                    return .init(
                        name: stage.name,
                        time: distribution(around: share, count: count, seed: seed &* 100 &+ UInt64(place)))
                }
                measured.floor = distribution(around: UInt64(3820 * scale), count: count, seed: seed &+ 50)
                measured.exitByteCount = 96 + index
                measured.entryByteCount = 60 + index
                measured.registersMoved = index
            }
            run.operations.append(measured)
        }
        return run
    }

    static let facts: [BenchReport.Fact] = [
        .init(name: "processor", value: "AMD EPYC 7B13, 2 processors"), .init(name: "kernel", value: "Linux 6.1.0"),
        .init(name: "build", value: "armada 0.1.0, release"), .init(name: "samples wanted", value: "4000"),
        .init(name: "clock", value: "CNTVCT_EL0, 1 GHz"), .init(name: "load before", value: "0.12"),
    ]

    static let single = BenchReport(facts: facts, runs: [run()])

    /// 16 operations in 12 configurations.
    static let sweep: BenchReport = {
        var report = BenchReport(facts: facts)
        for vcpus in [1, 2, 4] {
            for pin in [PinPolicy.separate, .same] {
                for poll in [UInt64(0), 200_000] {
                    let scale = 1.0 * (pin == .same ? 2.4 : 1) * (poll == 0 ? 1.7 : 1) * (vcpus == 4 ? 1.3 : 1)
                    report.runs.append(run(vcpus: vcpus, pin: pin, poll: poll, count: 400, scale: scale))
                }
            }
        }
        return report
    }()

    /// One sample, no samples, from nothing to a minute, and texts that try to be more than text.
    static let extreme: BenchReport = {
        let hostile = "</script><script>alert(1)</script> \"quoted\" \\ 'x' & \u{1}\u{7f}\ttab\nline"
        var report = BenchReport(facts: facts + [.init(name: hostile, value: hostile)])
        report.interruption = "the guest failed: " + hostile
        var run = BenchReport.Run(
            configuration: .init(
                vcpuCount: 512, pin: .none, haltPoll: HaltPoll(nanoseconds: .max), worldSwitch: "no \"vGIC\" <x>"))
        run.operations = [
            .init(name: "hyp_call", guest: .init([5150]), floor: .init([0])),
            .init(name: "mmio_read_user", guest: .init([])),
            .init(name: "ipi", guest: .init([]), note: hostile),
            .init(name: "wfi_wake", guest: .init([0, 1, 60_000_000_000, 300_000_000_000])),
            .init(name: "zero", guest: .init([0, 0, 0]), stages: [.init(name: "trap", time: .init([0, 0, 0]))]),
            .init(name: "an_operation_with_a_very_long_name_<b>", guest: .init([1, 2, 3])),
            .init(
                name: "io_out", guest: distribution(around: 900, count: 100_000, seed: 3),
                stages: [
                    .init(name: "trap", time: .init([])), .init(name: "handle <i>", time: .init([1_000_000_000])),
                ],
                floor: .init([3, 4])),
        ]
        report.runs = [run]
        return report
    }()

    /// One operation, one run.
    static let small: BenchReport = {
        var report = BenchReport(runs: [run()])
        report.runs[0].operations.removeLast(15)
        return report
    }()
}
