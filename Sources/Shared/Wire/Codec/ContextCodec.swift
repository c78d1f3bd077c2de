import CWire

// The context on the wire: words in the order of `RegisterContext.rows`.

extension RegisterContext {
    /// The masks and the values after reset, as words in the order of the wire.
    private nonisolated(unsafe) static let rules: UnsafePointer<(mask: UInt64, reset: UInt64)> = {
        let rules = UnsafeMutablePointer<(mask: UInt64, reset: UInt64)>.allocate(capacity: rows.count)
        let reset = RegisterContext()
        for (index, row) in rows.enumerated() {
            (rules + index).initialize(to: (row.mask, reset[keyPath: row.path]))
        }
        return UnsafePointer(rules)
    }()

    /// Takes over `words`; does not allocate.
    ///
    /// - Parameter words: `count` of them.
    mutating func take(_ words: UnsafePointer<UInt64>) throws(WireError) {
        let rules = Self.rules
        for index in 0..<Self.count where (words[index] ^ rules[index].reset) & ~rules[index].mask != 0 {
            throw .outOfRange(Self.rows[index].name, words[index])
        }
        withUnsafeMutableBytes(of: &self) { fields in
            // SAFETY: the fields are `count` words without padding, and `words` are as many.
            fields.copyMemory(from: UnsafeRawBufferPointer(start: words, count: Self.count &* 8))
        }
    }

    /// Puts the registers out as words.
    ///
    /// - Parameter words: room for `count` of them.
    mutating func put(into words: UnsafeMutablePointer<UInt64>) {
        withUnsafeBytes(of: &self) { fields in
            // SAFETY: as in `take`.
            UnsafeMutableRawBufferPointer(start: words, count: Self.count &* 8).copyMemory(from: fields)
        }
    }
}

extension FrameDecoder {
    /// Takes over the context of a frame, which is there with nvhe and only then.
    func decode(
        _ pointer: UnsafeMutablePointer<Armada__Wire__Context>?, into context: inout RegisterContext,
        _ carried: inout CarriedState
    ) throws(WireError) {
        guard let message = pointer?.pointee else {
            if carried.carriesAll { throw .missing("context") }
            return
        }
        guard carried.carriesAll else { throw .needless("context") }
        try checkFields(message.base)
        guard message.n_registers == RegisterContext.count, let registers = message.registers else {
            throw .contextRegisterCount(message.n_registers)
        }
        try context.take(registers)
        carried.registersMoved &+= UInt64(RegisterContext.count)
    }
}

extension ExitFrame {
    /// With nvhe the virtual timer's registers are in the context, and the physical timer is the coordinator's own.
    mutating func completeTimer() throws(WireError) {
        guard timer.virtualControl == 0, timer.physicalControl == 0 else {
            throw .needless("timer control beside the context")
        }
        guard timer.virtualCompare == 0, timer.physicalCompare == 0 else {
            throw .needless("timer compare value beside the context")
        }
        guard !timer.physicalLine else { throw .needless("line of the physical timer") }
        timer.virtualControl = UInt32(truncatingIfNeeded: context.cntv_CTL_EL0)
        timer.virtualCompare = context.cntv_CVAL_EL0
    }
}
