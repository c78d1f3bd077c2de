import CWire

/// Unpacks frames and validates every field: protobuf parses a good part of all random bytes, so that a frame parses
/// says nothing about its meaning. Does not allocate.
package struct FrameDecoder: ~Copyable {
    private var arena = MessageArena()
    /// The last Welcome, the last Identification, the last access to registers, and the last answer to one. They stand here
    /// and not in what a call returns, which is to be small and to hold nothing that is counted.
    package private(set) var welcome = WelcomeFrame()
    package private(set) var identification = IDRegisterSet.implemented
    package private(set) var access = RegisterAccessFrame()
    package private(set) var answer = RegisterAnswerFrame()

    package init() {}

    // MARK: At the coordinator

    /// Decodes a frame, its length word left out, that a worker sent. The contents of an Exit go to `exit`, which is
    /// undefined after an error; what it leaves out is taken from `carried`.
    package mutating func decodeFromWorker(
        _ bytes: UnsafeRawBufferPointer, exit: inout ExitFrame, carried: inout CarriedState
    ) throws(WireError) -> WorkerFrame {
        if !carried.carriesAll, readPlain(bytes, into: &exit) {
            // PC and PSTATE.
            carried.registersMoved &+= 2
            exit.cpuInterface = carried.cpuInterface
            exit.timer = carried.timer
            try check(exit.code, hpfar: exit.hpfar, pstate: exit.pstate)
            return .exit
        }
        let frame = try arena.unpack(bytes)
        try checkFields(frame.pointee.base)
        switch frame.pointee.body_case {
        case ARMADA__WIRE__FRAME__BODY_EXIT:
            try decode(try body(frame.pointee.exit), into: &exit, &carried)
            return .exit
        case ARMADA__WIRE__FRAME__BODY_SGI:
            return .sgi(try decode(try body(frame.pointee.sgi)))
        case ARMADA__WIRE__FRAME__BODY_HELLO:
            return .hello(try decode(try body(frame.pointee.hello)))
        case ARMADA__WIRE__FRAME__BODY_REGISTER_ANSWER:
            answer = try decode(try body(frame.pointee.register_answer), worldSwitch: carried.worldSwitch)
            return .registerAnswer
        case ARMADA__WIRE__FRAME__BODY_REGISTER_ACCESS: throw .wrongSender("RegisterAccess")
        case ARMADA__WIRE__FRAME__BODY_IDENTIFICATION: throw .wrongSender("Identification")
        case ARMADA__WIRE__FRAME__BODY_WELCOME: throw .wrongSender("Welcome")
        case ARMADA__WIRE__FRAME__BODY_ENTRY: throw .wrongSender("Entry")
        case ARMADA__WIRE__FRAME__BODY_STOP: throw .wrongSender("Stop")
        default: throw .missingBody
        }
    }

    private func decode(_ hello: Armada__Wire__Hello) throws(WireError) -> HelloFrame {
        // The version first: the other fields of another version are not worth a word.
        guard hello.protocol_version == WireProtocol.version else { throw .protocolVersion(hello.protocol_version) }
        try checkFields(hello.base)
        guard hello.pid > 0, hello.pid <= UInt32(Int32.max) else { throw .outOfRange("pid", UInt64(hello.pid)) }
        guard hello.features & ~WorkerFeature.all.rawValue == 0 else { throw .outOfRange("features", hello.features) }
        guard hello.wanted_vcpu <= UInt32(WireProtocol.maximumVCPUCount) else {
            throw .outOfRange("wanted vCPU", UInt64(hello.wanted_vcpu))
        }
        return HelloFrame(
            protocolVersion: hello.protocol_version, pid: hello.pid, features: hello.features,
            wantedVCPU: hello.wanted_vcpu == 0 ? nil : Int(hello.wanted_vcpu) - 1)
    }

    private func decode(
        _ message: Armada__Wire__Exit, into exit: inout ExitFrame, _ carried: inout CarriedState
    ) throws(WireError) {
        try checkFields(message.base)
        exit.sequence = message.sequence
        exit.code = ExitCode(rawValue: message.code)
        exit.esr = ExceptionSyndrome(rawValue: message.esr)
        exit.far = message.far
        exit.hpfar = message.hpfar
        exit.pc = message.pc
        exit.pstate = message.pstate
        try check(exit.code, hpfar: exit.hpfar, pstate: exit.pstate)
        exit.instruction = message.instruction
        guard message.n_registers <= 8 else { throw .registerCount(message.n_registers) }
        for index in 0..<8 {
            exit.registers[index] = index < message.n_registers ? message.registers[index] : 0
        }
        // PC and PSTATE.
        carried.registersMoved &+= 2
        try decode(message.cpu_interface, into: &exit.cpuInterface, &carried)
        try decode(message.context, into: &exit.context, &carried)
        if let timer = message.timer {
            exit.timer = try decode(timer.pointee)
            if carried.carriesAll {
                try exit.completeTimer()
            } else {
                carried.registersMoved &+= TimerState.registerCount
            }
            _ = carried.update(exit.timer)
        } else {
            guard !carried.carriesAll else { throw .missing("timer") }
            exit.timer = carried.timer
        }
        exit.timestamp = message.timestamp
        exit.givesWay = message.gives_way != 0
        exit.isSErrorPending = message.serror_pending != 0
    }

    /// Fills in an Exit without messages within it; false: this is something else, for protobuf-c to look at.
    private func readPlain(_ bytes: UnsafeRawBufferPointer, into exit: inout ExitFrame) -> Bool {
        guard var reader = PlainFrameReader(bytes, body: 3) else { return false }
        exit.sequence = reader.fixed64(1)
        exit.code = ExitCode(rawValue: reader.fixed32(2))
        exit.esr = ExceptionSyndrome(rawValue: reader.fixed32(3))
        exit.far = reader.fixed64(4)
        exit.hpfar = reader.fixed64(5)
        exit.pc = reader.fixed64(6)
        exit.pstate = reader.fixed64(7)
        exit.instruction = reader.fixed32(8)
        let registers = reader.packed(9, elementByteCount: 8)
        for index in 0..<8 {
            exit.registers[index] =
                index &* 8 < registers.count
                ? UInt64(littleEndian: registers.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)) : 0
        }
        exit.timestamp = reader.fixed64(12)
        exit.givesWay = reader.flag(14)
        exit.isSErrorPending = reader.flag(15)
        return reader.isAtEnd
    }

    /// Holds an Exit's own fields against their ranges.
    private func check(_ code: ExitCode, hpfar: UInt64, pstate: UInt64) throws(WireError) {
        guard code.withoutSError.rawValue <= ExitCode.illegal.rawValue else { throw .exitCode(code.rawValue) }
        guard hpfar & ~Self.hpfarMask == 0 else { throw .outOfRange("HPFAR_EL2", hpfar) }
        guard pstate >> 32 == 0, Self.isGuestMode(pstate) else { throw .outOfRange("PSTATE", pstate) }
    }

    func decode(_ timer: Armada__Wire__Timer) throws(WireError) -> TimerState {
        try checkFields(timer.base)
        guard timer.virtual_control <= Self.timerControlMask else { throw .timerControl(timer.virtual_control) }
        guard timer.physical_control <= Self.timerControlMask else { throw .timerControl(timer.physical_control) }
        var state = TimerState()
        state.virtualControl = timer.virtual_control
        state.physicalControl = timer.physical_control
        state.virtualCompare = timer.virtual_compare
        state.physicalCompare = timer.physical_compare
        state.virtualLine = timer.virtual_line != 0
        state.physicalLine = timer.physical_line != 0
        return state
    }

    private func decode(_ sgi: Armada__Wire__SGI) throws(WireError) -> SGIFrame {
        try checkFields(sgi.base)
        guard sgi.group <= 1 else { throw .outOfRange("SGI group", UInt64(sgi.group)) }
        return SGIFrame(value: sgi.value, group: sgi.group, timestamp: sgi.timestamp)
    }

    // MARK: At the worker

    /// Decodes a frame, its length word left out, that the coordinator sent. The contents of an Entry go to `entry`,
    /// which is undefined after an error; what it leaves out is taken from `carried`.
    package mutating func decodeFromCoordinator(
        _ bytes: UnsafeRawBufferPointer, entry: inout EntryFrame, carried: inout CarriedState
    ) throws(WireError) -> CoordinatorFrame {
        if !carried.carriesAll, try readPlain(bytes, into: &entry) {
            entry.cpuInterface = carried.cpuInterface
            entry.movesCPUInterface = false
            return .entry
        }
        let frame = try arena.unpack(bytes)
        try checkFields(frame.pointee.base)
        switch frame.pointee.body_case {
        case ARMADA__WIRE__FRAME__BODY_ENTRY:
            try decode(try body(frame.pointee.entry), into: &entry, &carried)
            return .entry
        case ARMADA__WIRE__FRAME__BODY_WELCOME:
            welcome = try decode(try body(frame.pointee.welcome))
            return .welcome
        case ARMADA__WIRE__FRAME__BODY_STOP:
            try checkFields(try body(frame.pointee.stop).base)
            return .stop
        case ARMADA__WIRE__FRAME__BODY_REGISTER_ACCESS:
            access = try decode(try body(frame.pointee.register_access), worldSwitch: carried.worldSwitch)
            return .registerAccess
        case ARMADA__WIRE__FRAME__BODY_IDENTIFICATION:
            identification = try decode(frame.pointee.identification)
            return .identification
        case ARMADA__WIRE__FRAME__BODY_REGISTER_ANSWER: throw .wrongSender("RegisterAnswer")
        case ARMADA__WIRE__FRAME__BODY_HELLO: throw .wrongSender("Hello")
        case ARMADA__WIRE__FRAME__BODY_EXIT: throw .wrongSender("Exit")
        case ARMADA__WIRE__FRAME__BODY_SGI: throw .wrongSender("SGI")
        default: throw .missingBody
        }
    }

    private func decode(
        _ message: Armada__Wire__Entry, into entry: inout EntryFrame, _ carried: inout CarriedState
    ) throws(WireError) {
        try checkFields(message.base)
        entry.sequence = message.sequence
        entry.movesCPUInterface = true
        try decodeResults(message, into: &entry)
        try decode(message.cpu_interface, into: &entry.cpuInterface, &carried)
        try decode(message.context, into: &entry.context, &carried)
        entry.time = message.time
        entry.budget = message.budget
    }

    /// What a handler has said about the way back.
    func decodeResults(_ message: Armada__Wire__Entry, into entry: inout EntryFrame) throws(WireError) {
        guard message.n_write_registers == message.n_write_values else {
            throw .registerWrites(numbers: message.n_write_registers, values: message.n_write_values)
        }
        guard message.n_write_registers <= 8 else { throw .registerCount(message.n_write_registers) }
        entry.writeCount = message.n_write_registers
        for index in 0..<entry.writeCount {
            let number = message.write_registers[index]
            guard number <= 30 else { throw .registerNumber(number) }
            entry.writeRegisters[index] = UInt8(truncatingIfNeeded: number)
            entry.writeValues[index] = message.write_values[index]
        }
        entry.advancePC = message.advance_pc != 0
        if let injected = message.injected {
            try checkFields(injected.pointee.base)
            let number = injected.pointee.kind.rawValue
            guard let kind = InjectedException.Kind(rawValue: number) else {
                throw .injectedKind(Int(Int32(truncatingIfNeeded: number)))
            }
            entry.injected = InjectedException(
                kind, address: injected.pointee.address, syndrome: injected.pointee.syndrome)
        } else {
            entry.injected = InjectedException()
        }
        if let reset = message.reset {
            try checkFields(reset.pointee.base)
            entry.reset = ResetState(pc: reset.pointee.pc, x0: reset.pointee.x0)
        } else {
            entry.reset = nil
        }
    }

    /// Fills in an Entry without messages within it; false: this is something else, for protobuf-c to look at.
    private func readPlain(
        _ bytes: UnsafeRawBufferPointer, into entry: inout EntryFrame
    ) throws(WireError) -> Bool {
        guard var reader = PlainFrameReader(bytes, body: 4) else { return false }
        entry.sequence = reader.fixed64(1)
        let numbers = reader.packed(2, elementByteCount: 1)
        let values = reader.packed(3, elementByteCount: 8)
        guard numbers.count &* 8 == values.count else { return false }
        entry.writeCount = numbers.count
        var largest: UInt8 = 0
        for index in 0..<numbers.count {
            // A number of more than one byte is out of range at any rate.
            guard numbers[index] < 0x80 else { return false }
            largest = max(largest, numbers[index])
            entry.writeRegisters[index] = numbers[index]
            entry.writeValues[index] = UInt64(
                littleEndian: values.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
        }
        entry.advancePC = reader.flag(4)
        entry.injected = InjectedException()
        entry.reset = nil
        entry.time = reader.fixed64(9)
        entry.budget = reader.fixed64(10)
        guard reader.isAtEnd else { return false }
        guard largest <= 30 else { throw .registerNumber(UInt32(largest)) }
        return true
    }

    private func decode(_ message: Armada__Wire__Welcome) throws(WireError) -> WelcomeFrame {
        guard message.protocol_version == WireProtocol.version else {
            throw .protocolVersion(message.protocol_version)
        }
        try checkFields(message.base)
        var welcome = WelcomeFrame()
        welcome.protocolVersion = message.protocol_version
        welcome.vcpuIndex = message.vcpu_index
        welcome.vcpuCount = message.vcpu_count
        welcome.mpidr = message.mpidr
        welcome.ramByteCount = message.ram_byte_count
        welcome.stage2ByteCount = message.stage2_byte_count
        welcome.controlByteCount = message.control_byte_count
        welcome.vtcr = message.vtcr
        welcome.vttbr = message.vttbr
        welcome.counterOffset = message.counter_offset
        welcome.listRegisterCount = message.list_register_count
        welcome.haltPollNanoseconds = message.halt_poll_nanoseconds
        welcome.haltPollIsFixed = message.halt_poll_fixed != 0
        welcome.processor = message.processor
        guard let worldSwitch = WorldSwitch(wireValue: message.world_switch) else {
            throw .outOfRange("world switch", UInt64(message.world_switch))
        }
        welcome.worldSwitch = worldSwitch
        welcome.identification = try decode(message.identification)
        welcome.isLockstep = message.lockstep != 0
        welcome.faultSeed = message.fault_seed
        welcome.dropDVMAckInterval = message.drop_dvm_ack_interval
        welcome.skipInvalidateInterval = message.skip_invalidate_interval
        try welcome.validate()
        return welcome
    }

    // MARK: Both

    private func decode(
        _ pointer: UnsafeMutablePointer<Armada__Wire__CPUInterface>?, into state: inout CPUInterfaceState,
        _ carried: inout CarriedState
    ) throws(WireError) {
        guard let message = pointer?.pointee else {
            guard !carried.carriesAll else { throw .missing("CPU interface") }
            state = carried.cpuInterface
            return
        }
        try checkFields(message.base)
        guard message.n_list_registers <= CPUInterfaceState.maximumListRegisterCount else {
            throw .listRegisterCount(message.n_list_registers)
        }
        for index in 0..<CPUInterfaceState.maximumListRegisterCount {
            state.listRegisters[index] = index < message.n_list_registers ? message.list_registers[index] : 0
        }
        // ICH_HCR_EL2 and ICH_VMCR_EL2 define no bit above 31.
        guard message.hcr >> 32 == 0 else { throw .outOfRange("ICH_HCR_EL2", message.hcr) }
        guard message.vmcr >> 32 == 0 else { throw .outOfRange("ICH_VMCR_EL2", message.vmcr) }
        state.hcr = message.hcr
        state.vmcr = message.vmcr
        state.ap0r0 = message.ap0r0
        state.ap1r0 = message.ap1r0
        carried.registersMoved &+= CPUInterfaceState.otherRegisterCount &+ UInt64(message.n_list_registers)
        _ = carried.update(&state)
    }

    func body<Message>(_ pointer: UnsafeMutablePointer<Message>?) throws(WireError) -> Message {
        guard let pointer else { throw .missingBody }
        return pointer.pointee
    }

    func checkFields(_ base: ProtobufCMessage) throws(WireError) {
        guard base.n_unknown_fields == 0 else { throw .unknownFields }
    }

    /// HPFAR_EL2.FIPA, for intermediate physical addresses of up to 52 bits.
    private static let hpfarMask: UInt64 = 0x0000_FFFF_FFFF_FFF0
    /// CNT*_CTL_EL0.{IMASK, ENABLE}.
    private static let timerControlMask: UInt32 = 3

    /// SPSR_EL2.M of an AArch64 guest: EL0t, EL1t or EL1h.
    private static func isGuestMode(_ pstate: UInt64) -> Bool {
        let mode = pstate & 0x1F
        return mode == 0b00000 || mode == 0b00100 || mode == 0b00101
    }
}

extension WelcomeFrame {
    /// Checks each field's range, and the fields against one another.
    fileprivate func validate() throws(WireError) {
        guard vcpuCount >= 1, vcpuCount <= UInt32(WireProtocol.maximumVCPUCount) else {
            throw .outOfRange("vCPU count", UInt64(vcpuCount))
        }
        guard vcpuIndex < vcpuCount else { throw .outOfRange("vCPU index", UInt64(vcpuIndex)) }
        guard MPIDR(rawValue: mpidr).rawValue == mpidr else { throw .outOfRange("MPIDR", mpidr) }
        guard ramByteCount > 0, ramByteCount & 0xFFF == 0,
            // RAM, and as much again for slots that come later.
            ramByteCount <= 2 * (PhysicalMap.ramLimit.rawValue - PhysicalMap.ram.rawValue)
        else { throw .outOfRange("RAM size", ramByteCount) }
        guard stage2ByteCount > 0, stage2ByteCount & 0xFFF == 0, stage2ByteCount <= 1 << 40 else {
            throw .outOfRange("stage-2 table size", stage2ByteCount)
        }
        guard controlByteCount == UInt64(ControlPage.byteCount(vcpuCount: Int(vcpuCount))) else {
            throw .outOfRange("control page size", controlByteCount)
        }
        guard vttbr & Self.baseAddressMask < stage2ByteCount else { throw .outOfRange("VTTBR_EL2", vttbr) }
        guard vtcr >> 34 == 0 else { throw .outOfRange("VTCR_EL2", vtcr) }
        guard listRegisterCount >= 1, listRegisterCount <= UInt32(CPUInterfaceState.maximumListRegisterCount) else {
            throw .listRegisterCount(Int(listRegisterCount))
        }
        guard haltPollNanoseconds <= WireProtocol.maximumHaltPollNanoseconds else {
            throw .outOfRange("polling window", haltPollNanoseconds)
        }
        guard processor >= -1, processor < 1 << 16 else {
            throw .outOfRange("processor", UInt64(bitPattern: Int64(processor)))
        }
    }

    /// VTTBR_EL2.BADDR.
    private static let baseAddressMask: UInt64 = 0x0000_FFFF_FFFF_FFFE
}
