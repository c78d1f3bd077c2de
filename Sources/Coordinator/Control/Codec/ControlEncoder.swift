import CWire
import Shared

/// Packs control messages. What comes out has no length before it; see `ControlProtocol.delimited`.
enum ControlEncoder {
    static func encode(_ request: ControlRequest, version: UInt32 = ControlProtocol.version) -> [UInt8] {
        var pool = MessagePool()
        let message = pool.message(armada__control__control_request__init)
        message.pointee.protocol_version = version
        switch request {
        case .describe:
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_DESCRIBE
            message.pointee.describe = pool.message(armada__control__describe__init)
        case .statistics(let atEnd):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_STATISTICS
            message.pointee.statistics = pool.message(armada__control__statistics__init) { $0.at_end = atEnd ? 1 : 0 }
        case .inspect(let part):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_INSPECT
            message.pointee.inspect = pool.message(armada__control__inspect__init) {
                $0.part = Armada__Control__Part(part.rawValue)
            }
        case .pause(let vcpu):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_PAUSE
            message.pointee.pause = selection(vcpu, &pool)
        case .resume(let vcpu):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_RESUME
            message.pointee.resume = selection(vcpu, &pool)
        case .changeSlot(let id, let change):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_CHANGE_SLOT
            message.pointee.change_slot = self.message(slot: id, change, &pool)
        case .dirtyLog(let id):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_DIRTY_LOG
            message.pointee.dirty_log = pool.message(armada__control__dirty_log__init) {
                $0.slot = UInt32(truncatingIfNeeded: id)
            }
        case .slotPages(let id, let operation):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_SLOT_PAGES
            message.pointee.slot_pages = pool.message(armada__control__slot_pages__init) {
                $0.slot = UInt32(truncatingIfNeeded: id)
                $0.operation = Armada__Control__PageOperation(operation.rawValue)
            }
        case .kick(let vcpu):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_KICK
            message.pointee.kick = selection(vcpu, &pool)
        case .inject(let exception, let vcpu):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_INJECT
            message.pointee.inject = injection(exception, vcpu, &pool)
        case .irq(let line):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_IRQ
            message.pointee.irq = interruptLine(line, &pool)
        case .shutdown:
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_SHUTDOWN
            message.pointee.shutdown = pool.message(armada__control__shutdown__init)
        case .readRegisters(let vcpu, let ids):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_REGISTERS
            message.pointee.registers = pool.message(reading: ids, vcpu: vcpu)
        case .writeRegisters(let vcpu, let values):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_REGISTERS
            message.pointee.registers = pool.message(writing: values, vcpu: vcpu)
        case .readMemory(let address, let byteCount):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_READ_MEMORY
            message.pointee.read_memory = pool.message(armada__control__memory_read__init) {
                $0.address = address.rawValue
                $0.byte_count = UInt32(truncatingIfNeeded: byteCount)
            }
        case .writeMemory(let address, let bytes, let wholeByteCount):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_WRITE_MEMORY
            let data = pool.bytes(bytes)
            message.pointee.write_memory = pool.message(armada__control__memory_write__init) {
                $0.address = address.rawValue
                $0.bytes = data
                $0.whole_byte_count = wholeByteCount
            }
        case .walk(let vcpu, let access):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_WALK
            message.pointee.walk = pool.message(armada__control__walk__init) {
                $0.vcpu = UInt32(truncatingIfNeeded: vcpu)
                $0.address = access.address
                $0.access = Armada__Control__AccessKind(access.kind.rawValue)
                $0.is_unprivileged = access.isUnprivileged ? 1 : 0
            }
        case .counterOffset(let offset):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_COUNTER_OFFSET
            message.pointee.counter_offset = pool.message(counterOffset: offset)
        case .mpState(let vcpu, let state):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REQUEST__BODY_MP_STATE
            message.pointee.mp_state = pool.message(mpState: state, vcpu: vcpu)
        }
        return pack(armada__control__control_request__get_packed_size(message)) {
            armada__control__control_request__pack(message, $0)
        }
    }

    /// A reply that would be too large becomes one that says so.
    static func encode(_ reply: ControlReply) -> [UInt8] {
        var pool = MessagePool()
        let message = pool.message(armada__control__control_reply__init)
        switch reply {
        case .failure(let text):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_FAILURE
            let text = pool.string(text)
            message.pointee.failure = pool.message(armada__control__failure__init) { $0.text = text }
        case .description(let description):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_DESCRIPTION
            message.pointee.description = pool.message(description)
        case .snapshot(let snapshot):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_SNAPSHOT
            message.pointee.snapshot = pool.message(snapshot)
        case .text(let text):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_TEXT
            let text = pool.string(text)
            message.pointee.text = pool.message(armada__control__text__init) { $0.text = text }
        case .done:
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_DONE
            message.pointee.done = pool.message(armada__control__done__init)
        case .dirtyPages(let log):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_DIRTY_PAGES
            message.pointee.dirty_pages = self.message(log, &pool)
        case .pageVisit(let visit):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_PAGE_VISIT
            message.pointee.page_visit = pool.message(armada__control__page_visit__init) {
                $0.leaves = UInt64(visit.leaves)
                $0.changed = UInt64(visit.changed)
            }
        case .registers(let state):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_REGISTERS
            message.pointee.registers = pool.message(state)
        case .memory(let bytes):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_MEMORY
            let data = pool.bytes(bytes)
            message.pointee.memory = pool.message(armada__control__memory__init) { $0.bytes = data }
        case .counterOffset(let offset):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_COUNTER_OFFSET
            message.pointee.counter_offset = pool.message(armada__control__counter_offset__init) { $0.offset = offset }
        case .mpState(let state):
            message.pointee.body_case = ARMADA__CONTROL__CONTROL_REPLY__BODY_MP_STATE
            message.pointee.mp_state = pool.message(armada__control__mpstate_reply__init) {
                $0.state = Armada__Control__MPState(state.rawValue)
            }
        }
        let byteCount = armada__control__control_reply__get_packed_size(message)
        guard byteCount <= ControlProtocol.maximumReplyByteCount else {
            return encode(.failure("the reply of \(byteCount) bytes is larger than the cap"))
        }
        return pack(byteCount) { armada__control__control_reply__pack(message, $0) }
    }

    private static func selection(
        _ vcpu: Int?, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Control__Selection> {
        pool.message(armada__control__selection__init) {
            $0.all = vcpu == nil ? 1 : 0
            $0.vcpu = UInt32(truncatingIfNeeded: vcpu ?? 0)
        }
    }

    private static func pack(_ byteCount: Int, _ body: (UnsafeMutablePointer<UInt8>?) -> Int) -> [UInt8] {
        Array(unsafeUninitializedCapacity: byteCount) { buffer, count in
            count = byteCount == 0 ? 0 : body(buffer.baseAddress)
        }
    }
}
