import ArgumentParser

/// `armada ps`.
struct PsCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List the running VMs of this user.",
        discussion: """
            One line for each VM, and below it one for each vCPU with the pid of its worker. A VM that was started with \
            --control PATH or --control none is not in the list.
            """)

    @Flag(help: "Print a JSON array instead, times in nanoseconds.")
    var json = false

    func execute() throws -> Int32 {
        let sockets: [(pid: Int32, path: String)]
        do throws(ControlPathError) {
            sockets = try ControlDirectory.standard.sockets()
        } catch { throw CommandFailure(error.description) }
        var list = VMList()
        for socket in sockets {
            do throws(ControlClientError) {
                let client = try ControlClient(path: socket.path)
                guard case .description(let description) = try client.ask(.describe, seconds: 1).reply else { continue }
                list.rows.append(.init(pid: Int(socket.pid), description: description))
            } catch {
                switch error {
                // It has ended since, or has not begun to listen.
                case .noVM, .closed: break
                default: list.rows.append(.init(pid: Int(socket.pid), problem: error.description))
                }
            }
        }
        try StandardOutput.write(json ? list.json : list.text)
        return 0
    }
}

/// What `armada ps` prints.
struct VMList {
    struct Row {
        var pid: Int
        /// nil: it does not say.
        var description: VMDescription?
        var problem = ""
    }

    var rows: [Row] = []

    var text: String {
        var out = "PID".right(8) + "VCPUS".right(7) + "MEMORY".right(8) + "UPTIME".right(13) + "  STATE    KERNEL\n"
        for row in rows {
            out += String(row.pid).right(8)
            guard let vm = row.description else {
                out += "?".right(7) + "?".right(8) + "?".right(13) + "  ?        (\(printable(row.problem)))\n"
                continue
            }
            out += String(vm.vcpus.count).right(7)
            out += MemorySize(byteCount: vm.memoryByteCount).description.right(8)
            out += duration(vm.uptimeNanoseconds).right(13) + "  " + vm.state.name.left(9) + printable(vm.kernel)
            if let seed = vm.lockstepSeed { out += "  (lock-step, seed \(seed))" }
            out += "\n"
            for vcpu in vm.vcpus {
                out += "vCPU \(vcpu.index)".right(15) + "  worker \(vcpu.workerPID)".left(17) + "  \(vcpu.state.name)\n"
            }
        }
        return out
    }

    var json: String { "[" + rows.map(Self.json).joined(separator: ",") + "]\n" }

    private static func json(_ row: Row) -> String {
        guard let vm = row.description else {
            return "{\"pid\":\(row.pid),\"error\":\(quotedJSON(row.problem))}"
        }
        var out = "{\"pid\":\(row.pid),\"version\":\(quotedJSON(vm.version)),\"protocol\":\(vm.protocolVersion)"
        out += ",\"state\":\"\(vm.state.name)\",\"uptime_ns\":\(vm.uptimeNanoseconds)"
        out += ",\"memory\":\(vm.memoryByteCount),\"kernel\":\(quotedJSON(vm.kernel))"
        out += ",\"initrd\":\(vm.initrd.isEmpty ? "null" : quotedJSON(vm.initrd))"
        out += ",\"cmdline\":\(quotedJSON(vm.commandLine)),\"halt_poll_ns\":\(vm.haltPoll.nanoseconds)"
        out += ",\"halt_poll_fixed\":\(vm.haltPoll.isFixed)"
        out += ",\"pin\":\(quotedJSON(vm.pin)),\"list_registers\":\(vm.listRegisterCount)"
        out += ",\"external_workers\":\(vm.externalWorkers),\"lockstep_seed\":"
        out += (vm.lockstepSeed.map { "\($0)" } ?? "null") + ",\"vcpus\":["
        out += vm.vcpus.map { "{\"vcpu\":\($0.index),\"worker\":\($0.workerPID),\"state\":\"\($0.state.name)\"}" }
            .joined(separator: ",")
        return out + "]}"
    }
}
