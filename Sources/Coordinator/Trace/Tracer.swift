import CHost
import Shared

/// Follows a run and writes its trace: `armada run --trace`. Every site in the VM is one call to an optional tracer, so
/// that without one it costs a branch.
///
/// Each vCPU's track is a chain without gaps: off, then guest, exit, guest, exit …, with the time blocked within the
/// exit. The coordinator's track has what it does, and how it waits for more.
final class Tracer {
    let writer: TraceWriter
    var file: OutputFile { writer.file }
    var vcpus: [VCPUTrack]
    /// SGIs that were written and not delivered: 16 for each vCPU.
    var sgis: [PendingSGI]
    /// What the write of an SGI that is being sent needs to be remembered with.
    var sgiSource = PendingSGI()
    var arrowCount: UInt64 = 0

    /// What the coordinator is doing: nothing, or waiting, or handling since `busySince`.
    private var activity = Activity.none
    private var activitySince: UInt64 = 0
    /// The end of the coordinator's last slice.
    private var coordinatorEnd: UInt64 = 0

    /// Waiting takes no virtual time.
    private let isHostTime: Bool

    private enum Activity { case none, polling, waiting, handling }

    /// Where a vCPU is; all times since the VM's start.
    struct VCPUTrack {
        enum Place { case off, guest, exit, lost }
        var place = Place.off
        /// When it came there.
        var since: UInt64 = 0
        /// In WFI since then, within `.exit`.
        var blockedSince: UInt64?
        /// The last exit; `reason` counts once it has been handled.
        var sequence: UInt64 = 0
        var arrivalReason = ExitReason.irq
        var isHandled = false
        /// Where the guest goes on.
        var pc: UInt64 = 0
    }

    struct PendingSGI {
        var isPending = false
        var sender = 0
        var time: UInt64 = 0
    }

    /// Names the tracks of `machine`, whose guest starts now, by `clock`.
    init(_ unstarted: TraceWriter, _ machine: [VCPU], clock: VMClock) {
        var writer = unstarted
        writer.begin(clock)
        self.writer = writer
        isHostTime = !clock.isVirtual
        vcpus = Array(repeating: VCPUTrack(), count: machine.count)
        sgis = Array(repeating: PendingSGI(), count: machine.count * 16)
        writer.name(.coordinator, "coordinator", order: 0)
        for vcpu in machine {
            writer.name(
                .vcpu(vcpu.index), "vCPU \(vcpu.index), worker \(vcpu.channel.pid)", order: UInt64(vcpu.index) + 1)
        }
    }

    // MARK: A vCPU's way

    /// An Exit has arrived at `monotonic`. `isHandled` is false once the run is over.
    func exited(_ vcpu: VCPU, at monotonic: UInt64, isHandled: Bool) {
        let time = writer.time(monotonic)
        let exit = vcpu.channel.exit
        let index = vcpu.index
        writer.slice(.vcpu(index), "guest", from: vcpus[index].since, to: time)
        vcpus[index].place = .exit
        vcpus[index].since = time
        vcpus[index].sequence = exit.sequence
        vcpus[index].isHandled = isHandled
        let isTrap = exit.code.withoutSError == .trap
        vcpus[index].arrivalReason =
            isTrap ? ExitReason(exit.esr.exceptionClass) : exit.code.withoutSError == .irq ? .irq : .serror
        beginHandling(time)
        writer.instant(.vcpu(index), "kvm_exit", at: time) { out in
            out.append("\"ret\":\"")
            out.append(exit.code.name)
            out.append("\",\"esr_ec\":\"")
            out.append(isTrap ? exit.esr.exceptionClass.name : "0x0")
            out.append("\",\"vcpu_pc\":")
            out.append(hex: exit.pc)
        }
    }

    /// The Entry of `vcpu` has been sent, and what it asks for is about to be forgotten.
    func departs(_ vcpu: VCPU) {
        let pc = vcpu.entry.reset?.pc ?? vcpu.exit.pc
        vcpus[vcpu.index].pc = vcpu.entry.advancePC ? pc &+ 4 : pc
    }

    func entered(_ vcpu: VCPU, at monotonic: UInt64) {
        let time = writer.time(monotonic)
        let index = vcpu.index
        close(vcpu, at: time)
        vcpus[index].place = .guest
        vcpus[index].since = time
        writer.instant(.vcpu(index), "kvm_entry", at: time) { out in
            out.append("\"vcpu_pc\":")
            out.append(hex: vcpus[index].pc)
        }
        for place in 0..<CPUInterfaceState.maximumListRegisterCount {
            let register = ListRegister(rawValue: vcpu.entry.cpuInterface.listRegisters[place])
            if register.isPending, register.virtualINTID < 16 { delivered(register.virtualINTID, to: index, at: time) }
        }
    }

    func blocked(_ vcpu: VCPU) { vcpus[vcpu.index].blockedSince = writer.now() }

    func unblocked(_ vcpu: VCPU) { closeBlocked(vcpu.index, at: writer.now()) }

    func poweredOff(_ vcpu: VCPU) { move(vcpu, to: .off) }

    /// What was under way has had no end.
    func lost(_ vcpu: VCPU) { move(vcpu, to: .lost) }

    private func move(_ vcpu: VCPU, to place: VCPUTrack.Place) {
        let time = writer.now()
        close(vcpu, at: time)
        vcpus[vcpu.index].place = place
        vcpus[vcpu.index].since = time
    }

    /// Ends what the vCPU's track is in.
    private func close(_ vcpu: VCPU, at time: UInt64) {
        closeBlocked(vcpu.index, at: time)
        let track = vcpus[vcpu.index]
        let row = TraceWriter.Track.vcpu(vcpu.index)
        switch track.place {
        case .off: writer.slice(row, "off", from: track.since, to: time)
        case .lost: writer.slice(row, "lost", from: track.since, to: time)
        case .guest: writer.slice(row, "guest", from: track.since, to: time)
        case .exit:
            let reason = track.isHandled ? vcpu.reason : track.arrivalReason
            writer.slice(
                row, exit: reason, vcpu: vcpu.index, sequence: track.sequence, from: track.since, to: time)
        }
    }

    private func closeBlocked(_ index: Int, at time: UInt64) {
        guard let since = vcpus[index].blockedSince else { return }
        vcpus[index].blockedSince = nil
        writer.slice(.vcpu(index), "blocked", from: since, to: time)
    }

    /// The run is over: ends every slice and the file.
    func finish(_ machine: [VCPU]) {
        let time = writer.now()
        endActivity(time)
        for vcpu in machine where vcpu.index < vcpus.count { close(vcpu, at: time) }
        file.finish()
    }

    // MARK: The coordinator

    func polls(from monotonic: UInt64) { if isHostTime { begin(.polling, writer.time(monotonic)) } }

    /// The poll has ended; no-op if something came.
    func pollEnded() { if activity == .polling { endActivity(writer.now()) } }

    func waits(from monotonic: UInt64) { if isHostTime { begin(.waiting, writer.time(monotonic)) } }

    func woke(at monotonic: UInt64) { if activity == .waiting { endActivity(writer.time(monotonic)) } }

    func beginHandling() { beginHandling(writer.now()) }

    private func beginHandling(_ time: UInt64) { begin(.handling, time) }

    /// The exit that arrived last is handled.
    func handled(_ vcpu: VCPU) {
        guard let (since, time) = endHandling() else { return }
        let track = vcpus[vcpu.index]
        writer.slice(
            .coordinator, exit: track.isHandled ? vcpu.reason : track.arrivalReason, vcpu: vcpu.index,
            sequence: track.sequence, from: since, to: time)
    }

    /// What `beginHandling` began is done.
    func handled(_ name: StaticString) {
        guard let (since, time) = endHandling() else { return }
        writer.slice(.coordinator, name, from: since, to: time)
    }

    private func endHandling() -> (UInt64, UInt64)? {
        guard activity == .handling else { return nil }
        activity = .none
        coordinatorEnd = max(writer.now(), activitySince)
        return (activitySince, coordinatorEnd)
    }

    private func begin(_ next: Activity, _ time: UInt64) {
        endActivity(time)
        activity = next
        activitySince = max(time, coordinatorEnd)
    }

    private func endActivity(_ time: UInt64) {
        let end = max(time, activitySince)
        switch activity {
        case .none: return
        case .polling: writer.slice(.coordinator, "poll", from: activitySince, to: end)
        case .waiting: writer.slice(.coordinator, "wait", from: activitySince, to: end)
        case .handling: writer.slice(.coordinator, "handle", from: activitySince, to: end)
        }
        activity = .none
        coordinatorEnd = end
    }
}
