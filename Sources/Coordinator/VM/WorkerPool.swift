import CHost
import Glibc
import Shared

/// Getting all of a VM's workers, and getting rid of them.
enum WorkerPool {
    /// How long a worker may take to say Hello.
    private static let helloSeconds = 10

    // MARK: Started by the coordinator

    /// Starts the workers of vCPUs 0 ..< `count`: `program`, or `armada-vcpu` beside this program. Returns while they
    /// start up; `greet` waits for them.
    static func start(count: Int, program: String?) throws(WorkerError) -> [WorkerChannel] {
        raiseDescriptorLimit()
        let path = try workerPath(program)
        var channels: [WorkerChannel] = []
        channels.reserveCapacity(count)
        for index in 0..<count { channels.append(try WorkerProcess.start(path: path, vcpu: index)) }
        return channels
    }

    /// Waits until each worker of `channels` has said Hello. `cancel`, if not -1, is a descriptor that ends the wait
    /// with `.interrupted` when it becomes readable.
    static func greet(
        _ channels: [WorkerChannel], program: String?, cancel: CInt = -1
    ) throws(WorkerError) {
        let path = try workerPath(program)
        let deadline = armada_monotonic() &+ UInt64(helloSeconds) &* 1_000_000_000
        for channel in channels {
            try awaitHello(of: channel, path: path, deadline: deadline, cancel: cancel)
        }
    }

    private static func workerPath(_ program: String?) throws(WorkerError) -> String {
        if let program { return program }
        return try defaultProgram()
    }

    /// `armada-vcpu` in the directory of this program.
    static func defaultProgram() throws(WorkerError) -> String {
        let path: String? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink("/proc/self/exe", base, Int(PATH_MAX))
            guard count > 0 else { return nil }
            base[count] = 0
            return String(cString: base)
        }
        guard let path, let slash = path.lastIndex(of: "/") else {
            throw .host(SystemError("find this program's own path"))
        }
        return path[...slash] + "armada-vcpu"
    }

    private static func awaitHello(
        of channel: WorkerChannel, path: String, deadline: UInt64, cancel: CInt
    ) throws(WorkerError) {
        while true {
            switch channel.receive() {
            case .hello: return
            case .wouldBlock: break
            case .closed:
                throw .endedEarly(vcpu: channel.vcpu, path: path, how: channel.endDescription())
            case .violation(.protocolVersion(let version)): throw .wrongVersion(path: path, version)
            case .violation(let error): throw .violation(vcpu: channel.vcpu, error)
            case .exit, .sgi, .registerAnswer: throw .violation(vcpu: channel.vcpu, .missingBody)
            }
            let now = armada_monotonic()
            guard now < deadline else { throw .silent(vcpu: channel.vcpu, path: path, seconds: helloSeconds) }
            let milliseconds = CInt(truncatingIfNeeded: (deadline &- now) / 1_000_000 &+ 1)
            try wait(for: channel.descriptor, cancel: cancel, milliseconds: milliseconds)
        }
    }

    // MARK: Started by hand

    /// Waits, without a limit, until `count` workers have connected and said Hello, and makes each one a vCPU: the one it
    /// asked for, or the first that is free. A worker that is of no use is turned away, and the wait goes on; `report`
    /// gets a line for each event. `cancel` is as in `greet`.
    static func accept(
        count: Int, from listener: borrowing WorkerListener, cancel: CInt = -1, report: (String) -> Void
    ) throws(WorkerError) -> [WorkerChannel] {
        raiseDescriptorLimit()
        var places: [WorkerChannel?] = Array(repeating: nil, count: count)
        var undecided: [WorkerChannel] = []
        while true {
            let ready = places.compactMap { $0 }
            if ready.count == count { return ready }
            var requests = [pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)]
            requests.append(pollfd(fd: cancel, events: Int16(POLLIN), revents: 0))
            for channel in ready + undecided {
                requests.append(pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0))
            }
            guard poll(&requests, nfds_t(requests.count), -1) >= 0 || errno == EINTR else {
                throw .host(SystemError("wait for workers"))
            }
            if requests[1].revents != 0 { throw .interrupted }
            if requests[0].revents != 0, let channel = try listener.accept(report: report) { undecided.append(channel) }

            for (index, place) in places.enumerated() {
                guard let channel = place else { continue }
                if case .wouldBlock = channel.receive() { continue }
                report("the worker of vCPU \(index) (pid \(channel.pid)) is gone")
                places[index] = nil
            }
            var waiting: [WorkerChannel] = []
            for channel in undecided {
                switch channel.receive() {
                case .wouldBlock: waiting.append(channel)
                case .hello(let hello):
                    guard let index = place(for: hello, in: places) else {
                        report("worker \(channel.pid) is turned away: the vCPU that it asks for is not free")
                        continue
                    }
                    channel.assign(vcpu: index)
                    places[index] = channel
                    report("worker \(channel.pid) is vCPU \(index)")
                case .violation(let error): report("worker \(channel.pid) is turned away: \(error)")
                case .closed, .exit, .sgi, .registerAnswer: report("worker \(channel.pid) is gone")
                }
            }
            undecided = waiting
        }
    }

    private static func place(for hello: HelloFrame, in places: [WorkerChannel?]) -> Int? {
        guard let wanted = hello.wantedVCPU else { return places.firstIndex { $0 == nil } }
        return wanted < places.count && places[wanted] == nil ? wanted : nil
    }

    // MARK: The end

    /// Ends all workers at once, and reaps those that the coordinator started.
    static func end(_ channels: [WorkerChannel]) {
        for channel in channels {
            channel.sendStop()
            channel.process?.kill()
        }
        for channel in channels { channel.process?.waitForEnd() }
    }

    // MARK: Helpers

    private static func wait(for descriptor: CInt, cancel: CInt, milliseconds: CInt) throws(WorkerError) {
        var requests: InlineArray<2, pollfd> = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: cancel, events: Int16(POLLIN), revents: 0),
        ]
        let result = withUnsafeMutableBytes(of: &requests) { buffer in
            poll(buffer.baseAddress?.assumingMemoryBound(to: pollfd.self), 2, milliseconds)
        }
        guard result >= 0 || errno == EINTR else { throw .host(SystemError("wait for a worker")) }
        if result > 0, requests[1].revents != 0 { throw .interrupted }
    }

    /// Two descriptors for each of up to 512 workers are more than the usual soft limit of 1024.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
