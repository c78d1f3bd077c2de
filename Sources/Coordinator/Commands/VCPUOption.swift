import ArgumentParser

/// Which vCPUs a command is about.
struct VCPUOption: ParsableArguments {
    @Option(help: ArgumentHelp("This vCPU alone, from 0 on; without it, all.", valueName: "number"))
    var vcpu: Int?

    func validate() throws { if let vcpu { try Self.check(vcpu) } }

    static func check(_ vcpu: Int) throws {
        guard 0..<512 ~= vcpu else { throw ValidationError("--vcpu \(vcpu) is not possible: give 0 to 511") }
    }
}

/// The one vCPU that something happens to.
struct OneVCPUOption: ParsableArguments {
    @Option(help: ArgumentHelp("Which vCPU, from 0 on.", valueName: "number"))
    var vcpu = 0

    func validate() throws { try VCPUOption.check(vcpu) }
}
