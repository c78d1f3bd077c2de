import CWire
import Shared

// Memory slots and dirty logs on the control socket.

extension ControlEncoder {
    static func message(
        slot id: Int, _ change: SlotChange, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Control__SlotChange> {
        let message = pool.message(armada__control__slot_change__init) { $0.slot = UInt32(truncatingIfNeeded: id) }
        switch change {
        case .create(let base, let byteCount, let output, let isReadOnly):
            message.pointee.change_case = ARMADA__CONTROL__SLOT_CHANGE__CHANGE_CREATE
            message.pointee.create = pool.message(armada__control__create_slot__init) {
                $0.ipa = base.rawValue
                $0.byte_count = byteCount
                $0.read_only = isReadOnly ? 1 : 0
                $0.has_offset = output == nil ? 0 : 1
                $0.offset = output?.rawValue ?? 0
            }
        case .delete:
            message.pointee.change_case = ARMADA__CONTROL__SLOT_CHANGE__CHANGE_DELETE
            message.pointee.delete_ = pool.message(armada__control__delete_slot__init)
        case .move(let base):
            message.pointee.change_case = ARMADA__CONTROL__SLOT_CHANGE__CHANGE_MOVE
            message.pointee.move = pool.message(armada__control__move_slot__init) { $0.ipa = base.rawValue }
        case .logDirtyPages(let isOn):
            message.pointee.change_case = ARMADA__CONTROL__SLOT_CHANGE__CHANGE_LOG_DIRTY_PAGES
            message.pointee.log_dirty_pages = pool.message(armada__control__log_dirty_pages__init) {
                $0.on = isOn ? 1 : 0
            }
        }
        return message
    }

    static func message(
        _ log: DirtyLog, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Control__DirtyPages> {
        let words = pool.array(log.pages.words)
        return pool.message(armada__control__dirty_pages__init) {
            $0.ipa = log.base.rawValue
            $0.page_byte_count = UInt32(truncatingIfNeeded: log.pageByteCount)
            $0.page_count = UInt64(log.pages.pageCount)
            $0.words = words
            $0.n_words = log.pages.words.count
        }
    }
}

extension ControlDecoder {
    static func slotID(_ value: UInt32) throws(ControlError) -> Int {
        guard value < MemorySlots.maximumCount else { throw .outOfRange("slot", UInt64(value)) }
        return Int(value)
    }

    static func decode(_ message: Armada__Control__SlotChange) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        let id = try slotID(message.slot)
        switch message.change_case {
        case ARMADA__CONTROL__SLOT_CHANGE__CHANGE_CREATE:
            let create = try body(message.create)
            try checkFields(create.base)
            guard create.has_offset != 0 || create.offset == 0 else { throw .outOfRange("offset", create.offset) }
            return .changeSlot(
                id,
                .create(
                    base: IPA(create.ipa), byteCount: create.byte_count,
                    output: create.has_offset == 0 ? nil : HostOffset(create.offset),
                    isReadOnly: create.read_only != 0))
        case ARMADA__CONTROL__SLOT_CHANGE__CHANGE_DELETE:
            try checkFields(try body(message.delete_).base)
            return .changeSlot(id, .delete)
        case ARMADA__CONTROL__SLOT_CHANGE__CHANGE_MOVE:
            let move = try body(message.move)
            try checkFields(move.base)
            return .changeSlot(id, .move(to: IPA(move.ipa)))
        case ARMADA__CONTROL__SLOT_CHANGE__CHANGE_LOG_DIRTY_PAGES:
            let log = try body(message.log_dirty_pages)
            try checkFields(log.base)
            return .changeSlot(id, .logDirtyPages(log.on != 0))
        default: throw .missingBody
        }
    }

    static func decode(_ message: Armada__Control__SlotPages) throws(ControlError) -> ControlRequest {
        try checkFields(message.base)
        guard let operation = SlotPageOperation(rawValue: message.operation.rawValue) else {
            throw .outOfRange("page operation", UInt64(message.operation.rawValue))
        }
        return .slotPages(try slotID(message.slot), operation)
    }

    static func decode(_ message: Armada__Control__DirtyPages) throws(ControlError) -> DirtyLog {
        try checkFields(message.base)
        let pageByteCount = UInt64(message.page_byte_count)
        guard pageByteCount >= 4096, pageByteCount.nonzeroBitCount == 1 else {
            throw .outOfRange("page size", pageByteCount)
        }
        let (byteCount, overflows) = message.page_count.multipliedReportingOverflow(by: pageByteCount)
        guard !overflows, !message.ipa.addingReportingOverflow(byteCount).overflow, byteCount <= Int.max else {
            throw .outOfRange("page count", message.page_count)
        }
        let words = Array(UnsafeBufferPointer(start: message.words, count: message.n_words))
        guard let pages = DirtyPages(pageCount: Int(message.page_count), words: words) else {
            throw .outOfRange("dirty bitmap's words", UInt64(message.n_words))
        }
        return DirtyLog(base: IPA(message.ipa), pageByteCount: pageByteCount, pages: pages)
    }

    static func decode(_ message: Armada__Control__PageVisit) throws(ControlError) -> Stage2.Visit {
        try checkFields(message.base)
        guard let leaves = Int(exactly: message.leaves), let changed = Int(exactly: message.changed) else {
            throw .outOfRange("leaves", message.leaves)
        }
        return Stage2.Visit(leaves: leaves, changed: changed)
    }
}
