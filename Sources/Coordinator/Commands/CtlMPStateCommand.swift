import ArgumentParser

/// `armada ctl mp-state`.
struct CtlMPStateCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mp-state",
        abstract: "Print a vCPU's MP state, or set that of one that is paused or off, as KVM_SET_MP_STATE does.",
        discussion: """
            STOPPED switches it off as PSCI CPU_OFF does, and the guest can switch it on again. RUNNABLE lets one that is \
            off run from the registers that it has. SUSPENDED makes it wait as by WFI, until it has an interrupt; it is \
            RUNNABLE then. One that is paused stays so until it is resumed.

            Example: armada ctl mp-state RUNNABLE --vcpu 1
            """)

    @Argument(help: ArgumentHelp("RUNNABLE, STOPPED or SUSPENDED.", valueName: "state"))
    var state: MPState?
    @OptionGroup var selection: OneVCPUOption
    @OptionGroup var vm: VMOption

    func execute() throws -> Int32 {
        if let state {
            return try vm.ask(.mpState(vcpu: selection.vcpu, state)) { reply -> Int32? in
                if case .done = reply { 0 } else { nil }
            }
        }
        let state = try vm.ask(.mpState(vcpu: selection.vcpu, nil)) { reply -> MPState? in
            if case .mpState(let state) = reply { state } else { nil }
        }
        try StandardOutput.write(state.name + "\n")
        return 0
    }
}

extension MPState: ExpressibleByArgument {
    init?(argument: String) {
        guard let state = Self.allCases.first(where: { $0.name == argument.uppercased() }) else { return nil }
        self = state
    }

    static var allValueStrings: [String] { allCases.map(\.name) }
}
