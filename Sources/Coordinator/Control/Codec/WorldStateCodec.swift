import CWire
import Shared

// Registers, guest memory and walks.

extension MessagePool {
    mutating func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        ProtobufCBinaryData(len: bytes.count, data: array(bytes))
    }

    mutating func message(
        reading ids: [UInt64], vcpu: Int
    ) -> UnsafeMutablePointer<Armada__Control__RegisterRequest> {
        let list = array(ids)
        return message(armada__control__register_request__init) {
            $0.vcpu = UInt32(truncatingIfNeeded: vcpu)
            $0.n_ids = ids.count
            $0.ids = list
        }
    }

    mutating func message(
        writing values: [RegisterValue], vcpu: Int
    ) -> UnsafeMutablePointer<Armada__Control__RegisterRequest> {
        let message = message(reading: values.map(\.id), vcpu: vcpu)
        message.pointee.is_write = 1
        message.pointee.n_values = values.count * 2
        message.pointee.values = array(values.flatMap(\.words))
        return message
    }

    mutating func message(_ state: RegisterState) -> UnsafeMutablePointer<Armada__Control__RegisterState> {
        let ids = array(state.values.map(\.id))
        let words = array(state.values.flatMap(\.words))
        return message(armada__control__register_state__init) {
            $0.n_ids = state.values.count
            $0.ids = ids
            $0.n_values = state.values.count * 2
            $0.values = words
            $0.esr = state.fault.esr.rawValue
            $0.far = state.fault.far
            $0.hpfar = state.fault.hpfar
            $0.disr = state.fault.disr
            $0.serror_pending = state.events.isSErrorPending ? 1 : 0
            $0.serror_has_esr = state.events.hasSErrorSyndrome ? 1 : 0
            $0.serror_esr = state.events.serrorSyndrome
            $0.mp_state = Armada__Control__MPState(state.mpState.rawValue)
        }
    }
}

extension RegisterValue {
    fileprivate var words: [UInt64] { [UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64)] }
}

extension ControlDecoder {
    static func decode(_ message: Armada__Control__RegisterRequest) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        let vcpu = try vcpu(message.vcpu)
        let ids = try ids(message.ids, count: message.n_ids)
        guard message.is_write != 0 else {
            guard message.n_values == 0 else { throw .inconsistent("registers to read came with values") }
            return .readRegisters(vcpu: vcpu, ids: ids)
        }
        guard !ids.isEmpty else { throw .inconsistent("there is no register to write") }
        return .writeRegisters(vcpu: vcpu, try values(ids, message.values, count: message.n_values))
    }

    static func decode(_ message: Armada__Control__RegisterState) throws(ControlError) -> RegisterState {
        try checkFields(message.base)
        let ids = try ids(message.ids, count: message.n_ids)
        return RegisterState(
            values: try values(ids, message.values, count: message.n_values),
            fault: FaultInformation(
                esr: ExceptionSyndrome(rawValue: message.esr), far: message.far, hpfar: message.hpfar,
                disr: message.disr),
            events: VCPUEvents(
                isSErrorPending: message.serror_pending != 0, hasSErrorSyndrome: message.serror_has_esr != 0,
                serrorSyndrome: message.serror_esr),
            mpState: try mpState(message.mp_state))
    }

    static func decode(_ message: Armada__Control__MemoryRead) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        let byteCount = Int(message.byte_count)
        guard 1...ControlProtocol.maximumMemoryReadByteCount ~= byteCount else {
            throw .outOfRange("byte count", UInt64(byteCount))
        }
        return .readMemory(IPA(message.address), byteCount: byteCount)
    }

    static func decode(_ message: Armada__Control__MemoryWrite) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        let bytes = bytes(message.bytes)
        guard 1...ControlProtocol.maximumMemoryWriteByteCount ~= bytes.count else {
            throw .outOfRange("byte count", UInt64(bytes.count))
        }
        guard message.whole_byte_count >= UInt64(bytes.count) else {
            throw .inconsistent("\(bytes.count) bytes are more than the whole of \(message.whole_byte_count)")
        }
        return .writeMemory(IPA(message.address), bytes: bytes, wholeByteCount: message.whole_byte_count)
    }

    static func decode(_ message: Armada__Control__Memory) throws(ControlError) -> [UInt8] {
        try checkFields(message.base)
        return bytes(message.bytes)
    }

    static func decode(_ message: Armada__Control__Walk) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        guard let kind = WalkedAccess.Kind(rawValue: message.access.rawValue) else {
            throw .outOfRange("access", UInt64(message.access.rawValue))
        }
        return .walk(
            vcpu: try vcpu(message.vcpu),
            WalkedAccess(address: message.address, kind: kind, isUnprivileged: message.is_unprivileged != 0))
    }

    // MARK: Helpers

    private static func ids(_ words: UnsafeMutablePointer<UInt64>?, count: Int) throws(ControlError) -> [UInt64] {
        guard count <= WireProtocol.maximumRegisterCount else { throw .outOfRange("register count", UInt64(count)) }
        return Array(UnsafeBufferPointer(start: words, count: count))
    }

    private static func values(
        _ ids: [UInt64], _ words: UnsafeMutablePointer<UInt64>?, count: Int
    ) throws(ControlError) -> [RegisterValue] {
        guard count == ids.count * 2 else {
            throw .inconsistent("\(ids.count) registers came with \(count) words of values")
        }
        guard let words else { return [] }
        return ids.enumerated().map { position, id in
            RegisterValue(id: id, value: UInt128(words[position * 2]) | UInt128(words[position * 2 + 1]) << 64)
        }
    }

    private static func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
        Array(UnsafeBufferPointer(start: data.data, count: data.len))
    }
}
