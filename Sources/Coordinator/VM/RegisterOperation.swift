import Shared

/// An access to a vCPU's registers for a client of the control socket: an ioctl on a vCPU. Its worker does it while it waits for
/// its Entry, and the client gets its reply then.
struct RegisterOperation {
    /// To write; empty: all are read.
    var values: [RegisterValue] = []
    /// Instead of registers.
    var counterOffset: UInt64?
    var ticket: ControlTicket
    /// What becomes of the worker's answer, which has no problem; nil: the client still waits for others.
    var reply: (RegisterAnswerFrame) -> ControlReply?
    /// The same if the worker is gone, or the VM has ended, for this reason.
    var failed: (String) -> ControlReply? = { .failure($0) }
}

/// A register and what it holds.
struct RegisterValue: Equatable, Sendable {
    var id: UInt64
    var value: UInt128
}

extension VirtualMachine {
    /// Why the registers of vCPU `index` cannot be had; nil: they can.
    func registerRefusal(_ index: Int) -> String? {
        if outcome != nil { return "the VM is ending" }
        if let refusal = refusal(index, "nothing can be paused, so no registers can be had") { return refusal }
        let vcpu = vcpus[index]
        guard vcpu.state != .lost else { return "the worker of vCPU \(index) is gone, and its registers with it" }
        guard vcpu.state == .poweredOff || vcpu.isPaused && vcpu.state != .running else {
            return "vCPU \(index) runs: pause it first, with armada ctl pause --vcpu \(index)"
        }
        return nil
    }

    /// Has registers read or written; `reply` makes the client's answer of the worker's.
    func operate(
        on index: Int, writing values: [RegisterValue] = [], _ reply: @escaping (RegisterAnswerFrame) -> ControlReply
    ) -> ControlAnswer {
        if let refusal = registerRefusal(index) { return .now(.failure(refusal)) }
        let operation = RegisterOperation(values: values, ticket: lastControlTicket.next(), reply: reply)
        queue(operation, on: vcpus[index])
        return vcpus[index].state != .lost
            ? .later(operation.ticket) : .now(.failure("the worker of vCPU \(index) is gone"))
    }

    /// Has it done after those before it. The vCPU can be asked for its registers.
    func queue(_ operation: RegisterOperation, on vcpu: VCPU) {
        vcpu.registerOperations.append(operation)
        guard vcpu.registerOperations.count == 1 else { return }
        // Nobody is to send it into the guest meanwhile.
        vcpu.resumesAfterOperations = !vcpu.isPaused
        vcpu.isPaused = true
        begin(operation, on: vcpu)
    }

    /// Sends the access to the worker, with what is left of the exit.
    private func begin(_ operation: RegisterOperation, on vcpu: VCPU) {
        var access = RegisterAccessFrame()
        access.ids = operation.values.map(\.id)
        access.values = operation.values.map(\.value)
        access.counterOffset = operation.counterOffset
        access.pending = vcpu.entry
        if vcpu.requests.contains(.vcpuReset), let reset = vcpu.reset {
            access.pending.reset = reset
            vcpu.reset = nil
            vcpu.requests.remove(.vcpuReset)
        }
        do throws(WireError) {
            try vcpu.channel.send(access: &access)
        } catch {
            return lost(vcpu, .gone)
        }
        vcpu.clearResults()
    }

    /// The worker has done the first operation of the vCPU.
    func registersAnswered(_ vcpu: VCPU) {
        let answer = vcpu.channel.registerAnswer
        // One that is to start over has new ones.
        if movesContext, vcpu.reset == nil { vcpu.entry.context = answer.context }
        vcpu.virtualCounterOffset = answer.virtualOffset
        vcpu.channel.exit.timer = answer.timer
        if vcpu.state != .poweredOff { timersAnswered(vcpu, answer.timer) }
        guard !vcpu.registerOperations.isEmpty else { return }
        let operation = vcpu.registerOperations.removeFirst()
        if let reply = reply(to: operation, answer, vcpu) { control?.complete(operation.ticket, reply) }
        if !vcpu.registerOperations.isEmpty {
            begin(vcpu.registerOperations[0], on: vcpu)
        } else if vcpu.resumesAfterOperations {
            resume(vcpu.index..<vcpu.index + 1)
        }
        if !wakes.isEmpty { wakeKicked() }
    }

    private func reply(
        to operation: RegisterOperation, _ answer: RegisterAnswerFrame, _ vcpu: VCPU
    ) -> ControlReply? {
        guard let problem = answer.problem else { return operation.reply(answer) }
        guard operation.values.indices.contains(answer.position) else {
            return .failure("the worker of vCPU \(vcpu.index) refuses a register that it was not asked for")
        }
        return .failure(problem.message(operation.values[answer.position], bits: answer.bits))
    }

    /// As after an Exit.
    private func timersAnswered(_ vcpu: VCPU, _ timer: TimerState) {
        vgic.setPPI(PhysicalMap.virtualTimerINTID, vcpu: vcpu.index, level: timer.virtualLine)
        if !movesContext {
            vgic.setPPI(PhysicalMap.physicalTimerINTID, vcpu: vcpu.index, level: timer.physicalLine)
        }
        if vcpu.state == .blocked { armTimer(vcpu, after: 0) }
    }

    /// Nobody will be answered any more.
    func failRegisterOperations(_ why: String) { for vcpu in vcpus { failRegisterOperations(of: vcpu, why) } }

    func failRegisterOperations(of vcpu: VCPU, _ why: String) {
        let operations = vcpu.registerOperations
        vcpu.registerOperations = []
        for operation in operations {
            if let reply = operation.failed(why) { control?.complete(operation.ticket, reply) }
        }
    }
}

extension RegisterProblem {
    /// One line for who asked.
    func message(_ value: RegisterValue, bits: UInt64) -> String {
        let number = hexadecimal(value.id)
        let name = OneRegister(id: value.id)?.name ?? number
        switch self {
        case .unknown:
            return "no register has the id \(number) (ENOENT): armada ctl regs --ids lists them"
        case .readOnly:
            return "\(name) cannot be changed (EINVAL): only the value that it has can be written"
        case .unfit where OneRegister(id: value.id) == .pstate && bits & 0x1F == bits && bits != 0:
            return "PSTATE.M cannot be \(hexadecimal(bits)) (EINVAL): give EL0t (0), EL1t (4) or EL1h (5) of AArch64"
        case .unfit where bits == .max:
            return "\(name) cannot hold \(hexadecimal(value.value)) (EINVAL): that has more bits than the register"
        case .unfit:
            return
                "\(name) cannot hold \(hexadecimal(value.value)) (EINVAL): its bits \(hexadecimal(bits)) cannot be changed so"
        }
    }
}
