import CWire
import Shared

// What is done to a VM from outside: exceptions and wires.

extension ControlDecoder {
    static func decode(_ message: Armada__Control__Injection) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        let vcpu = try vcpu(message.vcpu)
        // As KVM_SET_VCPU_EVENTS: which of the two goes first would be a guess.
        guard message.serror == 0 || message.data_abort == 0 else {
            throw .inconsistent("an SError and an external data abort at once: inject one, and then the other")
        }
        let kinds = [message.serror, message.data_abort, message.instruction_abort, message.undefined]
        guard kinds.filter({ $0 != 0 }).count == 1 else {
            throw .inconsistent("an injection is of one exception: SError, data abort, instruction abort or UNDEF")
        }
        guard message.serror != 0 || message.has_esr == 0 else {
            throw .inconsistent("only an SError has an ESR of its own")
        }
        guard message.esr == 0 || message.has_esr != 0, message.esr & ~ExceptionSyndrome.issMask == 0 else {
            throw .outOfRange("ISS", UInt64(message.esr))
        }
        let isAbort = message.data_abort != 0 || message.instruction_abort != 0
        guard isAbort || message.address == 0 else { throw .inconsistent("only an abort has an address") }
        let exception: AskedException =
            if message.serror != 0 {
                .serror(iss: message.has_esr != 0 ? message.esr : nil)
            } else if message.data_abort != 0 {
                .dataAbort(message.address)
            } else if message.instruction_abort != 0 {
                .instructionAbort(message.address)
            } else {
                .undefined
            }
        return .inject(exception, vcpu: vcpu)
    }

    static func decode(_ message: Armada__Control__InterruptLine) throws(ControlError) -> InterruptLine {
        try checkFields(message.base)
        guard let change = InterruptLine.Change(rawValue: message.change.rawValue) else {
            throw .outOfRange("change of a wire", UInt64(message.change.rawValue))
        }
        guard message.has_vcpu != 0 || message.vcpu == 0 else {
            throw .outOfRange("vCPU of no PPI", UInt64(message.vcpu))
        }
        return InterruptLine(
            intid: message.intid, vcpu: message.has_vcpu != 0 ? try vcpu(message.vcpu) : nil, change: change)
    }
}

extension ControlEncoder {
    static func injection(
        _ exception: AskedException, _ vcpu: Int, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Control__Injection> {
        pool.message(armada__control__injection__init) {
            $0.vcpu = UInt32(truncatingIfNeeded: vcpu)
            switch exception {
            case .serror(let iss):
                $0.serror = 1
                $0.has_esr = iss == nil ? 0 : 1
                $0.esr = iss ?? 0
            case .dataAbort(let address):
                $0.data_abort = 1
                $0.address = address
            case .instructionAbort(let address):
                $0.instruction_abort = 1
                $0.address = address
            case .undefined: $0.undefined = 1
            }
        }
    }

    static func interruptLine(
        _ line: InterruptLine, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Control__InterruptLine> {
        pool.message(armada__control__interrupt_line__init) {
            $0.intid = line.intid
            $0.has_vcpu = line.vcpu == nil ? 0 : 1
            $0.vcpu = UInt32(truncatingIfNeeded: line.vcpu ?? 0)
            $0.change = Armada__Control__LineChange(line.change.rawValue)
        }
    }
}
