import CHost
import Shared

/// The VM's one loop: waits for workers, timers, signals and the terminal, and never for one of them alone.
///
/// Waiting is adaptive like KVM's `halt_poll_ns`: after an Entry the socket is polled for a window that grows while answers come
/// soon, and only then does the loop block. Polling burns a processor, so it is done only while there is one that
/// nobody else needs: a vCPU in the guest has the better claim. Only for the exit of one that has just been kicked, and
/// runs on another processor, the loop polls briefly in any case.
final class EventLoop {
    private let vm: VirtualMachine
    private let events: EventSet
    private let control: ControlServer?
    private var window: AdaptiveWindow
    private var hostLoad = HostLoad()
    private var brief = BriefPoll()
    /// As many vCPUs may be in the guest while the loop polls.
    private let pollableRunningCount: Int
    /// When the watchdog ends the run.
    private let watchdog: UInt64
    private var watchedInput: CInt = -1
    private var watchedOutput: CInt = -1
    /// Channels that may have more, though their sockets are empty.
    private var unfinished: [Int] = []
    /// Successes since the other descriptors were last looked at.
    private var streak = 0
    /// The vCPU whose socket is not in the event set: it has been polled with success for a while. An event set makes each
    /// frame that the worker sends dearer, by a tenth of the raw socket's round trip.
    private var detached: Int?

    init(_ vm: VirtualMachine, _ events: EventSet, processorCount: Int) {
        self.vm = vm
        self.events = events
        control = vm.control
        window = AdaptiveWindow(
            maximumNanoseconds: vm.configuration.haltPoll.nanoseconds, isFixed: vm.configuration.haltPoll.isFixed)
        // With processors of their own for loop and workers, the loop takes nothing away from anyone.
        let separate = vm.configuration.pin == .separate && processorCount > 1
        pollableRunningCount =
            separate ? .max : vm.configuration.pin == .same ? 0 : processorCount - 1
        watchdog =
            vm.configuration.timeoutSeconds.map { armada_monotonic() &+ UInt64(max(0, min($0, 1e9)) * 1e9) } ?? .max
        _ = armada_timer_slack(1)
        // It has microseconds of work at a time, and vCPUs wait for them.
        _ = armada_time_slice(100_000)
    }

    /// Runs until the VM has an outcome, then brings the vCPUs out of the guest.
    func run() {
        do throws(SystemError) {
            for vcpu in vm.vcpus {
                try events.add(vcpu.channel.descriptor, .channel(vcpu.index))
                if vcpu.channel.processDescriptor >= 0 {
                    try events.add(vcpu.channel.processDescriptor, .process(vcpu.index))
                }
            }
            if let backend = vm.bench?.backend { try events.add(backend.descriptor, .benchBackend) }
            if let peer = vm.bench?.peer { try events.add(peer.descriptor, .benchPeer) }
        } catch { return vm.end(.failed(error.description)) }
        watchConsole()
        while vm.outcome == nil, vm.schedule?.advance() ?? true { step() }
        attach()
        quiesce()
    }

    private func step() {
        let start = armada_monotonic()
        let deadline = nextDeadline(start)
        if deadline <= start { return expire(start) }
        var now = start
        if window.nanoseconds > 0, vm.runningCount > 0, vm.runningCount <= pollableRunningCount, unfinished.isEmpty {
            vm.loopStatistics.haltAttemptedPoll &+= 1
            if let tracer = vm.tracer { tracer.polls(from: start) }
            let found = poll(from: start, until: min(start &+ window.nanoseconds, deadline), now: &now)
            if let tracer = vm.tracer { tracer.pollEnded() }
            if found {
                vm.loopStatistics.haltSuccessfulPoll &+= 1
                vm.loopStatistics.haltPollSuccessNanoseconds &+= max(vm.lastArrival, start) &- start
                window.polledWithSuccess()
                // The others must not starve while one vCPU keeps the loop busy.
                streak += 1
                if streak >= 64 {
                    streak = 0
                    vm.console.flush()
                    _ = look(nanoseconds: 0)
                    detach()
                }
                return
            }
            vm.loopStatistics.haltPollFailNanoseconds &+= now &- start
            // In vain, and someone else could have used the processor.
            if hostLoad.isCrowded(at: now) { window.giveWay() }
        }
        if let kicked = vm.lastKicked {
            vm.lastKicked = nil
            if window.maximumNanoseconds > 0, unfinished.isEmpty, awaitExit(of: vm.vcpus[kicked], from: now) { return }
        }
        block(from: start, at: now, until: deadline)
    }

    /// Waits a moment for the exit of a vCPU that has been kicked. True if it sent something.
    private func awaitExit(of vcpu: VCPU, from start: UInt64) -> Bool {
        let processor = armada_load_relaxed32(vcpu.control.processor)
        guard vcpu.state == .running, processor != UInt32(truncatingIfNeeded: armada_processor()), brief.mayTry() else {
            return false
        }
        repeat {
            // The clock costs more than the look.
            for _ in 0..<16 {
                if vcpu.isAboutToSend, serve(vcpu) {
                    brief.succeeded()
                    return true
                }
                armada_spin_hint()
            }
        } while armada_monotonic() &- start < BriefPoll.nanoseconds
        brief.failed()
        return false
    }

    /// Watches the vCPU that was entered last, and now and then looks at everyone.
    ///
    /// A worker shows in the control page that it is about to send something. Until then its socket is left alone:
    /// a call to the host for each look takes the socket's lock from the sender. Who shows nothing is found a little later.
    private func poll(from start: UInt64, until limit: UInt64, now: inout UInt64) -> Bool {
        let favourite = vm.vcpus[vm.lastEntered]
        if let detached, detached != favourite.index { attach() }
        var round = 0
        while true {
            if favourite.state == .running, favourite.isAboutToSend, serve(favourite) { return true }
            round &+= 1
            // Rarely: a look at everyone takes as long as a tenth of an exit, which would often come in its middle.
            if vm.runningCount > 1 || favourite.state != .running || round & 1023 == 0, look(nanoseconds: 0) {
                return true
            }
            // The clock costs more than the look.
            if round & 15 == 0 {
                now = armada_monotonic()
                if now >= limit { return false }
            }
            armada_spin_hint()
        }
    }

    /// Takes the favourite's socket out of the event set; a poll sees its frames by the control page.
    private func detach() {
        guard detached == nil else { return }
        let favourite = vm.vcpus[vm.lastEntered]
        guard favourite.state == .running else { return }
        events.remove(favourite.channel.descriptor)
        detached = favourite.index
    }

    /// Puts it back; what has come meanwhile is reported at once.
    private func attach() {
        guard let index = detached else { return }
        detached = nil
        do throws(SystemError) {
            try events.add(vm.vcpus[index].channel.descriptor, .channel(index))
        } catch { vm.end(.failed(error.description)) }
    }

    private func block(from start: UInt64, at now: UInt64, until deadline: UInt64) {
        attach()
        vm.console.flush()
        vm.files.flush()
        watchConsole()
        if vm.outcome != nil { return }
        // Polling may have lasted beyond the deadline.
        let rest: UInt64? = deadline == .max ? nil : deadline > now ? deadline - now : 0
        let wait = unfinished.isEmpty ? rest : 0
        vm.loopStatistics.blocks &+= 1
        let wasRunning = vm.runningCount > 0
        if let tracer = vm.tracer { tracer.waits(from: now) }
        let found = look(nanoseconds: wait)
        let end = wokenAt
        vm.loopStatistics.blockedNanoseconds &+= end &- now
        if found, wasRunning { window.blocked(waitedNanoseconds: end &- start) }
        if !unfinished.isEmpty {
            let list = unfinished
            unfinished.removeAll(keepingCapacity: true)
            for index in list { _ = serve(vm.vcpus[index]) }
        }
    }

    /// When the last wait ended.
    private var wokenAt: UInt64 = 0

    /// Waits for events and handles them. True if a worker had something.
    private func look(nanoseconds: UInt64?) -> Bool {
        let sleeps = nanoseconds != 0
        if sleeps { publishProcessor(0) }
        let count = events.wait(nanoseconds: nanoseconds)
        if sleeps { publishProcessor(UInt32(truncatingIfNeeded: armada_processor()) &+ 1) }
        wokenAt = armada_monotonic()
        if let tracer = vm.tracer { tracer.woke(at: wokenAt) }
        var found = false
        for index in 0..<count {
            switch events.event(at: index) {
            case .channel(let index):
                let vcpu = vm.vcpus[index]
                if vcpu.state == .lost {
                    events.remove(vcpu.channel.descriptor)
                } else if serve(vcpu) {
                    found = true
                }
            case .process(let index):
                let vcpu = vm.vcpus[index]
                events.remove(vcpu.channel.processDescriptor)
                // What it said last comes first.
                while serve(vcpu), vm.outcome == nil {}
                vm.workerEnded(vcpu)
                if !vm.wakes.isEmpty { vm.wakeKicked() }
                found = true
            case .signals:
                if events.takeEndingSignal() { vm.end(.interrupted) }
            case .consoleInput:
                vm.console.readInput()
                if !vm.wakes.isEmpty { vm.wakeKicked() }
            case .consoleOutput:
                vm.console.flush()
                if !vm.wakes.isEmpty { vm.wakeKicked() }
            case .benchBackend: vm.benchSignalled(vm.bench?.backend?.take())
            case .benchPeer: vm.benchSignalled(vm.bench?.peer?.take())
            case .control: control?.accept()
            case .controlClient(let slot): control?.serve(slot)
            case nil: break
            }
        }
        return found
    }

    /// Tells the workers where this thread is at work; 0: it sleeps.
    private func publishProcessor(_ number: UInt32) {
        armada_store_relaxed32(vm.controlPage.base + ControlPage.coordinatorOffset, number)
    }

    /// Takes what the worker has sent: SGIs, and at most one Exit, after which it waits for us. True if there was anything.
    private func serve(_ vcpu: VCPU) -> Bool {
        guard vcpu.state != .lost else { return false }
        for count in 0..<64 {
            switch vcpu.channel.receive() {
            case .exit:
                vm.exited(vcpu)
                return true
            case .sgi(let frame):
                vcpu.statistics.sgis &+= 1
                if let tracer = vm.tracer { tracer.sgiWritten(vcpu, frame) }
                vm.vgic.sendSGI(from: vcpu.index, value: frame.value, group: frame.group)
                if !vm.wakes.isEmpty { vm.wakeKicked() }
                if let tracer = vm.tracer { tracer.sgiHandled() }
            case .registerAnswer:
                vm.registersAnswered(vcpu)
            case .wouldBlock:
                return count > 0
            // The latter has died in the middle of a frame.
            case .closed, .violation(.truncated):
                lost(vcpu, .gone)
                return true
            case .violation(let error):
                lost(vcpu, .violation("\(error)"))
                return true
            case .hello:
                lost(vcpu, .violation("a second Hello"))
                return true
            }
        }
        unfinished.append(vcpu.index)
        return true
    }

    private func lost(_ vcpu: VCPU, _ reason: WorkerLoss.Reason) {
        vm.lost(vcpu, reason)
        if !vm.wakes.isEmpty { vm.wakeKicked() }
    }

    // MARK: Time

    private func nextDeadline(_ now: UInt64) -> UInt64 {
        // In lock-step the guest's deadlines are not in the host's time.
        if vm.schedule != nil { return min(watchdog, control?.deadline ?? .max) }
        var deadline = min(vm.timers.earliest, vm.physicalTimers.earliest, watchdog)
        if let bench = vm.benchDevice { deadline = min(deadline, bench.deadline) }
        if let stress = vm.stressDeadline { deadline = min(deadline, stress) }
        if let alarm = vm.pl031.nanosecondsToAlarm { deadline = min(deadline, now &+ alarm) }
        if let control { deadline = min(deadline, control.deadline) }
        if let faults = vm.faults { deadline = min(deadline, faults.deadline) }
        return deadline
    }

    private func expire(_ now: UInt64) {
        if watchdog <= now { return vm.end(.watchdog) }
        control?.expire(now)
        if vm.schedule == nil { vm.expireTimers(at: now) }
    }

    // MARK: The console

    /// Follows the console's descriptors, which come and go.
    private func watchConsole() {
        let input = vm.console.inputDescriptor ?? -1
        if input != watchedInput {
            if watchedInput >= 0 { events.remove(watchedInput) }
            watchedInput = input
            if input >= 0 { try? events.add(input, .consoleInput) }
        }
        let output = vm.console.blockedOutputDescriptor ?? -1
        if output != watchedOutput {
            if watchedOutput >= 0 { events.remove(watchedOutput) }
            watchedOutput = output
            if output >= 0 { try? events.add(output, .consoleOutput, writable: true) }
        }
    }

    // MARK: The end

    /// Brings every vCPU out of the guest, so that its counters are final. Not for long: a worker may be stuck.
    private func quiesce() {
        vm.continueStopped()
        if case .workerLost = vm.outcome { return }
        for vcpu in vm.vcpus where vcpu.state == .running { vm.kick(vcpu, .vmDead) }
        let limit = armada_monotonic() &+ 20_000_000
        while vm.runningCount > 0, case let now = armada_monotonic(), now < limit {
            _ = look(nanoseconds: limit &- now)
        }
        if vm.outcome == .watchdog || vm.outcome == .deadlock { reportPlaces() }
    }

    /// Where the guest was when its time ran out, or nothing could happen any more.
    private func reportPlaces() {
        for vcpu in vm.vcpus.prefix(32) {
            vm.logger.notice("vCPU \(vcpu.index): \(vcpu.lastExitDescription)")
        }
    }
}
