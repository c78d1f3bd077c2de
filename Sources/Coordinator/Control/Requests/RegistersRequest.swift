import Shared

/// What KVM's ioctls tell of a vCPU: KVM_GET_ONE_REG of many registers, the fault information, KVM_GET_VCPU_EVENTS and
/// KVM_GET_MP_STATE.
struct RegisterState: Equatable, Sendable {
    /// Rising by id, if all were asked for.
    var values: [RegisterValue] = []
    var fault = FaultInformation()
    var events = VCPUEvents()
    var mpState = MPState.runnable
}

/// KVM's `struct kvm_vcpu_fault_info`.
struct FaultInformation: Equatable, Sendable {
    /// ESR_EL2 of the last trap.
    var esr = ExceptionSyndrome(rawValue: 0)
    /// FAR_EL2 and HPFAR_EL2 of the last abort.
    var far: UInt64 = 0
    var hpfar: UInt64 = 0
    /// DISR_EL1: 0, the PE defers no errors.
    var disr: UInt64 = 0
}

/// KVM's `struct kvm_vcpu_events`.
struct VCPUEvents: Equatable, Sendable {
    var isSErrorPending = false
    var hasSErrorSyndrome = false
    var serrorSyndrome: UInt64 = 0
}

extension VirtualMachine {
    /// Without `ids`: all, and so KVM_GET_REG_LIST, too.
    func readRegisters(vcpu index: Int, ids: [UInt64]) -> ControlAnswer {
        operate(on: index) { [unowned self] answer in
            let all = ownRegisters(vcpus[index]).reduce(into: registers(answer)) { $0[$1.key] = $1.value }
            var state = RegisterState()
            for id in ids.isEmpty ? all.keys.sorted() : ids {
                guard let value = all[id] else {
                    return .failure(RegisterProblem.unknown.message(RegisterValue(id: id, value: 0), bits: 0))
                }
                state.values.append(RegisterValue(id: id, value: value))
            }
            state.fault = vcpus[index].fault
            state.events.isSErrorPending = answer.isSErrorPending
            if answer.isSErrorPending {
                state.events.hasSErrorSyndrome = answer.serrorSyndrome != 0
                state.events.serrorSyndrome = answer.serrorSyndrome
            }
            state.mpState = vcpus[index].mpState
            return .registers(state)
        }
    }

    /// All or none.
    func writeRegisters(vcpu index: Int, _ values: [RegisterValue]) -> ControlAnswer {
        if let refusal = registerRefusal(index) { return .now(.failure(refusal)) }
        let own = ownRegisters(vcpus[index])
        for value in values {
            guard let held = own[value.id] else { continue }
            if let problem = ownProblem(value, held: held) { return .now(.failure(problem)) }
        }
        let others = values.filter { own[$0.id] == nil }
        if others.isEmpty {
            for value in values { writeOwn(value, vcpus[index]) }
            return .now(.done)
        }
        return operate(on: index, writing: others) { [unowned self] _ in
            for value in values where own[value.id] != nil { writeOwn(value, vcpus[index]) }
            return .done
        }
    }

    private func registers(_ answer: RegisterAnswerFrame) -> [UInt64: UInt128] {
        Dictionary(zip(answer.ids, answer.values)) { first, _ in first }
    }

    // MARK: What the worker does not have

    private static let timerControl = OneRegister.timer(.physicalControl).id
    private static let timerCompare = OneRegister.timer(.physicalCompare).id

    /// The PSCI version, and with nvhe the physical timer.
    private func ownRegisters(_ vcpu: VCPU) -> [UInt64: UInt128] {
        var registers = [OneRegister.psciVersion.id: UInt128(configuration.psciVersion.rawValue)]
        if movesContext {
            let counter = clock.now &- counterOffset
            registers[Self.timerControl] = UInt128(vcpu.physicalTimer.read(.ctl, at: counter))
            registers[Self.timerCompare] = UInt128(vcpu.physicalTimer.compare)
        }
        return registers
    }

    private func ownProblem(_ value: RegisterValue, held: UInt128) -> String? {
        switch value.id {
        case OneRegister.psciVersion.id where value.value != held:
            return "the VM has run, so its PSCI version is fixed (EBUSY): choose it with armada run --psci"
        case Self.timerControl where value.value > 7, Self.timerCompare where value.value >> 64 != 0:
            let bits = UInt64(truncatingIfNeeded: value.value) & ~7
            return RegisterProblem.unfit.message(value, bits: bits)
        default: return nil
        }
    }

    private func writeOwn(_ value: RegisterValue, _ vcpu: VCPU) {
        let word = UInt64(truncatingIfNeeded: value.value)
        switch value.id {
        case Self.timerControl: writePhysicalTimer(vcpu, .ctl, word)
        case Self.timerCompare: writePhysicalTimer(vcpu, .cval, word)
        default: break
        }
    }
}
