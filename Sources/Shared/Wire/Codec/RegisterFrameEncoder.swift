import CWire

/// Packs the frames of register accesses, length word included.
package enum RegisterFrameEncoder {
    package static func encode(_ value: RegisterAccessFrame, worldSwitch: WorldSwitch) -> [UInt8] {
        var message = Armada__Wire__RegisterAccess()
        armada__wire__register_access__init(&message)
        message.number = value.number
        let writes = value.pending
        var numbers = (0..<writes.writeCount).map { UInt32(writes.writeRegisters[$0]) }
        var results = (0..<writes.writeCount).map { writes.writeValues[$0] }
        var ids = value.ids
        var words = Self.words(value.values)
        var context = Self.words(value.pending.context, worldSwitch)
        return withPointers(&ids, &words) { ids, words in
            message.n_ids = value.ids.count
            message.ids = ids
            message.n_values = value.values.count &* 2
            message.values = words
            return withPointers(&numbers, &results) { numbers, results in
                withContext(&context) { context in
                    var pending = Armada__Wire__Entry()
                    armada__wire__entry__init(&pending)
                    pending.n_write_registers = writes.writeCount
                    pending.write_registers = numbers
                    pending.n_write_values = writes.writeCount
                    pending.write_values = results
                    pending.advance_pc = writes.advancePC ? 1 : 0
                    pending.context = context
                    var injected = Armada__Wire__Injected()
                    armada__wire__injected__init(&injected)
                    injected.kind = Armada__Wire__InjectedKind(rawValue: writes.injected.kind.rawValue)
                    injected.address = writes.injected.address
                    injected.syndrome = writes.injected.syndrome
                    var reset = Armada__Wire__Reset()
                    armada__wire__reset__init(&reset)
                    reset.pc = writes.reset?.pc ?? 0
                    reset.x0 = writes.reset?.x0 ?? 0
                    return withUnsafeMutablePointer(to: &injected) { injected in
                        withUnsafeMutablePointer(to: &reset) { reset in
                            pending.injected = writes.injected.kind == .none ? nil : injected
                            pending.reset = writes.reset == nil ? nil : reset
                            return withUnsafeMutablePointer(to: &pending) { pending in
                                message.pending = pending
                                return withUnsafeMutablePointer(to: &message) { message in
                                    pack(ARMADA__WIRE__FRAME__BODY_REGISTER_ACCESS) { $0.register_access = message }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    package static func encode(_ value: RegisterAnswerFrame, worldSwitch: WorldSwitch) -> [UInt8] {
        var message = Armada__Wire__RegisterAnswer()
        armada__wire__register_answer__init(&message)
        message.number = value.number
        message.problem = Armada__Wire__RegisterProblem(rawValue: value.problem?.rawValue ?? 0)
        message.position = UInt32(truncatingIfNeeded: value.position)
        message.bits = value.bits
        message.virtual_offset = value.virtualOffset
        message.serror_pending = value.isSErrorPending ? 1 : 0
        message.serror_syndrome = value.serrorSyndrome
        var timer = Armada__Wire__Timer()
        armada__wire__timer__init(&timer)
        timer.virtual_control = value.timer.virtualControl
        timer.physical_control = value.timer.physicalControl
        timer.virtual_compare = value.timer.virtualCompare
        timer.physical_compare = value.timer.physicalCompare
        timer.virtual_line = value.timer.virtualLine ? 1 : 0
        timer.physical_line = value.timer.physicalLine ? 1 : 0
        var ids = value.ids
        var words = Self.words(value.values)
        var context = Self.words(value.context, worldSwitch)
        return withPointers(&ids, &words) { ids, words in
            message.n_ids = value.ids.count
            message.ids = ids
            message.n_values = value.values.count &* 2
            message.values = words
            return withContext(&context) { context in
                message.context = context
                return withUnsafeMutablePointer(to: &timer) { timer in
                    message.timer = timer
                    return withUnsafeMutablePointer(to: &message) { message in
                        pack(ARMADA__WIRE__FRAME__BODY_REGISTER_ANSWER) { $0.register_answer = message }
                    }
                }
            }
        }
    }

    // MARK: Helpers

    private static func words(_ values: [UInt128]) -> [UInt64] {
        values.flatMap { [UInt64(truncatingIfNeeded: $0), UInt64(truncatingIfNeeded: $0 >> 64)] }
    }

    /// Empty with vhe.
    private static func words(_ context: RegisterContext, _ worldSwitch: WorldSwitch) -> [UInt64] {
        guard worldSwitch == .nvhe else { return [] }
        var context = context
        return Array(unsafeUninitializedCapacity: RegisterContext.count) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            context.put(into: base)
            count = RegisterContext.count
        }
    }

    private static func withContext<Result>(
        _ words: inout [UInt64], _ body: (UnsafeMutablePointer<Armada__Wire__Context>?) -> Result
    ) -> Result {
        guard !words.isEmpty else { return body(nil) }
        var context = Armada__Wire__Context()
        armada__wire__context__init(&context)
        context.n_registers = words.count
        return words.withUnsafeMutableBufferPointer { words in
            context.registers = words.baseAddress
            return withUnsafeMutablePointer(to: &context) { body($0) }
        }
    }

    private static func withPointers<A, B, Result>(
        _ a: inout [A], _ b: inout [B], _ body: (UnsafeMutablePointer<A>?, UnsafeMutablePointer<B>?) -> Result
    ) -> Result {
        a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in body(a.baseAddress, b.baseAddress) }
        }
    }

    private static func pack(
        _ body: Armada__Wire__Frame__BodyCase, _ fill: (inout Armada__Wire__Frame) -> Void
    ) -> [UInt8] {
        var frame = Armada__Wire__Frame()
        armada__wire__frame__init(&frame)
        frame.body_case = body
        fill(&frame)
        let byteCount = armada__wire__frame__get_packed_size(&frame)
        var bytes = [UInt8](repeating: 0, count: WireProtocol.lengthByteCount &+ byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt32(truncatingIfNeeded: byteCount).littleEndian, as: UInt32.self)
            guard let base = bytes.baseAddress else { return }
            // SAFETY: there is room for as many bytes as the message says that it needs.
            armada__wire__frame__pack(
                &frame, (base + WireProtocol.lengthByteCount).assumingMemoryBound(to: UInt8.self))
        }
        return bytes
    }
}
