import Shared

@testable import Coordinator

/// Control messages with every field set.
enum ControlSamples {
    static let registers = RegisterState(
        values: [
            RegisterValue(id: OneRegister.x(0).id, value: 5), RegisterValue(id: OneRegister.v(1).id, value: .max),
        ],
        fault: FaultInformation(esr: ExceptionSyndrome(rawValue: 0x93C0_8046), far: 1, hpfar: 0x10, disr: 3),
        events: VCPUEvents(isSErrorPending: true, hasSErrorSyndrome: true, serrorSyndrome: 7), mpState: .suspended)

    static var description: VMDescription {
        VMDescription(
            pid: 4711, state: .running, uptimeNanoseconds: 12_345_678_901,
            vcpus: [
                .init(index: 0, workerPID: 4712, state: .inGuest), .init(index: 1, workerPID: 4713, state: .poweredOff),
                .init(index: 2, workerPID: 4714, state: .lost),
            ],
            kernel: "/boot/vmlinuz", initrd: "initrd.gz", commandLine: "console=ttyAMA0", memoryByteCount: 512 << 20,
            haltPoll: HaltPoll(nanoseconds: 200_000, isFixed: true), pin: "same", listRegisterCount: 4,
            externalWorkers: true, lockstepSeed: 7)
    }

    static var dirtyLog: DirtyLog {
        var pages = DirtyPages(pageCount: 130)
        for page in [0, 63, 64, 129] { pages.insert(page) }
        return DirtyLog(base: IPA(0x4000_0000), pageByteCount: 4096, pages: pages)
    }

    /// Of `vcpuCount` vCPUs, each with the same `samples`.
    static func snapshot(
        nanoseconds: UInt64 = 2_000, vcpuCount: Int = 2, _ samples: [(ExitReason, [UInt64])] = usual
    ) -> StatisticsSnapshot {
        var snapshot = StatisticsSnapshot(nanoseconds: nanoseconds, started: 1_000)
        for index in 0..<vcpuCount {
            var statistics = ExitStatistics()
            for (reason, times) in samples {
                for time in times {
                    statistics.countExit()
                    statistics.record(reason, nanoseconds: time)
                }
            }
            snapshot.vcpus.append(
                StatisticsSnapshot.VCPU(
                    index: index, pid: 100 + index, exits: statistics.exits, sgis: 3,
                    counters: VCPUCounter.allCases.map { UInt64($0.rawValue) * 1_000_000_007 },
                    rows: statistics.histograms))
        }
        snapshot.loop.haltAttemptedPoll = 1
        snapshot.loop.haltSuccessfulPoll = 2
        snapshot.loop.haltPollSuccessNanoseconds = 3
        snapshot.loop.haltPollFailNanoseconds = 4
        snapshot.loop.blocks = 5
        snapshot.loop.blockedNanoseconds = 6
        snapshot.loop.haltWakeup = 7
        snapshot.loop.kicks = 8
        snapshot.loop.kicksCoalesced = 9
        snapshot.loop.entriesBackedOut = 10
        snapshot.loop.remoteTLBFlush = .max
        snapshot.loop.vcpusLost = 12
        return snapshot
    }

    static let usual: [(ExitReason, [UInt64])] = [
        (ExitReason(.hvc64), [0, 7, 900, 1_000, 1_001]), (.wfi, [5_000_000, .max]), (.mmioWriteKernel, [2_000]),
    ]
}
