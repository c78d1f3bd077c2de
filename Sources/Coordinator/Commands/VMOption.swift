import ArgumentParser

/// The VM that a command is about, where its arguments are something else.
struct VMOption: ParsableArguments {
    @Option(
        name: .customLong("vm"),
        help: ArgumentHelp(
            "The VM: its PID, or the path of its control socket. May be left out if only one runs.", valueName: "vm"))
    var target: String?

    /// Asks the VM, and waits for its answer.
    func ask(_ requests: [ControlRequest], _ take: (ControlReply) throws -> Void) throws {
        var vm = try VMTarget.parse([])
        vm.target = target
        let path = try vm.path()
        let client: ControlClient
        do throws(ControlClientError) { client = try ControlClient(path: path) } catch {
            throw vm.failure(error, path: path)
        }
        for request in requests {
            let reply: ControlReply
            do throws(ControlClientError) { reply = try client.ask(request).reply } catch {
                throw vm.failure(error, path: path)
            }
            try take(reply)
        }
    }

    /// Asks once. `expected` takes the answer, and returns nil if it is one to another question.
    func ask<Answer>(_ request: ControlRequest, _ expected: (ControlReply) -> Answer?) throws -> Answer {
        var answer: Answer?
        try ask([request]) { answer = expected($0) }
        guard let answer else { throw Self.unexpected }
        return answer
    }

    static let unexpected = CommandFailure("what listens there is no VM of this release: it answers another question")
}

/// One vCPU.
struct OneVCPUOption: ParsableArguments {
    @Option(help: ArgumentHelp("The vCPU, from 0 on.", valueName: "number"))
    var vcpu = 0

    func validate() throws {
        guard 0..<512 ~= vcpu else { throw ValidationError("--vcpu \(vcpu) is not possible: give 0 to 511") }
    }
}

/// A number on the command line: decimal, or hexadecimal with 0x.
struct NumberArgument: ExpressibleByArgument {
    let value: UInt128

    init?(argument: String) {
        let digits = argument.lowercased()
        let number = digits.hasPrefix("0x") ? UInt128(digits.dropFirst(2), radix: 16) : UInt128(digits)
        guard let number, digits.first != "+" else { return nil }
        value = number
    }
}

/// An address on the command line, as `NumberArgument`.
struct AddressArgument: ExpressibleByArgument {
    let value: UInt64

    init?(argument: String) {
        guard let number = NumberArgument(argument: argument), let value = UInt64(exactly: number.value) else {
            return nil
        }
        self.value = value
    }
}
