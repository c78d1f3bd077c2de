import Testing

@testable import Shared

@Suite struct RegisterFrameTests {
    private static var access: RegisterAccessFrame {
        var frame = RegisterAccessFrame()
        frame.number = 7
        frame.ids = [OneRegister.pc.id, OneRegister.v(3).id]
        frame.values = [0x4008_0000, UInt128(0x1234) << 64 | 5]
        frame.pending.write(register: 3, value: 99)
        frame.pending.advancePC = true
        frame.pending.injected = InjectedException(.dataAbort, address: 5, syndrome: 64)
        frame.pending.reset = ResetState(pc: 1, x0: 2)
        frame.pending.context.tpidr_EL1 = 77
        return frame
    }

    private static var offset: RegisterAccessFrame {
        var frame = RegisterAccessFrame()
        frame.number = 8
        frame.counterOffset = .max
        frame.pending.advancePC = true
        return frame
    }

    private static var answer: RegisterAnswerFrame {
        var frame = RegisterAnswerFrame()
        frame.number = 7
        frame.ids = [OneRegister.x(0).id, OneRegister.v(3).id]
        frame.values = [8, UInt128(0x1234) << 64 | 5]
        frame.timer.virtualControl = 3
        frame.timer.virtualCompare = .max
        frame.timer.physicalLine = true
        frame.virtualOffset = 1 << 63
        frame.isSErrorPending = true
        frame.serrorSyndrome = 0x1FF_FFFF
        frame.context.tpidr_EL1 = 78
        return frame
    }

    private func decode(access bytes: [UInt8], _ worldSwitch: WorldSwitch = .vhe) throws(WireError)
        -> RegisterAccessFrame
    {
        var decoder = FrameDecoder()
        var carried = CarriedState(worldSwitch: worldSwitch)
        var entry = EntryFrame()
        let payload = Array(bytes.dropFirst(4))
        let result = payload.withUnsafeBytes { buffer in
            Result { () throws(WireError) in
                try decoder.decodeFromCoordinator(buffer, entry: &entry, carried: &carried)
            }
        }
        guard case .registerAccess = try result.get() else { throw .missingBody }
        #expect(carried.registersMoved == 0)
        return decoder.access
    }

    private func decode(answer bytes: [UInt8], _ worldSwitch: WorldSwitch = .vhe) throws(WireError)
        -> RegisterAnswerFrame
    {
        var decoder = FrameDecoder()
        var carried = CarriedState(worldSwitch: worldSwitch)
        var exit = ExitFrame()
        let payload = Array(bytes.dropFirst(4))
        let result = payload.withUnsafeBytes { buffer in
            Result { () throws(WireError) in try decoder.decodeFromWorker(buffer, exit: &exit, carried: &carried) }
        }
        guard case .registerAnswer = try result.get() else { throw .missingBody }
        return decoder.answer
    }

    @Test(arguments: WorldSwitch.allCases)
    func accessesComeOutAsTheyWentIn(worldSwitch: WorldSwitch) throws {
        let frame = Self.access
        let back = try decode(access: RegisterFrameEncoder.encode(frame, worldSwitch: worldSwitch), worldSwitch)
        #expect(back.number == 7 && back.ids == frame.ids && back.values == frame.values)
        #expect(
            back.pending.writeCount == 1 && back.pending.writeRegisters[0] == 3 && back.pending.writeValues[0] == 99)
        #expect(back.pending.advancePC && back.pending.injected == frame.pending.injected)
        #expect(back.pending.reset == frame.pending.reset)
        #expect(back.pending.context.tpidr_EL1 == (worldSwitch == .nvhe ? 77 : 0))
        let read = try decode(
            access: RegisterFrameEncoder.encode(RegisterAccessFrame(), worldSwitch: worldSwitch), worldSwitch)
        #expect(read.ids.isEmpty && read.pending.injected.kind == .none && read.pending.reset == nil)
        #expect(back.counterOffset == nil && read.counterOffset == nil)
        for offset in [0, 1 << 63, .max] as [UInt64] {
            var frame = Self.offset
            frame.counterOffset = offset
            let back = try decode(access: RegisterFrameEncoder.encode(frame, worldSwitch: worldSwitch), worldSwitch)
            #expect(back.counterOffset == offset && back.ids.isEmpty && back.pending.advancePC)
        }
    }

    @Test(arguments: WorldSwitch.allCases)
    func answersComeOutAsTheyWentIn(worldSwitch: WorldSwitch) throws {
        let frame = Self.answer
        let back = try decode(answer: RegisterFrameEncoder.encode(frame, worldSwitch: worldSwitch), worldSwitch)
        #expect(back.number == 7 && back.problem == nil && back.ids == frame.ids && back.values == frame.values)
        #expect(back.timer == frame.timer && back.virtualOffset == 1 << 63)
        #expect(back.isSErrorPending && back.serrorSyndrome == 0x1FF_FFFF)
        #expect(back.context.tpidr_EL1 == (worldSwitch == .nvhe ? 78 : 0))
        var refusal = RegisterAnswerFrame()
        refusal.problem = .unfit
        refusal.position = 3
        refusal.bits = 0xF0
        let refused = try decode(answer: RegisterFrameEncoder.encode(refusal, worldSwitch: .vhe))
        #expect(refused.problem == .unfit && refused.position == 3 && refused.bits == 0xF0)
    }

    /// The largest access and answer, and one register more.
    @Test func thereIsALimit() throws {
        var frame = RegisterAccessFrame()
        frame.ids = Array(repeating: OneRegister.pc.id, count: WireProtocol.maximumRegisterCount)
        frame.values = Array(repeating: UInt128.max, count: WireProtocol.maximumRegisterCount)
        #expect(
            try decode(access: RegisterFrameEncoder.encode(frame, worldSwitch: .nvhe), .nvhe).values == frame.values)
        frame.ids.append(0)
        frame.values.append(0)
        #expect(throws: WireError.outOfRange("register count", 257)) {
            try decode(access: RegisterFrameEncoder.encode(frame, worldSwitch: .vhe))
        }
    }

    @Test func badFramesAreRefused() throws {
        func refusal(_ change: (inout RegisterAnswerFrame) -> Void) -> WireError? {
            var frame = Self.answer
            change(&frame)
            do throws(WireError) {
                _ = try decode(answer: RegisterFrameEncoder.encode(frame, worldSwitch: .vhe))
                return nil
            } catch { return error }
        }
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.values.removeLast() } == .registerWrites(numbers: 2, values: 1))
        #expect(refusal { $0.ids[0] = 5 } == .outOfRange("register id", 5))
        #expect(refusal { $0.ids[1] = $0.ids[0] } == .outOfRange("register id", OneRegister.x(0).id))
        #expect(refusal { $0.values[0] = 1 << 64 } == .outOfRange("value of a register", 0))
        #expect(refusal { $0.position = 256 } == .outOfRange("position of a register", 256))
        #expect(refusal { $0.serrorSyndrome = 1 << 25 } == .outOfRange("VSESR_EL2", 1 << 25))
        #expect(refusal { $0.timer.virtualControl = 4 } == .timerControl(4))
        #expect(throws: WireError.missing("context")) {
            try decode(answer: RegisterFrameEncoder.encode(Self.answer, worldSwitch: .vhe), .nvhe)
        }
        #expect(throws: WireError.needless("context")) {
            try decode(access: RegisterFrameEncoder.encode(Self.access, worldSwitch: .nvhe))
        }
        var access = Self.access
        access.values = []
        #expect(throws: WireError.registerWrites(numbers: 2, values: 0)) {
            try decode(access: RegisterFrameEncoder.encode(access, worldSwitch: .vhe))
        }
        access = Self.access
        access.counterOffset = 5
        #expect(throws: WireError.outOfRange("register count beside an offset", 2)) {
            try decode(access: RegisterFrameEncoder.encode(access, worldSwitch: .vhe))
        }
        // Field 60 of the access, which says that there is one, is 0.
        var bytes = RegisterFrameEncoder.encode(Self.offset, worldSwitch: .vhe)
        let flag = try #require(bytes.indices.dropLast(2).first { Array(bytes[$0...($0 + 2)]) == [0xE0, 0x03, 0x01] })
        bytes[flag + 2] = 0
        #expect(throws: WireError.outOfRange("counter offset that is not set", .max)) { try decode(access: bytes) }
        // Neither end takes what it may send itself.
        #expect(throws: WireError.wrongSender("RegisterAnswer")) {
            try decode(access: RegisterFrameEncoder.encode(Self.answer, worldSwitch: .vhe))
        }
        #expect(throws: WireError.wrongSender("RegisterAccess")) {
            try decode(answer: RegisterFrameEncoder.encode(Self.access, worldSwitch: .vhe))
        }
    }

    @Test func damageIsRefusedOrHarmless() {
        var damage = SplitMix64(seed: 5)
        let samples = [
            RegisterFrameEncoder.encode(Self.access, worldSwitch: .vhe),
            RegisterFrameEncoder.encode(Self.answer, worldSwitch: .vhe),
            RegisterFrameEncoder.encode(Self.offset, worldSwitch: .vhe),
        ]
        var refused = 0
        for round in 0..<20_000 {
            var bytes = samples[round % 3]
            for _ in 0..<Int.random(in: 1...3, using: &damage) {
                let place = Int.random(in: 4..<bytes.count, using: &damage)
                if Bool.random(using: &damage) {
                    bytes[place] = UInt8.random(in: 0...255, using: &damage)
                } else {
                    bytes.removeSubrange(max(5, place)...)
                }
            }
            if let answer = try? decode(answer: bytes) {
                #expect(answer.ids.count == answer.values.count && answer.position < 256)
            } else if let access = try? decode(access: bytes) {
                #expect(access.ids.count == access.values.count && access.pending.writeCount <= 8)
                #expect(access.ids.isEmpty || access.counterOffset == nil)
            } else {
                refused += 1
            }
        }
        #expect(refused > 1000)
    }
}
