import CWire

/// Packs frames, length word included, into a buffer of its own. What a call returns is valid until the next call.
///
/// The protobuf-c messages are allocated and wired up once; each frame only fills in numbers. Zeros at the end of a
/// list of registers are not sent: the decoder supplies them.
package struct FrameEncoder: ~Copyable {
    /// The largest frame of this protocol is an Exit of less than 600 bytes.
    private static let byteCount = 2048

    private let bytes: UnsafeMutableRawPointer
    private let frame = UnsafeMutablePointer<Armada__Wire__Frame>.allocate(capacity: 1)
    private let hello = UnsafeMutablePointer<Armada__Wire__Hello>.allocate(capacity: 1)
    private let welcome = UnsafeMutablePointer<Armada__Wire__Welcome>.allocate(capacity: 1)
    private let exit = UnsafeMutablePointer<Armada__Wire__Exit>.allocate(capacity: 1)
    private let entry = UnsafeMutablePointer<Armada__Wire__Entry>.allocate(capacity: 1)
    private let cpuInterface = UnsafeMutablePointer<Armada__Wire__CPUInterface>.allocate(capacity: 1)
    private let timer = UnsafeMutablePointer<Armada__Wire__Timer>.allocate(capacity: 1)
    private let injected = UnsafeMutablePointer<Armada__Wire__Injected>.allocate(capacity: 1)
    private let reset = UnsafeMutablePointer<Armada__Wire__Reset>.allocate(capacity: 1)
    private let sgi = UnsafeMutablePointer<Armada__Wire__SGI>.allocate(capacity: 1)
    private let context = UnsafeMutablePointer<Armada__Wire__Context>.allocate(capacity: 1)
    private let contextRegisters = UnsafeMutablePointer<UInt64>.allocate(capacity: RegisterContext.count)
    private let identification = UnsafeMutablePointer<Armada__Wire__Identification>.allocate(capacity: 1)
    private let identificationRegisters = UnsafeMutablePointer<UInt64>.allocate(capacity: IDRegister.allCases.count)
    private let stop = UnsafeMutablePointer<Armada__Wire__Stop>.allocate(capacity: 1)
    private let listRegisters = UnsafeMutablePointer<UInt64>.allocate(capacity: 16)
    /// Exit's registers, or Entry's values.
    private let registers = UnsafeMutablePointer<UInt64>.allocate(capacity: 8)
    private let registerNumbers = UnsafeMutablePointer<UInt32>.allocate(capacity: 8)

    package init() {
        bytes = .allocate(byteCount: Self.byteCount, alignment: 16)
        armada__wire__frame__init(frame)
        armada__wire__hello__init(hello)
        armada__wire__welcome__init(welcome)
        armada__wire__exit__init(exit)
        armada__wire__entry__init(entry)
        armada__wire__cpuinterface__init(cpuInterface)
        armada__wire__timer__init(timer)
        armada__wire__injected__init(injected)
        armada__wire__reset__init(reset)
        armada__wire__sgi__init(sgi)
        armada__wire__stop__init(stop)
        armada__wire__context__init(context)
        armada__wire__identification__init(identification)
        identification.pointee.registers = identificationRegisters
        identification.pointee.n_registers = IDRegister.allCases.count
        context.pointee.registers = contextRegisters
        context.pointee.n_registers = RegisterContext.count
        cpuInterface.pointee.list_registers = listRegisters
        exit.pointee.registers = registers
        entry.pointee.write_registers = registerNumbers
        entry.pointee.write_values = registers
    }

    deinit {
        bytes.deallocate()
        frame.deallocate()
        hello.deallocate()
        welcome.deallocate()
        exit.deallocate()
        entry.deallocate()
        cpuInterface.deallocate()
        timer.deallocate()
        injected.deallocate()
        reset.deallocate()
        sgi.deallocate()
        stop.deallocate()
        context.deallocate()
        contextRegisters.deallocate()
        identification.deallocate()
        identificationRegisters.deallocate()
        listRegisters.deallocate()
        registers.deallocate()
        registerNumbers.deallocate()
    }

    // MARK: From the worker

    package mutating func encode(_ value: HelloFrame) -> UnsafeRawBufferPointer {
        hello.pointee.protocol_version = value.protocolVersion
        hello.pointee.pid = value.pid
        hello.pointee.features = value.features
        hello.pointee.wanted_vcpu = value.wantedVCPU.map { UInt32(truncatingIfNeeded: $0) &+ 1 } ?? 0
        frame.pointee.hello = hello
        return pack(ARMADA__WIRE__FRAME__BODY_HELLO)
    }

    /// Leaves out what the other end knows already, as `carried` tells.
    package mutating func encode(
        _ value: inout ExitFrame, carried: inout CarriedState
    ) -> UnsafeRawBufferPointer {
        // PC and PSTATE.
        carried.registersMoved &+= 2
        let cpuInterface = carried.update(&value.cpuInterface) ? fill(&value.cpuInterface, &carried) : nil
        let timer = carried.update(value.timer) ? fill(value.timer, &carried) : nil
        if !carried.carriesAll, cpuInterface == nil, timer == nil { return packPlain(&value) }
        exit.pointee.sequence = value.sequence
        exit.pointee.code = value.code.rawValue
        exit.pointee.esr = value.esr.rawValue
        exit.pointee.far = value.far
        exit.pointee.hpfar = value.hpfar
        exit.pointee.pc = value.pc
        exit.pointee.pstate = value.pstate
        exit.pointee.instruction = value.instruction
        var count = 0
        for index in 0..<8 {
            registers[index] = value.registers[index]
            if registers[index] != 0 { count = index &+ 1 }
        }
        exit.pointee.n_registers = count
        exit.pointee.cpu_interface = cpuInterface
        exit.pointee.timer = timer
        exit.pointee.context = carried.carriesAll ? fill(&value.context, &carried) : nil
        exit.pointee.timestamp = value.timestamp
        exit.pointee.gives_way = value.givesWay ? 1 : 0
        exit.pointee.serror_pending = value.isSErrorPending ? 1 : 0
        frame.pointee.exit = exit
        return pack(ARMADA__WIRE__FRAME__BODY_EXIT)
    }

    package mutating func encode(_ value: SGIFrame) -> UnsafeRawBufferPointer {
        sgi.pointee.value = value.value
        sgi.pointee.group = value.group
        sgi.pointee.timestamp = value.timestamp
        frame.pointee.sgi = sgi
        return pack(ARMADA__WIRE__FRAME__BODY_SGI)
    }

    // MARK: From the coordinator

    package mutating func encode(_ value: WelcomeFrame) -> UnsafeRawBufferPointer {
        welcome.pointee.protocol_version = value.protocolVersion
        welcome.pointee.vcpu_index = value.vcpuIndex
        welcome.pointee.vcpu_count = value.vcpuCount
        welcome.pointee.mpidr = value.mpidr
        welcome.pointee.ram_byte_count = value.ramByteCount
        welcome.pointee.stage2_byte_count = value.stage2ByteCount
        welcome.pointee.control_byte_count = value.controlByteCount
        welcome.pointee.vtcr = value.vtcr
        welcome.pointee.vttbr = value.vttbr
        welcome.pointee.counter_offset = value.counterOffset
        welcome.pointee.list_register_count = value.listRegisterCount
        welcome.pointee.halt_poll_nanoseconds = value.haltPollNanoseconds
        welcome.pointee.halt_poll_fixed = value.haltPollIsFixed ? 1 : 0
        welcome.pointee.processor = value.processor
        welcome.pointee.world_switch = value.worldSwitch.wireValue
        welcome.pointee.lockstep = value.isLockstep ? 1 : 0
        welcome.pointee.fault_seed = value.faultSeed
        welcome.pointee.drop_dvm_ack_interval = value.dropDVMAckInterval
        welcome.pointee.skip_invalidate_interval = value.skipInvalidateInterval
        value.identification.put(into: identificationRegisters)
        welcome.pointee.identification = identification
        frame.pointee.welcome = welcome
        return pack(ARMADA__WIRE__FRAME__BODY_WELCOME)
    }

    package mutating func encode(_ value: IDRegisterSet) -> UnsafeRawBufferPointer {
        value.put(into: identificationRegisters)
        frame.pointee.identification = identification
        return pack(ARMADA__WIRE__FRAME__BODY_IDENTIFICATION)
    }

    /// Leaves out what the other end knows already, as `carried` tells.
    package mutating func encode(
        _ value: inout EntryFrame, carried: inout CarriedState
    ) -> UnsafeRawBufferPointer {
        let cpuInterface = carried.update(&value.cpuInterface) ? fill(&value.cpuInterface, &carried) : nil
        if !carried.carriesAll, cpuInterface == nil, value.injected.kind == .none, value.reset == nil {
            return packPlain(&value)
        }
        entry.pointee.sequence = value.sequence
        let count = max(0, min(value.writeCount, 8))
        for index in 0..<count {
            registerNumbers[index] = UInt32(value.writeRegisters[index])
            registers[index] = value.writeValues[index]
        }
        entry.pointee.n_write_registers = count
        entry.pointee.n_write_values = count
        entry.pointee.advance_pc = value.advancePC ? 1 : 0
        if value.injected.kind == .none {
            entry.pointee.injected = nil
        } else {
            injected.pointee.kind = Armada__Wire__InjectedKind(rawValue: value.injected.kind.rawValue)
            injected.pointee.address = value.injected.address
            injected.pointee.syndrome = value.injected.syndrome
            entry.pointee.injected = injected
        }
        if let start = value.reset {
            reset.pointee.pc = start.pc
            reset.pointee.x0 = start.x0
            entry.pointee.reset = reset
        } else {
            entry.pointee.reset = nil
        }
        entry.pointee.cpu_interface = cpuInterface
        entry.pointee.context = carried.carriesAll ? fill(&value.context, &carried) : nil
        entry.pointee.time = value.time
        entry.pointee.budget = value.budget
        frame.pointee.entry = entry
        return pack(ARMADA__WIRE__FRAME__BODY_ENTRY)
    }

    package mutating func encodeStop() -> UnsafeRawBufferPointer {
        frame.pointee.stop = stop
        return pack(ARMADA__WIRE__FRAME__BODY_STOP)
    }

    // MARK: Helpers

    private func fill(
        _ state: TimerState, _ carried: inout CarriedState
    ) -> UnsafeMutablePointer<Armada__Wire__Timer> {
        timer.pointee.virtual_line = state.virtualLine ? 1 : 0
        // With nvhe the registers are in the context.
        if carried.carriesAll { return timer }
        carried.registersMoved &+= TimerState.registerCount
        timer.pointee.physical_line = state.physicalLine ? 1 : 0
        timer.pointee.virtual_control = state.virtualControl
        timer.pointee.physical_control = state.physicalControl
        timer.pointee.virtual_compare = state.virtualCompare
        timer.pointee.physical_compare = state.physicalCompare
        return timer
    }

    private func fill(
        _ registers: inout RegisterContext, _ carried: inout CarriedState
    ) -> UnsafeMutablePointer<Armada__Wire__Context> {
        registers.put(into: contextRegisters)
        carried.registersMoved &+= UInt64(RegisterContext.count)
        return context
    }

    private func fill(
        _ state: inout CPUInterfaceState, _ carried: inout CarriedState
    ) -> UnsafeMutablePointer<Armada__Wire__CPUInterface> {
        var count = 0
        for index in 0..<16 {
            listRegisters[index] = state.listRegisters[index]
            if listRegisters[index] != 0 { count = index &+ 1 }
        }
        cpuInterface.pointee.n_list_registers = count
        carried.registersMoved &+= CPUInterfaceState.otherRegisterCount &+ UInt64(count)
        cpuInterface.pointee.hcr = state.hcr
        cpuInterface.pointee.vmcr = state.vmcr
        cpuInterface.pointee.ap0r0 = state.ap0r0
        cpuInterface.pointee.ap1r0 = state.ap1r0
        return cpuInterface
    }

    // Mutating parameters: otherwise the frames are copied.

    private func packPlain(_ value: inout ExitFrame) -> UnsafeRawBufferPointer {
        var writer = PlainFrameWriter(buffer: bytes)
        writer.fixed64(1, value.sequence)
        writer.fixed32(2, value.code.rawValue)
        writer.fixed32(3, value.esr.rawValue)
        writer.fixed64(4, value.far)
        writer.fixed64(5, value.hpfar)
        writer.fixed64(6, value.pc)
        writer.fixed64(7, value.pstate)
        writer.fixed32(8, value.instruction)
        var count = 8
        while count > 0, value.registers[count &- 1] == 0 { count &-= 1 }
        writer.packed(9, &value.registers, count: count)
        writer.fixed64(12, value.timestamp)
        writer.flag(14, value.givesWay)
        writer.flag(15, value.isSErrorPending)
        return writer.finish(3)
    }

    private func packPlain(_ value: inout EntryFrame) -> UnsafeRawBufferPointer {
        let count = max(0, min(value.writeCount, 8))
        var writer = PlainFrameWriter(buffer: bytes)
        writer.fixed64(1, value.sequence)
        writer.packed(2, &value.writeRegisters, count: count)
        writer.packed(3, &value.writeValues, count: count)
        writer.flag(4, value.advancePC)
        writer.fixed64(9, value.time)
        writer.fixed64(10, value.budget)
        return writer.finish(4)
    }

    private func pack(_ body: Armada__Wire__Frame__BodyCase) -> UnsafeRawBufferPointer {
        frame.pointee.body_case = body
        // SAFETY: no message has a string, and each list is at most 16 long: no frame comes near `byteCount`.
        let payload = bytes + WireProtocol.lengthByteCount
        let count = armada__wire__frame__pack(frame, payload.assumingMemoryBound(to: UInt8.self))
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: count).littleEndian, as: UInt32.self)
        return UnsafeRawBufferPointer(start: bytes, count: count &+ WireProtocol.lengthByteCount)
    }
}
