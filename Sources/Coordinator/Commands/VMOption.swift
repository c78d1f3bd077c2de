import ArgumentParser

/// The VM that a command is about, where its arguments are something else.
struct VMOption: ParsableArguments {
    @Option(
        name: .customLong("vm"),
        help: ArgumentHelp(
            "The VM: its PID, or the path of its control socket. May be left out if only one runs.", valueName: "vm"))
    var target: String?

    /// Asks the VM, and waits for its answers.
    func ask(_ requests: [ControlRequest], _ take: (ControlReply) throws -> Void) throws {
        let vm = try asTarget()
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

    /// Asks once, and waits for the reply that `wanted` takes.
    func ask<Reply>(_ request: ControlRequest, _ wanted: (ControlReply) -> Reply?) throws -> Reply {
        try asTarget().ask(request, wanted)
    }

    private func asTarget() throws -> VMTarget {
        var vm = try VMTarget.parse([])
        vm.target = target
        return vm
    }

    static let unexpected = CommandFailure("what listens there is no VM of this release: it answers another question")
}
