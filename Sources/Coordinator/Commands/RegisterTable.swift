import Shared

/// The text of a vCPU's registers.
struct RegisterTable {
    private let state: RegisterState

    init(_ state: RegisterState) { self.state = state }

    var writable: String {
        state.values.compactMap { value in
            guard let register = IDRegister(id: value.id) else { return nil }
            return "\(register.name.left(16))  \(hexadecimal(value.id, digits: 16))  \(Self.text(of: value))  "
                + "\(hexadecimal(register.writableMask, digits: 16))\n"
        }.joined()
    }

    var ids: String { state.values.map { hexadecimal($0.id, digits: 16) + "\n" }.joined() }

    func text(all: Bool) -> String {
        let rows = state.values.filter { all || Self.isShown($0) }
        let width = rows.reduce(0) { max($0, Self.name($1.id).count) }
        var out = rows.map {
            "\(Self.name($0.id).left(width))  \(hexadecimal($0.id, digits: 16))  \(Self.text(of: $0))\n"
        }.joined()
        let fault = state.fault
        out += "fault_info: ESR_EL2 \(hexadecimal(fault.esr.rawValue, digits: 8)) FAR_EL2 \(hexadecimal(fault.far)) "
        out += "HPFAR_EL2 \(hexadecimal(fault.hpfar)) DISR_EL1 \(hexadecimal(fault.disr))\n"
        let events = state.events
        out += "vcpu_events: serror_pending \(events.isSErrorPending ? 1 : 0) "
        out += "serror_has_esr \(events.hasSErrorSyndrome ? 1 : 0) serror_esr \(hexadecimal(events.serrorSyndrome))\n"
        return out + "mp_state: \(state.mpState.name)\n"
    }

    static func text(of value: RegisterValue) -> String {
        hexadecimal(value.value, digits: (OneRegister(id: value.id)?.byteCount ?? 16) * 2)
    }

    private static func name(_ id: UInt64) -> String { OneRegister(id: id)?.name ?? "?" }

    private static func isShown(_ value: RegisterValue) -> Bool {
        switch OneRegister(id: value.id) {
        case .x, .sp_EL0, .pc, .pstate, .sp_EL1, .elr_EL1, .timer, .spsr(.el1), .psciVersion: true
        // CRn 0 identifies the PE; op0 2 is debug.
        case .system(let encoding): value.value != 0 && encoding.op0 == 3 && encoding.crn != 0
        default: false
        }
    }
}
