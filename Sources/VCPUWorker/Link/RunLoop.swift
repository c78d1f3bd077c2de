import CHost
import Glibc
import Shared

/// A worker's life after the handshake: Entry, the guest, Exit, and again.
enum RunLoop {
    /// Runs the vCPU until the VM ends, and returns the process's exit status.
    static func run(
        _ resources: borrowing VMResources, link: UnsafeMutablePointer<WorkerLink>, processorCount: Int
    ) throws(LinkError) -> CInt {
        let welcome = resources.welcome
        let vcpu = UnsafeMutablePointer<VCPU>.allocate(capacity: 1)
        vcpu.initialize(
            to: VCPU(
                welcome: welcome, ram: resources.ram.base, stage2Tables: UnsafeRawPointer(resources.stage2Tables.base),
                controlPage: resources.controlPage.base))
        vcpu.pointee.link = link
        guard armada_strike_prepare(vcpu.pointee.control.doorbell, Doorbell.timer) == 0 else {
            throw .host(SystemError("create a timer"))
        }
        var wait = EntryWait(
            welcome: welcome, controlPage: resources.controlPage.base, processorCount: processorCount)
        let observation = resources.controlPage.base + ControlPage.observationOffset
        // Until the first Entry a vCPU is off, perhaps for long.
        var isAnsweredQuickly = false
        do throws(WireError) {
            while true {
                switch try link.pointee.awaitOrder(&wait, answeredQuickly: isAnsweredQuickly) {
                case .stop: return 0
                case .access:
                    let access = link.pointee.access
                    try link.pointee.send(vcpu.pointee.perform(access, at: vcpu.pointee.now))
                    isAnsweredQuickly = false
                    continue
                case .identify:
                    vcpu.pointee.identify(link.pointee.identification)
                    continue
                case .enter: break
                }
                let isObserved = armada_load_relaxed32(observation) != 0
                if isObserved { armada_store_relaxed64(vcpu.pointee.control.entryTime, armada_monotonic()) }
                // One look at the clock serves all that follows, here and at the end: it costs a hundredth of an exit.
                let start = vcpu.pointee.beginSlice(&link.pointee.entry)
                let isEntered = vcpu.pointee.enter(&link.pointee.entry, at: start)
                if isObserved { armada_store_relaxed64(vcpu.pointee.control.resumeTime, armada_monotonic()) }
                armada_store_relaxed32(vcpu.pointee.control.processor, UInt32(truncatingIfNeeded: armada_processor()))
                let time = isEntered ? vcpu.pointee.execute(from: start) : vcpu.pointee.now
                vcpu.pointee.leave(into: &link.pointee.exit, at: time)
                isAnsweredQuickly = !vcpu.pointee.isSliceOver && link.pointee.exit.isAnsweredQuickly
                try link.pointee.sendExit(stamping: isObserved ? vcpu.pointee.control.sendTime : nil)
            }
        } catch .socketFailed(EPIPE) {
            // The coordinator is gone, and with it the VM.
            return 0
        } catch {
            throw .wire(error)
        }
    }
}

extension VCPU {
    /// When the Entry is answered: now, and in lock-step the time that it brings.
    mutating func beginSlice(_ entry: inout EntryFrame) -> UInt64 {
        guard lockstep.isOn else { return armada_monotonic() }
        lockstep.begin(at: entry.time, budget: entry.budget, retired: retiredInstructions)
        return entry.time
    }

    mutating func execute(from start: UInt64) -> UInt64 { lockstep.isOn ? runSlice() : run(from: start) }

    /// Does what an Entry asks for, at `time`: see `now`. False: the guest must be left again before its first
    /// instruction.
    mutating func enter(_ entry: inout EntryFrame, at time: UInt64) -> Bool {
        applyResults(entry)
        if entry.movesCPUInterface {
            cpuInterface.state = entry.cpuInterface
            cpuInterface.refresh()
        }
        if movesContext { restoreContext(&entry.context) }
        inject(entry.injected)
        // What an exception return from EL2 does.
        clearExclusiveMonitor()
        eventRegister = true
        return !resumeInterrupts(at: time)
    }

    /// What the handler of the exit wants of the registers.
    @inline(__always)
    mutating func applyResults(_ entry: borrowing EntryFrame) {
        if let start = entry.reset { reset(start) }
        for index in 0..<entry.writeCount {
            x[Int(entry.writeRegisters[index] & 31)] = entry.writeValues[index]
        }
        if entry.advancePC {
            pc &+= 4
            advanceStep()
        }
    }

    /// Fills in the Exit frame after the guest was left at `time`, and lets go of the guest.
    mutating func leave(into frame: inout ExitFrame, at time: UInt64) {
        frame.timestamp = time
        frame.givesWay = lockstep.givesWay
        frame.isSErrorPending = system.serrorPending
        frame.code = exit.code
        frame.esr = exit.esr
        frame.far = exit.far
        frame.hpfar = exit.hpfar
        frame.instruction = exit.instruction
        frame.pc = pc
        frame.pstate = savedProgramStatus
        fillRegisters(of: &frame)
        // The timers first: a line that fell takes its interrupt out of the list registers.
        frame.timer = timerState(at: time)
        frame.cpuInterface = cpuInterface.state
        if movesContext { saveContext(into: &frame.context) }
        // A kick from now on is not needed, and one from before has done its work. One that comes at this moment may be left
        // for the next entry, and costs that an exit. A full barrier would wait until the coordinator, which polls the
        // mode, has given the line away.
        armada_store_release32(control.mode, VCPUMode.outsideGuest.rawValue)
        if armada_load_relaxed32(control.doorbell) & Doorbell.kick != 0 {
            _ = armada_fetch_and32(control.doorbell, ~Doorbell.kick)
        }
    }

    /// The registers that the coordinator needs to handle the exit; it sees no others.
    // Mutating, like the next: otherwise the registers are copied with all that stands around them.
    private mutating func fillRegisters(of frame: inout ExitFrame) {
        for index in 0..<8 { frame.registers[index] = 0 }
        guard frame.code.withoutSError == .trap else { return }
        switch frame.esr.exceptionClass {
        case .hvc64, .smc64:
            for index in 0..<8 { frame.registers[index] = x[index] }
        case .dabtLow where frame.esr.isSyndromeValid && frame.esr.isWrite:
            frame.registers[0] = sourceRegister(frame.esr.transferRegister)
        case .sys64 where !frame.esr.isSystemRead:
            frame.registers[0] = sourceRegister(frame.esr.systemTransferRegister)
        default: break
        }
    }

    /// X<number>, where 31 is the zero register.
    private mutating func sourceRegister(_ number: Int) -> UInt64 { number == 31 ? 0 : x[number & 31] }

    /// ICC_SGI1R_EL1 (group 1), ICC_SGI0R_EL1 and ICC_ASGI1R_EL1 (group 0): tells the coordinator, and goes on at once;
    /// in lock-step it waits until the coordinator has seen to it.
    mutating func sendSGI(_ value: UInt64, group: UInt32) -> Outcome {
        control.increment(.sgiSent)
        guard let link else { return .next }
        do throws(WireError) {
            try link.pointee.send(SGIFrame(value: value, group: group, timestamp: now))
        } catch {
            // The coordinator is gone, and with it the VM.
            Glibc.exit(0)
        }
        return lockstep.isOn ? retireAndLeave() : .next
    }
}

extension ExitFrame {
    /// Whether the coordinator is likely to send the vCPU back at once, so that polling for its answer makes sense.
    fileprivate var isAnsweredQuickly: Bool {
        // Mutating: otherwise the frame is copied.
        mutating get { Self.isAnsweredQuickly(code, esr, firstRegister: registers[0]) }
    }

    private static func isAnsweredQuickly(
        _ code: ExitCode, _ esr: ExceptionSyndrome, firstRegister: UInt64
    ) -> Bool {
        guard code == .trap else { return true }
        switch esr.exceptionClass {
        case .wfx: return false
        case .hvc64, .smc64:
            // PSCI CPU_SUSPEND, CPU_OFF, SYSTEM_OFF, SYSTEM_RESET, in both calling conventions.
            switch UInt32(truncatingIfNeeded: firstRegister) & ~0x4000_0000 {
            case 0x8400_0001, 0x8400_0002, 0x8400_0008, 0x8400_0009: return false
            default: return true
            }
        default: return true
        }
    }
}
