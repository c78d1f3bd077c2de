import CHost
import Shared

// One vCPU's way from Exit to Entry, in the order of KVM's run loop. See VirtualMachine for the picture.

extension VirtualMachine {
    /// The worker has left the guest: its mode is OUTSIDE, and `vcpu.exit` says why.
    func exited(_ vcpu: VCPU) {
        lastArrival = vcpu.channel.receivedAt
        vcpu.exitArrived = lastArrival
        if let observation = vcpu.observation {
            observation.pointee.arrived(
                trapped: vcpu.channel.exit.timestamp, vcpu.control, at: lastArrival,
                byteCount: vcpu.channel.receivedByteCount)
        }
        vcpu.state = .inCoordinator
        runningCount &-= 1
        vcpu.statistics.countExit()
        if let tracer { tracer.exited(vcpu, at: lastArrival, isHandled: outcome == nil) }
        defer { if let tracer { tracer.handled(vcpu) } }

        if vcpu.stolenTime != nil { accountStolenTime(vcpu) }
        vgic.sync(vcpu: vcpu.index, from: &vcpu.channel.exit.cpuInterface)
        vcpu.entry.cpuInterface.vmcr = vcpu.channel.exit.cpuInterface.vmcr
        vcpu.entry.cpuInterface.ap0r0 = vcpu.channel.exit.cpuInterface.ap0r0
        vcpu.entry.cpuInterface.ap1r0 = vcpu.channel.exit.cpuInterface.ap1r0

        vgic.setPPI(PhysicalMap.virtualTimerINTID, vcpu: vcpu.index, level: vcpu.channel.exit.timer.virtualLine)
        if movesContext {
            syncContext(vcpu)
        } else {
            vgic.setPPI(PhysicalMap.physicalTimerINTID, vcpu: vcpu.index, level: vcpu.channel.exit.timer.physicalLine)
        }

        guard outcome == nil else {
            // Called out at the end of the run.
            if vcpu.channel.exit.code == .irq { vcpu.reason = .irq }
            return
        }
        if vcpu.channel.exit.code.hasSError {
            // Consumed. The exit is not handled: the worker has rewound the PC of an HVC, and all else replays by itself.
            vcpu.reason = .serror
            enter(vcpu)
        } else {
            vcpu.observation?.pointee.current.dispatch = armada_monotonic()
            let action = handleExit(vcpu)
            vcpu.observation?.pointee.current.handled = armada_monotonic()
            switch action {
            case .resume: enter(vcpu)
            case .block: block(vcpu)
            case .leave: break
            }
        }
        // After this vCPU's own Entry, so that its guest does not wait for them.
        if !wakes.isEmpty { wakeKicked() }
    }

    /// Sends the vCPU into the guest, unless it is paused, or in lock-step to those who wait for their turn.
    func enter(_ vcpu: VCPU) {
        if vcpu.isPaused { return park(vcpu) }
        if let faults, faults.starves(vcpu.index) { return }
        if let schedule { return schedule.admit(vcpu) }
        enterGuest(vcpu)
    }

    /// Sends the vCPU into the guest, unless a request says otherwise.
    func enterGuest(_ vcpu: VCPU) {
        // Only this thread makes requests, so that one that comes at the last moment is a worker's doing. It is given its
        // turn, but not for ever.
        var patience = 3
        while true {
            if !vcpu.requests.isEmpty || armada_load_relaxed32(vcpu.control.requests) != 0 {
                guard handleRequests(vcpu) else { return }
            }
            vgic.flush(vcpu: vcpu.index, into: &vcpu.entry.cpuInterface)
            if let faults { faults.openWindow(of: vcpu.index, to: vgic) }
            armada_store_relaxed32(vcpu.control.mode, VCPUMode.inGuest.rawValue)
            armada_fence()
            patience -= 1
            if armada_load32(vcpu.control.requests) == 0 || patience == 0 { break }
            if let faults, faults.takeSkippedCheck(of: vcpu.index) { break }
            // The flush of the next round takes these list registers back first.
            armada_store32(vcpu.control.mode, VCPUMode.outsideGuest.rawValue)
            loopStatistics.entriesBackedOut &+= 1
        }
        send(vcpu)
    }

    private func send(_ vcpu: VCPU) {
        if !vcpu.pendingExceptions.isEmpty { vcpu.pendingExceptions.merge(into: &vcpu.entry) }
        do throws(WireError) {
            try vcpu.channel.send(entry: &vcpu.entry)
        } catch {
            if case .socketFailed = error { lost(vcpu, .gone) } else { lost(vcpu, .unreachable(error)) }
            return
        }
        if let observation = vcpu.observation {
            observation.pointee.answered(
                vcpu.reason, at: vcpu.channel.entrySentAt, byteCount: vcpu.channel.entryByteCount)
        }
        if let tracer { tracer.departs(vcpu) }
        vcpu.state = .running
        runningCount &+= 1
        vcpu.clearResults()
        lastEntry = clock.now
        vcpu.stolenTime?.entered(at: lastEntry)
        if vcpu.exitArrived != 0 {
            vcpu.statistics.record(vcpu.reason, nanoseconds: lastEntry &- vcpu.exitArrived)
            vcpu.exitArrived = 0
        }
        lastEntered = vcpu.index
        if let tracer { tracer.entered(vcpu, at: lastEntry) }
        if !vcpu.pendingExceptions.isEmpty { kick(vcpu, .unblock) }
        if let faults { entered(vcpu, with: faults) }
    }

    /// KVM's `check_vcpu_requests`. False: the vCPU must not enter.
    private func handleRequests(_ vcpu: VCPU) -> Bool {
        let requests = vcpu.requests
        vcpu.requests = []
        armada_store32(vcpu.control.requests, 0)
        if requests.contains(.vmDead) || outcome != nil { return false }
        if requests.contains(.sleep) {
            powerOff(vcpu)
            return false
        }
        if requests.contains(.vcpuReset), let reset = vcpu.reset {
            vcpu.reset = nil
            vcpu.entry.reset = reset
        }
        if requests.contains(.suspend) {
            suspend(vcpu)
            return false
        }
        // IRQ_PENDING and UNBLOCK wanted the vCPU out, which it is; stolen time is recorded when it comes out; TLB_FLUSH
        // goes over the DVM ring.
        return true
    }

    // MARK: Kicks

    /// Makes `vcpu` notice `request`: a blocked one is woken, a running one is called out of the guest by its doorbell.
    func kick(_ vcpu: VCPU, _ request: VCPURequest) {
        assert(!request.isEmpty, "a kick without a request")
        vcpu.requests.formUnion(request)
        _ = armada_fetch_or32(vcpu.control.requests, request.rawValue)
        switch vcpu.state {
        case .running where schedule != nil && request != .vmDead:
            // In lock-step it has sent an SGI and comes out by itself; whether it still saw its doorbell would be the
            // host's choice.
            break
        case .running:
            var expected = VCPUMode.inGuest.rawValue
            if armada_compare_exchange32(vcpu.control.mode, &expected, VCPUMode.exitingGuest.rawValue) {
                if isDropped(request, of: vcpu) { return }
                _ = armada_fetch_or32(vcpu.control.doorbell, Doorbell.kick)
                loopStatistics.kicks &+= 1
                lastKicked = vcpu.index
            } else if expected == VCPUMode.exitingGuest.rawValue {
                loopStatistics.kicksCoalesced &+= 1
            }
        case .blocked:
            if !vcpu.isWaking, !isDropped(request, of: vcpu) {
                vcpu.isWaking = true
                wakes.append(vcpu.index)
            }
        case .inCoordinator, .ready, .paused, .poweredOff, .lost: break
        }
    }

    /// Looks at the blocked vCPUs that were kicked.
    func wakeKicked() {
        // Entering one may kick another.
        var next = 0
        while next < wakes.count {
            let vcpu = vcpus[wakes[next]]
            next += 1
            vcpu.isWaking = false
            guard vcpu.state == .blocked else { continue }
            // KVM's `kvm_arch_vcpu_runnable`.
            let mayBeFutile = vcpu.requests.subtracting(.irqPending).isEmpty
            if mayBeFutile, !vgic.hasPending(vcpu: vcpu.index, state: vcpu.entry.cpuInterface) {
                vcpu.requests = []
                armada_store32(vcpu.control.requests, 0)
            } else {
                unblock(vcpu)
            }
        }
        wakes.removeAll(keepingCapacity: true)
    }

    // MARK: Blocking

    /// WFI: waits for an interrupt. KVM's `kvm_vcpu_wfi`.
    func block(_ vcpu: VCPU) {
        if vcpu.hasExceptionToTake || vgic.hasPending(vcpu: vcpu.index, state: vcpu.entry.cpuInterface) {
            return enter(vcpu)
        }
        vcpu.state = .blocked
        if let tracer { tracer.blocked(vcpu) }
        armTimer(vcpu, after: 0)
    }

    func unblock(_ vcpu: VCPU) {
        timers.remove(vcpu.index)
        vcpu.state = .inCoordinator
        vcpu.isSuspended = false
        if let tracer { tracer.unblocked(vcpu) }
        loopStatistics.haltWakeup &+= 1
        vcpu.observation?.pointee.current.handled = armada_monotonic()
        enter(vcpu)
    }

    /// Arms the background timer for the earliest compare value after `time`: KVM's `kvm_timer_blocking`.
    func armTimer(_ vcpu: VCPU, after time: UInt64) {
        let deadlines = timerDeadlines(vcpu)
        var earliest = UInt64.max
        if deadlines.virtual > time || time == 0 { earliest = deadlines.virtual }
        if deadlines.physical > time || time == 0 { earliest = min(earliest, deadlines.physical) }
        timers.set(vcpu.index, earliest)
    }

    /// As of the vCPU's last exit, or the last access to its registers.
    func timerDeadlines(_ vcpu: VCPU) -> (virtual: UInt64, physical: UInt64) {
        vcpu.channel.exit.timer.deadlines(
            at: clock.now, counterOffset: counterOffset, virtualOffset: vcpu.virtualCounterOffset)
    }

    /// Does what is due at `now`: the clock's alarm, and the timers of blocked vCPUs.
    func expireTimers(at now: UInt64) {
        if let tracer { tracer.beginHandling() }
        pl031.tick()
        benchDevice?.tick(at: now)
        tickStress(at: now)
        if !wakes.isEmpty { wakeKicked() }
        while let vcpu = timers.popExpired(at: now) { timerExpired(vcpus[vcpu], at: now) }
        physicalTimersExpired(at: now)
        if let faults { faultsExpired(faults, at: now) }
        if let tracer { tracer.handled("timers") }
    }

    /// Raises the lines of the timers that are due, and wakes the vCPU if that is an interrupt to it.
    func timerExpired(_ vcpu: VCPU, at now: UInt64) {
        guard vcpu.state == .blocked else { return }
        let deadlines = timerDeadlines(vcpu)
        if deadlines.virtual <= now { vgic.setPPI(PhysicalMap.virtualTimerINTID, vcpu: vcpu.index, level: true) }
        if deadlines.physical <= now { vgic.setPPI(PhysicalMap.physicalTimerINTID, vcpu: vcpu.index, level: true) }
        armTimer(vcpu, after: now)
        wakeKicked()
    }

    // MARK: Power

    /// PSCI CPU_ON, and the boot of vCPU 0. The vCPU enters with the next `wakeKicked`.
    func powerOn(_ vcpu: VCPU, _ reset: ResetState) {
        vgic.reset(vcpu: vcpu.index)
        vcpu.entry.cpuInterface = CPUInterfaceState()
        vcpu.entry.cpuInterface.vmcr = ICH_VMCR.reset
        vcpu.entry.context = RegisterContext()
        resetPhysicalTimer(vcpu)
        // What was left of its last exit, and what it was told to take, went with its power.
        vcpu.clearResults()
        vcpu.pendingExceptions = PendingExceptions()
        vcpu.reset = reset
        vcpu.state = .blocked
        kick(vcpu, .vcpuReset)
    }

    /// PSCI CPU_OFF. As in KVM its registers stay, for whoever makes it runnable without `powerOn`.
    func powerOff(_ vcpu: VCPU) {
        vgic.reset(vcpu: vcpu.index)
        vcpu.state = .poweredOff
        updatePhysicalTimer(vcpu)
        if let tracer { tracer.poweredOff(vcpu) }
        if vcpu.exitArrived != 0 {
            vcpu.statistics.record(vcpu.reason, nanoseconds: clock.now &- vcpu.exitArrived)
            vcpu.exitArrived = 0
        }
        endIfNobodyIsLeft()
    }
}
