import CWire
import Shared

/// Unpacks control messages and validates every field.
enum ControlDecoder {
    /// Valid messages need less: a reply of the largest size, unpacked.
    private static let requestBudget = 64 << 10
    private static let replyBudget = 64 << 20

    static func request(_ bytes: [UInt8]) throws(ControlError) -> ControlRequest {
        let budget = MessageBudget(byteCount: requestBudget)
        guard let message = armada__control__control_request__unpack(budget.allocator, bytes.count, bytes) else {
            throw budget.error
        }
        defer { armada__control__control_request__free_unpacked(message, budget.allocator) }
        // The version first: the other fields of another version are not worth a word.
        guard message.pointee.protocol_version == ControlProtocol.version else {
            throw .version(message.pointee.protocol_version)
        }
        try checkFields(message.pointee.base)
        switch message.pointee.body_case {
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_DESCRIBE:
            try checkFields(try body(message.pointee.describe).base)
            return .describe
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_STATISTICS:
            let statistics = try body(message.pointee.statistics)
            try checkFields(statistics.base)
            return .statistics(atEnd: statistics.at_end != 0)
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_INSPECT:
            let inspect = try body(message.pointee.inspect)
            try checkFields(inspect.base)
            guard let part = VMPart(rawValue: inspect.part.rawValue) else {
                throw .outOfRange("part", UInt64(inspect.part.rawValue))
            }
            return .inspect(part)
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_PAUSE:
            return .pause(vcpu: try selection(try body(message.pointee.pause)))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_RESUME:
            return .resume(vcpu: try selection(try body(message.pointee.resume)))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_CHANGE_SLOT:
            return try decode(try body(message.pointee.change_slot))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_DIRTY_LOG:
            let log = try body(message.pointee.dirty_log)
            try checkFields(log.base)
            return .dirtyLog(slot: try slotID(log.slot))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_SLOT_PAGES:
            return try decode(try body(message.pointee.slot_pages))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_KICK:
            return .kick(vcpu: try selection(try body(message.pointee.kick)))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_INJECT:
            return try decode(try body(message.pointee.inject))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_IRQ:
            return .irq(try decode(try body(message.pointee.irq)))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_SHUTDOWN:
            try checkFields(try body(message.pointee.shutdown).base)
            return .shutdown
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_REGISTERS:
            return try decode(try body(message.pointee.registers))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_READ_MEMORY:
            return try decode(try body(message.pointee.read_memory))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_WRITE_MEMORY:
            return try decode(try body(message.pointee.write_memory))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_WALK:
            return try decode(try body(message.pointee.walk))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_COUNTER_OFFSET:
            return try decode(try body(message.pointee.counter_offset))
        case ARMADA__CONTROL__CONTROL_REQUEST__BODY_MP_STATE:
            return try decode(try body(message.pointee.mp_state))
        default: throw .missingBody
        }
    }

    static func reply(_ bytes: [UInt8]) throws(ControlError) -> ControlReply {
        let budget = MessageBudget(byteCount: replyBudget)
        guard let message = armada__control__control_reply__unpack(budget.allocator, bytes.count, bytes) else {
            throw budget.error
        }
        defer { armada__control__control_reply__free_unpacked(message, budget.allocator) }
        try checkFields(message.pointee.base)
        switch message.pointee.body_case {
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_FAILURE:
            let failure = try body(message.pointee.failure)
            try checkFields(failure.base)
            return .failure(text(failure.text))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_DESCRIPTION:
            return .description(try decode(try body(message.pointee.description)))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_SNAPSHOT:
            return .snapshot(try decode(try body(message.pointee.snapshot)))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_TEXT:
            let reply = try body(message.pointee.text)
            try checkFields(reply.base)
            return .text(text(reply.text))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_DONE:
            try checkFields(try body(message.pointee.done).base)
            return .done
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_DIRTY_PAGES:
            return .dirtyPages(try decode(try body(message.pointee.dirty_pages)))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_PAGE_VISIT:
            return .pageVisit(try decode(try body(message.pointee.page_visit)))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_REGISTERS:
            return .registers(try decode(try body(message.pointee.registers)))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_MEMORY:
            return .memory(try decode(try body(message.pointee.memory)))
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_COUNTER_OFFSET:
            let reply = try body(message.pointee.counter_offset)
            try checkFields(reply.base)
            return .counterOffset(reply.offset)
        case ARMADA__CONTROL__CONTROL_REPLY__BODY_MP_STATE:
            let reply = try body(message.pointee.mp_state)
            try checkFields(reply.base)
            return .mpState(try mpState(reply.state))
        default: throw .missingBody
        }
    }

    /// nil: all vCPUs.
    private static func selection(_ message: Armada__Control__Selection) throws(ControlError) -> Int? {
        try checkFields(message.base)
        guard message.all == 0 else {
            guard message.vcpu == 0 else { throw .outOfRange("vCPU beside all", UInt64(message.vcpu)) }
            return nil
        }
        return try vcpu(message.vcpu)
    }

    // MARK: What every message needs

    static func body<Message>(_ pointer: UnsafeMutablePointer<Message>?) throws(ControlError) -> Message {
        guard let pointer else { throw .missingBody }
        return pointer.pointee
    }

    static func checkFields(_ base: ProtobufCMessage) throws(ControlError) {
        guard base.n_unknown_fields == 0 else { throw .unknownFields }
    }

    static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

    /// A pid, or another number that fits into 31 bits and is not 0.
    static func pid(_ value: UInt32) throws(ControlError) -> Int {
        guard value > 0, value <= UInt32(Int32.max) else { throw .outOfRange("pid", UInt64(value)) }
        return Int(value)
    }

    static func vcpu(_ value: UInt32) throws(ControlError) -> Int {
        guard value < WireProtocol.maximumVCPUCount else { throw .outOfRange("vCPU", UInt64(value)) }
        return Int(value)
    }

    /// vCPUs come in order, each once.
    static func index(_ value: UInt32, at position: Int) throws(ControlError) -> Int {
        guard Int(value) == position, position < WireProtocol.maximumVCPUCount else {
            throw .outOfRange("vCPU", UInt64(value))
        }
        return position
    }
}
