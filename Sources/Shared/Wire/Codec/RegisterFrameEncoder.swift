import CWire

/// Packs the frames of register accesses, length word included.
package enum RegisterFrameEncoder {
    package static func encode(_ value: RegisterAccessFrame, worldSwitch: WorldSwitch) -> [UInt8] {
        var pool = MessagePool()
        let ids = pool.array(value.ids)
        let words = pool.array(words(value.values))
        let pending = entry(value.pending, worldSwitch, &pool)
        let message = pool.message(armada__wire__register_access__init) {
            $0.number = value.number
            $0.n_ids = value.ids.count
            $0.ids = ids
            $0.n_values = value.values.count &* 2
            $0.values = words
            $0.pending = pending
            $0.sets_counter_offset = value.counterOffset == nil ? 0 : 1
            $0.counter_offset = value.counterOffset ?? 0
        }
        return pack(ARMADA__WIRE__FRAME__BODY_REGISTER_ACCESS, &pool) { $0.register_access = message }
    }

    package static func encode(_ value: RegisterAnswerFrame, worldSwitch: WorldSwitch) -> [UInt8] {
        var pool = MessagePool()
        let ids = pool.array(value.ids)
        let words = pool.array(words(value.values))
        let timer = timer(value.timer, &pool)
        let context = context(value.context, worldSwitch, &pool)
        let message = pool.message(armada__wire__register_answer__init) {
            $0.number = value.number
            $0.problem = Armada__Wire__RegisterProblem(rawValue: value.problem?.rawValue ?? 0)
            $0.position = UInt32(truncatingIfNeeded: value.position)
            $0.bits = value.bits
            $0.n_ids = value.ids.count
            $0.ids = ids
            $0.n_values = value.values.count &* 2
            $0.values = words
            $0.timer = timer
            $0.context = context
            $0.virtual_offset = value.virtualOffset
            $0.serror_pending = value.isSErrorPending ? 1 : 0
            $0.serror_syndrome = value.serrorSyndrome
        }
        return pack(ARMADA__WIRE__FRAME__BODY_REGISTER_ANSWER, &pool) { $0.register_answer = message }
    }

    // MARK: Parts

    /// What a handler has said about the way back, and nothing else.
    private static func entry(
        _ value: EntryFrame, _ worldSwitch: WorldSwitch, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Wire__Entry> {
        let numbers = pool.array((0..<value.writeCount).map { UInt32(value.writeRegisters[$0]) })
        let results = pool.array((0..<value.writeCount).map { value.writeValues[$0] })
        let context = context(value.context, worldSwitch, &pool)
        let entry = pool.message(armada__wire__entry__init) {
            $0.n_write_registers = value.writeCount
            $0.write_registers = numbers
            $0.n_write_values = value.writeCount
            $0.write_values = results
            $0.advance_pc = value.advancePC ? 1 : 0
            $0.context = context
        }
        if value.injected.kind != .none {
            entry.pointee.injected = pool.message(armada__wire__injected__init) {
                $0.kind = Armada__Wire__InjectedKind(rawValue: value.injected.kind.rawValue)
                $0.address = value.injected.address
                $0.syndrome = value.injected.syndrome
            }
        }
        if let reset = value.reset {
            entry.pointee.reset = pool.message(armada__wire__reset__init) {
                $0.pc = reset.pc
                $0.x0 = reset.x0
            }
        }
        return entry
    }

    private static func timer(
        _ value: TimerState, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Wire__Timer> {
        pool.message(armada__wire__timer__init) {
            $0.virtual_control = value.virtualControl
            $0.physical_control = value.physicalControl
            $0.virtual_compare = value.virtualCompare
            $0.physical_compare = value.physicalCompare
            $0.virtual_line = value.virtualLine ? 1 : 0
            $0.physical_line = value.physicalLine ? 1 : 0
        }
    }

    /// nil with vhe.
    private static func context(
        _ value: RegisterContext, _ worldSwitch: WorldSwitch, _ pool: inout MessagePool
    ) -> UnsafeMutablePointer<Armada__Wire__Context>? {
        guard worldSwitch == .nvhe else { return nil }
        var value = value
        let registers = pool.array([UInt64](repeating: 0, count: RegisterContext.count))
        value.put(into: registers)
        return pool.message(armada__wire__context__init) {
            $0.n_registers = RegisterContext.count
            $0.registers = registers
        }
    }

    private static func words(_ values: [UInt128]) -> [UInt64] {
        values.flatMap { [UInt64(truncatingIfNeeded: $0), UInt64(truncatingIfNeeded: $0 >> 64)] }
    }

    private static func pack(
        _ body: Armada__Wire__Frame__BodyCase, _ pool: inout MessagePool, _ fill: (inout Armada__Wire__Frame) -> Void
    ) -> [UInt8] {
        let frame = pool.message(armada__wire__frame__init) {
            $0.body_case = body
            fill(&$0)
        }
        let byteCount = armada__wire__frame__get_packed_size(frame)
        var bytes = [UInt8](repeating: 0, count: WireProtocol.lengthByteCount &+ byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt32(truncatingIfNeeded: byteCount).littleEndian, as: UInt32.self)
            guard let base = bytes.baseAddress else { return }
            // SAFETY: there is room for as many bytes as the message says that it needs.
            armada__wire__frame__pack(
                frame, (base + WireProtocol.lengthByteCount).assumingMemoryBound(to: UInt8.self))
        }
        return bytes
    }
}
