import CWire

// The frames of register accesses. They allocate; see `FrameDecoder.access` and `answer`.

extension FrameDecoder {
    func decode(
        _ message: Armada__Wire__RegisterAccess, worldSwitch: WorldSwitch
    ) throws(WireError) -> RegisterAccessFrame {
        try checkFields(message.base)
        var frame = RegisterAccessFrame()
        frame.number = message.number
        frame.ids = try ids(message.ids, count: message.n_ids)
        frame.values = try values(message.values, count: message.n_values, of: frame.ids.count)
        let pending = try body(message.pending)
        try checkFields(pending.base)
        guard pending.cpu_interface == nil else { throw .needless("CPU interface in a register access") }
        try decodeResults(pending, into: &frame.pending)
        if message.sets_counter_offset != 0 {
            guard frame.ids.isEmpty else {
                throw .outOfRange("register count beside an offset", UInt64(frame.ids.count))
            }
            frame.counterOffset = message.counter_offset
        } else if message.counter_offset != 0 {
            throw .outOfRange("counter offset that is not set", message.counter_offset)
        }
        // Registers moved are those of exits.
        var carried = CarriedState(worldSwitch: worldSwitch)
        try decode(pending.context, into: &frame.pending.context, &carried)
        return frame
    }

    func decode(
        _ message: Armada__Wire__RegisterAnswer, worldSwitch: WorldSwitch
    ) throws(WireError) -> RegisterAnswerFrame {
        try checkFields(message.base)
        var frame = RegisterAnswerFrame()
        frame.number = message.number
        if message.problem != ARMADA__WIRE__REGISTER_PROBLEM__FINE {
            guard let problem = RegisterProblem(rawValue: message.problem.rawValue) else {
                throw .outOfRange("register problem", UInt64(message.problem.rawValue))
            }
            frame.problem = problem
        }
        guard message.position < UInt32(WireProtocol.maximumRegisterCount) else {
            throw .outOfRange("position of a register", UInt64(message.position))
        }
        frame.position = Int(message.position)
        frame.bits = message.bits
        frame.ids = try ids(message.ids, count: message.n_ids)
        frame.values = try values(message.values, count: message.n_values, of: frame.ids.count)
        var last: UInt64 = 0
        for (id, value) in zip(frame.ids, frame.values) {
            // Each once.
            guard id > last, let register = OneRegister(id: id) else { throw .outOfRange("register id", id) }
            last = id
            guard register.byteCount == 16 || value >> (UInt128(register.byteCount) * 8) == 0 else {
                throw .outOfRange("value of a register", UInt64(truncatingIfNeeded: value))
            }
        }
        frame.timer = try decode(try body(message.timer))
        frame.virtualOffset = message.virtual_offset
        frame.isSErrorPending = message.serror_pending != 0
        guard message.serror_syndrome >> 25 == 0 else { throw .outOfRange("VSESR_EL2", message.serror_syndrome) }
        frame.serrorSyndrome = message.serror_syndrome
        var carried = CarriedState(worldSwitch: worldSwitch)
        try decode(message.context, into: &frame.context, &carried)
        return frame
    }

    private func ids(_ words: UnsafeMutablePointer<UInt64>?, count: Int) throws(WireError) -> [UInt64] {
        guard count <= WireProtocol.maximumRegisterCount else { throw .outOfRange("register count", UInt64(count)) }
        return Array(UnsafeBufferPointer(start: words, count: count))
    }

    private func values(
        _ words: UnsafeMutablePointer<UInt64>?, count: Int, of registerCount: Int
    ) throws(WireError) -> [UInt128] {
        guard count == registerCount &* 2 else { throw .registerWrites(numbers: registerCount, values: count / 2) }
        guard let words else { return [] }
        return (0..<registerCount).map { UInt128(words[$0 &* 2]) | UInt128(words[$0 &* 2 &+ 1]) << 64 }
    }
}
