import ArgumentParser

/// `armada ctl counter-offset`.
struct CtlCounterOffsetCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counter-offset",
        abstract: "Print or set what the guest's counters are behind the host's clock, as KVM_ARM_SET_COUNTER_OFFSET.",
        discussion: """
            In nanoseconds of CLOCK_MONOTONIC, for the virtual and the physical counter of every vCPU; all must be paused \
            or off. The arithmetic is modulo 2^64: an offset that is smaller by 10000000000 puts the counters 10 seconds \
            ahead. From then on TIMER_CNT and PTIMER_CNT take no value.

            Example: armada ctl counter-offset 0x8000000000000000
            """)

    @Argument(help: ArgumentHelp("The new offset: decimal, or hexadecimal with 0x.", valueName: "value"))
    var value: WordArgument?
    @OptionGroup var vm: VMOption

    func execute() throws -> Int32 {
        if let value {
            return try vm.ask(.counterOffset(value.value)) { reply -> Int32? in if case .done = reply { 0 } else { nil }
            }
        }
        let offset = try vm.ask(.counterOffset(nil)) { reply -> UInt64? in
            if case .counterOffset(let offset) = reply { offset } else { nil }
        }
        try StandardOutput.write(hexadecimal(offset, digits: 16) + "\n")
        return 0
    }
}
