import CWire

@testable import Shared

/// Frames in which every field has a value of its own.
enum WireSamples {
    static let hello = HelloFrame(protocolVersion: WireProtocol.version, pid: 4711, features: 0xB, wantedVCPU: 3)

    static var welcome: WelcomeFrame {
        var frame = WelcomeFrame()
        frame.protocolVersion = WireProtocol.version
        frame.vcpuIndex = 17
        frame.vcpuCount = 33
        frame.mpidr = MPIDR(vcpuIndex: 17).rawValue
        frame.ramByteCount = 512 << 20
        frame.stage2ByteCount = 4 << 20
        frame.controlByteCount = UInt64(ControlPage.byteCount(vcpuCount: 33))
        frame.vtcr = 0x8002_3558
        frame.vttbr = 0x1_0000
        frame.counterOffset = 123_456_789
        frame.listRegisterCount = 4
        frame.haltPollNanoseconds = 200_000
        frame.haltPollIsFixed = true
        frame.processor = -1
        frame.worldSwitch = .nvhe
        frame.identification.remove(.FP16)
        frame.identification.remove(.LSE)
        frame.isLockstep = true
        frame.faultSeed = 0x0123_4567_89AB_CDEF
        frame.dropDVMAckInterval = 64
        frame.skipInvalidateInterval = UInt32.max
        return frame
    }

    static var cpuInterface: CPUInterfaceState {
        var state = CPUInterfaceState()
        for index in 0..<16 { state.listRegisters[index] = 0x5000_0000_0000_0000 + UInt64(index) }
        state.hcr = 0x8000_0003
        state.vmcr = 0xF84C_0213
        state.ap0r0 = 0x1234_5678
        state.ap1r0 = 0x9ABC_DEF0
        return state
    }

    static var exit: ExitFrame {
        var frame = ExitFrame()
        frame.sequence = 99
        frame.code = ExitCode(rawValue: 2 | ExitCode.withSErrorBit)
        frame.esr = ExceptionSyndrome(.hvc64, iss: 0x42)
        frame.far = 0xFFFF_8000_1234_5678
        frame.hpfar = 0x90000
        frame.pc = 0xFFFF_8000_0808_0804
        frame.pstate = 0x6000_03C5
        frame.instruction = 0xD400_0842
        for index in 0..<8 { frame.registers[index] = 0xC400_0000_0000_0000 + UInt64(index) }
        frame.cpuInterface = cpuInterface
        frame.timer.virtualControl = 1
        frame.timer.physicalControl = 3
        frame.timer.virtualCompare = 1 << 40
        frame.timer.physicalCompare = UInt64.max
        frame.timer.virtualLine = true
        frame.timestamp = 77_000_000_000
        frame.givesWay = true
        frame.isSErrorPending = true
        return frame
    }

    static var entry: EntryFrame {
        var frame = EntryFrame()
        frame.sequence = 99
        for index in 0..<8 { frame.write(register: 30 - index, value: UInt64.max - UInt64(index)) }
        frame.advancePC = true
        frame.injected = InjectedException(.dataAbort, address: 0xFFFF_0000_DEAD_0000, syndrome: 0x1_FFFF)
        frame.reset = ResetState(pc: 0x4008_0000, x0: 0x4800_0000)
        frame.cpuInterface = cpuInterface
        frame.time = 78_000_000_000
        frame.budget = 20_000
        return frame
    }
}

// The frames hold InlineArrays, which do not compare by themselves.

func == (a: CPUInterfaceState, b: CPUInterfaceState) -> Bool {
    for index in 0..<16 where a.listRegisters[index] != b.listRegisters[index] { return false }
    return a.hcr == b.hcr && a.vmcr == b.vmcr && a.ap0r0 == b.ap0r0 && a.ap1r0 == b.ap1r0
}

func == (a: ExitFrame, b: ExitFrame) -> Bool {
    for index in 0..<8 where a.registers[index] != b.registers[index] { return false }
    return a.sequence == b.sequence && a.code == b.code && a.esr == b.esr && a.far == b.far && a.hpfar == b.hpfar
        && a.pc == b.pc && a.pstate == b.pstate && a.instruction == b.instruction
        && a.cpuInterface == b.cpuInterface && a.timer == b.timer && a.timestamp == b.timestamp
        && a.givesWay == b.givesWay && a.isSErrorPending == b.isSErrorPending
}

func == (a: EntryFrame, b: EntryFrame) -> Bool {
    guard a.writeCount == b.writeCount else { return false }
    for index in 0..<a.writeCount {
        guard a.writeRegisters[index] == b.writeRegisters[index], a.writeValues[index] == b.writeValues[index] else {
            return false
        }
    }
    return a.sequence == b.sequence && a.advancePC == b.advancePC && a.injected == b.injected && a.reset == b.reset
        && a.cpuInterface == b.cpuInterface && a.time == b.time && a.budget == b.budget
}

/// Encoded frames as bytes, without their length word.
enum Encoded {
    static func payload(_ make: (inout FrameEncoder) -> UnsafeRawBufferPointer) -> [UInt8] {
        var encoder = FrameEncoder()
        return Array(make(&encoder).dropFirst(WireProtocol.lengthByteCount))
    }

    static var exit: [UInt8] {
        var frame = WireSamples.exit
        return payload { $0.encodeAll(&frame) }
    }

    static var entry: [UInt8] {
        var frame = WireSamples.entry
        return payload { $0.encodeAll(&frame) }
    }

    static var hello: [UInt8] { payload { $0.encode(WireSamples.hello) } }
    static var welcome: [UInt8] { payload { $0.encode(WireSamples.welcome) } }
    static var sgi: [UInt8] { payload { $0.encode(SGIFrame(value: 0x1234, group: 1, timestamp: 5)) } }
    static var stop: [UInt8] { payload { $0.encodeStop() } }
    static var identification: [UInt8] { payload { $0.encode(WireSamples.welcome.identification) } }
}

extension FrameEncoder {
    /// As the first frame on a wire: nothing is known yet.
    mutating func encodeAll(_ frame: inout ExitFrame) -> UnsafeRawBufferPointer {
        var carried = CarriedState()
        return encode(&frame, carried: &carried)
    }

    mutating func encodeAll(_ frame: inout EntryFrame) -> UnsafeRawBufferPointer {
        var carried = CarriedState()
        return encode(&frame, carried: &carried)
    }
}

extension FrameDecoder {
    mutating func fromWorker(_ bytes: [UInt8], exit: inout ExitFrame) throws(WireError) -> WorkerFrame {
        var carried = CarriedState()
        return try bytes.withBytes { buffer throws(WireError) in
            try decodeFromWorker(buffer, exit: &exit, carried: &carried)
        }
    }

    mutating func fromCoordinator(_ bytes: [UInt8], entry: inout EntryFrame) throws(WireError) -> CoordinatorFrame {
        var carried = CarriedState()
        return try bytes.withBytes { buffer throws(WireError) in
            try decodeFromCoordinator(buffer, entry: &entry, carried: &carried)
        }
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    fileprivate func withBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(WireError) -> Result
    ) throws(WireError) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: self)
        return try body(UnsafeRawBufferPointer(copy))
    }
}
