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
            guard let held = own[value.id], held != value.value else { continue }
            if let problem = ownProblem(value) { return .now(.failure(problem)) }
        }
        if let problem = identification(after: values).problem { return .now(.failure("\(problem) (EINVAL)")) }
        let others = values.filter { own[$0.id] == nil }
        if others.isEmpty {
            write(values, of: vcpus[index])
            return .now(.done)
        }
        // The worker may refuse the others, when it is too late to take these back.
        if let value = values.first(where: { Self.isVMs($0.id) && $0.value != own[$0.id] }) {
            let name = OneRegister(id: value.id)?.name ?? hexadecimal(value.id)
            return .now(.failure("\(name) is the VM's and is not changed together with a vCPU's: write it by itself"))
        }
        return operate(on: index, writing: others) { [unowned self] _ in
            write(values.filter { own[$0.id] != nil && !Self.isVMs($0.id) }, of: vcpus[index])
            return .done
        }
    }

    private func registers(_ answer: RegisterAnswerFrame) -> [UInt64: UInt128] {
        Dictionary(zip(answer.ids, answer.values)) { first, _ in first }
    }

    // MARK: What the worker does not have

    private static let timerControl = OneRegister.timer(.physicalControl).id
    private static let timerCompare = OneRegister.timer(.physicalCompare).id

    /// Whether all vCPUs have it in common.
    private static func isVMs(_ id: UInt64) -> Bool { id == OneRegister.psciVersion.id || IDRegister(id: id) != nil }

    /// The PSCI version and the identification registers, and with nvhe the physical timer.
    private func ownRegisters(_ vcpu: VCPU) -> [UInt64: UInt128] {
        var registers = [OneRegister.psciVersion.id: UInt128(psciVersion.rawValue)]
        for register in IDRegister.allCases { registers[register.id] = UInt128(identification[register]) }
        if movesContext {
            let counter = clock.now &- counterOffset
            registers[Self.timerControl] = UInt128(vcpu.physicalTimer.read(.ctl, at: counter))
            registers[Self.timerCompare] = UInt128(vcpu.physicalTimer.compare)
        }
        return registers
    }

    /// Of a value that the register does not have.
    private func ownProblem(_ value: RegisterValue) -> String? {
        switch value.id {
        case let id where hasRun && Self.isVMs(id):
            let (name, option) = IDRegister(id: id).map { ($0.name, "--id-register") } ?? ("PSCI_VERSION", "--psci")
            return "the VM has run, so \(name) is fixed (EBUSY): give armada run \(option) or --paused"
        case OneRegister.psciVersion.id where Self.psciVersion(value) == nil:
            let versions = PSCI.Version.allCases.map { hexadecimal($0.rawValue) }.joined(separator: ", ")
            return "PSCI_VERSION cannot be \(hexadecimal(value.value)) (EINVAL): give one of \(versions)"
        case let id where IDRegister(id: id) != nil && value.value >> 64 != 0:
            return RegisterProblem.unfit.message(value, bits: .max)
        case Self.timerControl where value.value > 7, Self.timerCompare where value.value >> 64 != 0:
            let bits = UInt64(truncatingIfNeeded: value.value) & ~7
            return RegisterProblem.unfit.message(value, bits: bits)
        default: return nil
        }
    }

    /// The identification registers with those of `values`.
    private func identification(after values: [RegisterValue]) -> IDRegisterSet {
        values.reduce(into: identification) { set, value in
            if let register = IDRegister(id: value.id) { set[register] = UInt64(truncatingIfNeeded: value.value) }
        }
    }

    private static func psciVersion(_ value: RegisterValue) -> PSCI.Version? {
        UInt64(exactly: value.value).flatMap { PSCI.Version(rawValue: $0) }
    }

    /// Values that were found to be possible.
    private func write(_ values: [RegisterValue], of vcpu: VCPU) {
        for value in values { writeOwn(value, vcpu) }
        identify(identification(after: values))
    }

    private func writeOwn(_ value: RegisterValue, _ vcpu: VCPU) {
        let word = UInt64(truncatingIfNeeded: value.value)
        switch value.id {
        case OneRegister.psciVersion.id: psciVersion = Self.psciVersion(value) ?? psciVersion
        case Self.timerControl: writePhysicalTimer(vcpu, .ctl, word)
        case Self.timerCompare: writePhysicalTimer(vcpu, .cval, word)
        default: break
        }
    }
}
