import Shared

// What `armada decode` says of each kind of frame. Registers have the Arm ARM's names, other fields those of vcpu.proto.

extension RecordingDecoder {
    /// The fields of the frame that was decoded last. Times are relative to `start`, CLOCK_MONOTONIC nanoseconds.
    func fields(of frame: Frame, start: UInt64) -> FrameFields {
        switch frame {
        case .hello(let hello): FrameFields(hello)
        case .welcome(let welcome): FrameFields(welcome)
        case .sgi(let sgi): FrameFields(sgi, start: start)
        case .exit: exitFields(start: start)
        case .entry: entryFields(start: start)
        case .stop: FrameFields()
        case .registerAccess(let access): FrameFields(access)
        case .identification(let registers): FrameFields(registers)
        case .registerAnswer(let answer): FrameFields(answer)
        }
    }

    private func exitFields(start: UInt64) -> FrameFields {
        var fields = FrameFields()
        fields.add("sequence", .number(Int64(clamping: exit.sequence)))
        fields.add("code", .text(exit.code.name))
        if exit.code.hasSError { fields.add("with_serror", .flag(true)) }
        let esr = exit.esr
        fields.add("ESR_EL2", .hex(UInt64(esr.rawValue), digits: 8), "class", esr.text)
        fields.add("FAR_EL2", .hex(exit.far))
        let isAbort = esr.exceptionClass == .dabtLow || esr.exceptionClass == .iabtLow
        if isAbort {
            // HPFAR_EL2.FIPA[47:12] is in bits 43:4.
            let ipa = (exit.hpfar & 0xFFF_FFFF_FFF0) << 8 | exit.far & 0xFFF
            fields.add("HPFAR_EL2", .hex(exit.hpfar), "ipa", "IPA " + hexadecimal(ipa))
        } else {
            fields.add("HPFAR_EL2", .hex(exit.hpfar))
        }
        fields.add("PC", .hex(exit.pc))
        fields.add("SPSR_EL2", .hex(exit.pstate), "pstate", Self.describe(pstate: exit.pstate))
        let word = exit.trappedInstruction
        if let word {
            let address = esr.exceptionClass == .hvc64 ? exit.pc &- 4 : exit.pc
            fields.add(
                "instruction", .hex(UInt64(word), digits: 8), "disassembly", Disassembly.text(word, at: address))
        }
        addRegisters(to: &fields)
        fields.add("timestamp_ns", .number(Int64(truncatingIfNeeded: exit.timestamp &- start)))
        fields.add("cpu_interface", .message(FrameFields(exit.cpuInterface, isNew: carries.cpuInterface)))
        fields.add("timer", .message(FrameFields(exit.timer, isNew: carries.timer)))
        if exit.givesWay { fields.add("gives_way", .flag(true)) }
        if exit.isSErrorPending { fields.add("serror_pending", .flag(true)) }
        if worldSwitch == .nvhe { fields.add("context", .message(FrameFields(exit.context))) }
        return fields
    }

    /// The guest's registers by number, as far as the class of exit says which they are.
    private func addRegisters(to fields: inout FrameFields) {
        let esr = exit.esr
        let isTrap = exit.code.withoutSError == .trap
        switch esr.exceptionClass {
        case .hvc64 where isTrap, .smc64 where isTrap:
            for number in 0..<8 { fields.add("X\(number)", .hex(exit.registers[number])) }
        case .dabtLow where isTrap && esr.isSyndromeValid && esr.isWrite:
            fields.add(Self.name(ofRegister: esr.transferRegister), .hex(exit.registers[0]))
        case .sys64 where isTrap && !esr.isSystemRead:
            fields.add(Self.name(ofRegister: esr.systemTransferRegister), .hex(exit.registers[0]))
        default: break
        }
    }

    private static func name(ofRegister number: Int) -> String { number == 31 ? "XZR" : "X\(number)" }

    private func entryFields(start: UInt64) -> FrameFields {
        var fields = FrameFields()
        fields.add("sequence", .number(Int64(clamping: entry.sequence)))
        if let reset = entry.reset {
            fields.add("reset_pc", .hex(reset.pc))
            fields.add("reset_x0", .hex(reset.x0))
        }
        for index in 0..<entry.writeCount {
            fields.add("X\(entry.writeRegisters[index])", .hex(entry.writeValues[index]))
        }
        fields.add("advance_pc", .flag(entry.advancePC))
        if isLockstep {
            fields.add("time_ns", .number(Int64(truncatingIfNeeded: entry.time &- start)))
            fields.add("budget", .number(Int64(clamping: entry.budget)))
        }
        if entry.injected.kind != .none {
            fields.add("injected", .text(entry.injected.kind.name))
            fields.add("address", .hex(entry.injected.address))
            fields.add("syndrome", .hex(entry.injected.syndrome))
        }
        fields.add("cpu_interface", .message(FrameFields(entry.cpuInterface, isNew: carries.cpuInterface)))
        if worldSwitch == .nvhe { fields.add("context", .message(FrameFields(entry.context))) }
        return fields
    }

    /// "EL1h NZ DAIF": mode, flags and masks of SPSR_EL2 of an AArch64 guest.
    static func describe(pstate: UInt64) -> String {
        let mode =
            switch pstate & 0x1F {
            case 0b00000: "EL0t"
            case 0b00100: "EL1t"
            case 0b00101: "EL1h"
            default: "M " + hexadecimal(pstate & 0x1F)
            }
        func letters(_ names: String, from bit: UInt64) -> String {
            String(names.enumerated().compactMap { pstate >> (bit - UInt64($0.offset)) & 1 != 0 ? $0.element : nil })
        }
        return [mode, letters("NZCV", from: 31), letters("DAIF", from: 9)].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension ExitFrame {
    /// The instruction that trapped. HVC and SMC follow from their syndrome, which holds all that they are.
    var trappedInstruction: UInt32? {
        guard code.withoutSError == .trap else { return nil }
        switch esr.exceptionClass {
        case .hvc64: return 0xD400_0002 | UInt32(esr.immediate) << 5
        case .smc64: return 0xD400_0003 | UInt32(esr.immediate) << 5
        default: return instruction == 0 ? nil : instruction
        }
    }
}

extension FrameFields {
    fileprivate init(_ hello: HelloFrame) {
        self.init()
        add("protocol_version", .number(Int64(hello.protocolVersion)))
        add("pid", .number(Int64(hello.pid)))
        add("features", .hex(hello.features))
        add("wanted_vcpu", hello.wantedVCPU.map { .number(Int64($0)) } ?? .text("any"))
    }

    fileprivate init(_ welcome: WelcomeFrame) {
        self.init()
        add("protocol_version", .number(Int64(welcome.protocolVersion)))
        add("vcpu_index", .number(Int64(welcome.vcpuIndex)))
        add("vcpu_count", .number(Int64(welcome.vcpuCount)))
        add("mpidr", .hex(welcome.mpidr))
        add("ram_byte_count", .number(Int64(clamping: welcome.ramByteCount)))
        add("stage2_byte_count", .number(Int64(clamping: welcome.stage2ByteCount)))
        add("control_byte_count", .number(Int64(clamping: welcome.controlByteCount)))
        add("VTCR_EL2", .hex(welcome.vtcr))
        add("VTTBR_EL2", .hex(welcome.vttbr))
        add("counter_offset", .hex(welcome.counterOffset))
        add("list_register_count", .number(Int64(welcome.listRegisterCount)))
        add("halt_poll_ns", .number(Int64(clamping: welcome.haltPollNanoseconds)))
        add("halt_poll_fixed", .flag(welcome.haltPollIsFixed))
        add("world_switch", .text(welcome.worldSwitch.rawValue))
        add("lockstep", .flag(welcome.isLockstep))
        if welcome.dropDVMAckInterval | welcome.skipInvalidateInterval != 0 {
            add("fault_seed", .hex(welcome.faultSeed))
            add("drop_dvm_ack_interval", .number(Int64(welcome.dropDVMAckInterval)))
            add("skip_invalidate_interval", .number(Int64(welcome.skipInvalidateInterval)))
        }
        add(welcome.identification)
        add("processor", welcome.processor < 0 ? .text("any") : .number(Int64(welcome.processor)))
    }

    fileprivate init(_ registers: IDRegisterSet) {
        self.init()
        add(registers)
    }

    private mutating func add(_ registers: IDRegisterSet) {
        for register in IDRegister.allCases { add(register.name, .hex(registers[register])) }
    }

    /// What is pending is that of the last exit, which stands above.
    fileprivate init(_ access: RegisterAccessFrame) {
        self.init()
        add("number", .number(Int64(clamping: access.number)))
        add("write", .flag(!access.ids.isEmpty))
        if let offset = access.counterOffset { add("counter_offset", .hex(offset)) }
        add(access.ids, access.values)
    }

    fileprivate init(_ answer: RegisterAnswerFrame) {
        self.init()
        add("number", .number(Int64(clamping: answer.number)))
        add("problem", .text(answer.problem.map { "\($0)" } ?? "none"))
        add(answer.ids, answer.values)
    }

    private mutating func add(_ ids: [UInt64], _ values: [UInt128]) {
        for (id, value) in zip(ids, values) {
            let name = OneRegister(id: id)?.name ?? hexadecimal(id)
            if value >> 64 != 0 { add("\(name)_high", .hex(UInt64(truncatingIfNeeded: value >> 64))) }
            add(name, .hex(UInt64(truncatingIfNeeded: value)))
        }
    }

    fileprivate init(_ sgi: SGIFrame, start: UInt64) {
        self.init()
        add("group", .number(Int64(sgi.group)))
        add("value", .hex(sgi.value), "sgi", SGIRegister(value: sgi.value).description)
        add("timestamp_ns", .number(Int64(truncatingIfNeeded: sgi.timestamp &- start)))
    }

    fileprivate init(_ state: CPUInterfaceState, isNew: Bool) {
        self.init()
        add("changed", .flag(isNew))
        add("ICH_HCR_EL2", .hex(state.hcr))
        add("ICH_VMCR_EL2", .hex(state.vmcr))
        add("ICH_AP0R0_EL2", .hex(UInt64(state.ap0r0)))
        add("ICH_AP1R0_EL2", .hex(UInt64(state.ap1r0)))
        for place in 0..<CPUInterfaceState.maximumListRegisterCount where state.listRegisters[place] != 0 {
            let register = ListRegister(rawValue: state.listRegisters[place])
            add("ICH_LR\(place)_EL2", .hex(register.rawValue), "lr\(place)", register.text)
        }
    }

    fileprivate init(_ context: RegisterContext) {
        self.init()
        for row in RegisterContext.rows { add("\(row.name)", .hex(context[keyPath: row.path])) }
    }

    fileprivate init(_ timer: TimerState, isNew: Bool) {
        self.init()
        add("changed", .flag(isNew))
        add("CNTV_CTL_EL0", .hex(UInt64(timer.virtualControl)))
        add("CNTV_CVAL_EL0", .hex(timer.virtualCompare))
        add("virtual_line", .flag(timer.virtualLine))
        add("CNTP_CTL_EL0", .hex(UInt64(timer.physicalControl)))
        add("CNTP_CVAL_EL0", .hex(timer.physicalCompare))
        add("physical_line", .flag(timer.physicalLine))
    }
}
