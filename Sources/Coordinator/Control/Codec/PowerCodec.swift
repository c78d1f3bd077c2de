import CWire
import Shared

// The counters' offset and the MP state.

extension MessagePool {
    mutating func message(counterOffset offset: UInt64?) -> UnsafeMutablePointer<Armada__Control__CounterOffsetRequest>
    {
        message(armada__control__counter_offset_request__init) {
            $0.is_write = offset == nil ? 0 : 1
            $0.offset = offset ?? 0
        }
    }

    mutating func message(
        mpState state: MPState?, vcpu: Int
    ) -> UnsafeMutablePointer<Armada__Control__MPStateRequest> {
        message(armada__control__mpstate_request__init) {
            $0.vcpu = UInt32(truncatingIfNeeded: vcpu)
            $0.is_write = state == nil ? 0 : 1
            $0.state = Armada__Control__MPState((state ?? .runnable).rawValue)
        }
    }
}

extension ControlDecoder {
    static func decode(_ message: Armada__Control__CounterOffsetRequest) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        guard message.is_write != 0 || message.offset == 0 else {
            throw .inconsistent("a counter offset came with a question for it")
        }
        return .counterOffset(message.is_write != 0 ? message.offset : nil)
    }

    static func decode(_ message: Armada__Control__MPStateRequest) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        let state = try mpState(message.state)
        guard message.is_write != 0 || state == .runnable else {
            throw .inconsistent("an MP state came with a question for it")
        }
        return .mpState(vcpu: try vcpu(message.vcpu), message.is_write != 0 ? state : nil)
    }

    static func mpState(_ value: Armada__Control__MPState) throws(ControlError) -> MPState {
        guard let state = MPState(rawValue: value.rawValue) else {
            throw .outOfRange("MP state", UInt64(value.rawValue))
        }
        return state
    }
}
