import ArgumentParser
import Shared

/// `armada ctl regs`.
struct CtlRegistersCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regs",
        abstract: "Print the registers of a vCPU that is paused or off, by KVM's ONE_REG ids.",
        discussion: """
            With them the fault information of its last exit, a pending SError, and whether it is stopped. Without --all \
            the general registers, those of the timers, and system registers that are not 0 and that a guest writes.
            """)

    @OptionGroup var selection: OneVCPUOption
    @Flag(help: "All registers, the identification registers and V0 to V31 included.")
    var all = false
    @Flag(help: "Print the ids alone, one a line: KVM_GET_REG_LIST.")
    var ids = false
    @Flag(
        help: ArgumentHelp(
            """
            Print the identification registers of which something can be lowered before the VM runs, and after each the \
            mask of its bits: KVM_ARM_GET_REG_WRITABLE_MASKS.
            """))
    var writable = false
    @OptionGroup var vm: VMOption

    func execute() throws -> Int32 {
        let state = try vm.ask(.readRegisters(vcpu: selection.vcpu, ids: [])) { reply -> RegisterState? in
            if case .registers(let state) = reply { state } else { nil }
        }
        let table = RegisterTable(state)
        try StandardOutput.write(ids ? table.ids : writable ? table.writable : table.text(all: all))
        return 0
    }
}

/// `armada ctl reg`.
struct CtlRegisterCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reg",
        abstract: "Print or set one register of a vCPU that is paused or off.",
        discussion: """
            A value that the register cannot hold is refused, and nothing changes. The identification registers and \
            PSCI_VERSION are the VM's; they can be set until it has run: armada run --paused.

            Example: armada ctl reg PC 0x40080000
            """)

    @Argument(help: ArgumentHelp("Its name, as in armada ctl regs, or its ONE_REG id.", valueName: "register"))
    var register: String
    @Argument(help: ArgumentHelp("What it is to hold: decimal, or hexadecimal with 0x.", valueName: "value"))
    var value: NumberArgument?
    @OptionGroup var selection: OneVCPUOption
    @OptionGroup var vm: VMOption

    func validate() throws { _ = try id() }

    func execute() throws -> Int32 {
        let id = try id()
        if let value {
            let values = [RegisterValue(id: id, value: value.value)]
            return try vm.ask(.writeRegisters(vcpu: selection.vcpu, values)) { reply -> Int32? in
                if case .done = reply { 0 } else { nil }
            }
        }
        let state = try vm.ask(.readRegisters(vcpu: selection.vcpu, ids: [id])) { reply -> RegisterState? in
            if case .registers(let state) = reply, state.values.count == 1 { state } else { nil }
        }
        try StandardOutput.write(RegisterTable.text(of: state.values[0]) + "\n")
        return 0
    }

    private func id() throws -> UInt64 {
        if let register = OneRegister(name: register) { return register.id }
        guard let number = WordArgument(argument: register) else {
            throw ValidationError("\(printable(register)) is no register: armada ctl regs --all has their names")
        }
        return number.value
    }
}
