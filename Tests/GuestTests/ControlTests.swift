import Foundation
import Glibc
import Testing

extension GuestTests {
    /// `armada ps` and `armada stat` on running VMs, and what does not behave at their sockets.
    @Suite final class Control {
        private let scratch =
            FileManager.default.temporaryDirectory.path(percentEncoded: false)
            + "/armada-control-\(getpid())-\(UUID().uuidString.prefix(8))"

        private var socket: String { scratch + ".sock" }
        private var data: String { scratch + ".data" }

        /// A VM that is killed at the end of its test leaves its socket behind.
        deinit { for path in [socket, data] { unlink(path) } }

        /// A VM that runs until the test ends, once its guest has said something.
        private func start(_ guest: String = "hang", cpus: Int = 1, control: [String] = []) async throws -> GuestRun {
            let run = try GuestRun(
                ["run", "-c", "\(cpus)", "-k", Tree.guest(guest), "-p", "wfi", "--timeout", "120"] + control)
            if guest == "hang" { #expect(try await run.waitForOutput("hang: "), "\(run.errors)") }
            return run
        }

        private func armada(_ arguments: String...) async throws -> (code: Int32?, run: GuestRun) {
            let run = try GuestRun(arguments)
            return (try await run.wait(seconds: 240), run)
        }

        private func connect() throws -> CInt {
            let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
            let result = withUnsafeBytes(of: &address) {
                Glibc.connect(
                    descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
            try #require(result == 0)
            return descriptor
        }

        private static func protocolVersion() throws -> UInt8 {
            let source = try String(
                contentsOfFile: Tree.root + "Sources/Coordinator/Control/ControlProtocol.swift", encoding: .utf8)
            return try #require(source.firstMatch(of: #/version: UInt32 = (\d+)/#).flatMap { UInt8($0.1) })
        }

        /// What comes until the peer closes.
        private func drain(_ descriptor: CInt) -> [UInt8] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { bytes += buffer[..<count] }
            return bytes
        }

        @Test func psListsRunningVMs() async throws {
            let first = try await start(cpus: 2)
            let second = try await start()
            let (code, ps) = try await armada("ps")
            #expect(code == 0, "\(ps.errors)")
            for run in [first, second] {
                #expect(ps.output.contains("\(run.pid)"))
                for worker in run.workers { #expect(ps.output.contains("worker \(worker)"), "\(ps.output)") }
            }
            let (jsonCode, json) = try await armada("ps", "--json")
            #expect(jsonCode == 0)
            let list = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
            let entry = try #require(list.first { $0["pid"] as? Int == Int(first.pid) })
            #expect((entry["vcpus"] as? [Any])?.count == 2 && entry["memory"] as? Int == 512 << 20)

            kill(first.pid, SIGKILL)
            _ = try await first.wait(seconds: 5)
            let (_, after) = try await armada("ps")
            #expect(!after.output.contains("\(first.pid)") && after.output.contains("\(second.pid)"))
        }

        /// Of the guest that has 64 MiB of memory at the usual place, and is in WFI.
        @Test func ctlLooksIntoAVM() async throws {
            let run = try await start(cpus: 2)
            func look(_ part: String) async throws -> String {
                let (code, ctl) = try await armada("ctl", part, "\(run.pid)")
                #expect(code == 0, "\(ctl.errors)")
                return ctl.output
            }
            #expect(try await look("vgic").contains("vgic_model:\tGICv3"))
            let vcpus = try await look("vcpus")
            #expect(vcpus.contains("vCPU 0: blocked") && vcpus.contains("vCPU 1: poweredOff"), "\(vcpus)")
            let slots = try await look("slots").split(separator: "\n")
            #expect(slots.count == 3 && slots[2].contains("0x40000000-0x5fffffff"), "\(slots)")
            let stage2 = try await look("stage2")
            #expect(stage2.contains("0x40000000-0x401fffff") && stage2.contains("RWX AF Normal"), "\(stage2)")

            kill(run.pid, SIGKILL)
            _ = try await run.wait(seconds: 5)
            let (code, gone) = try await armada("ctl", "vgic", "\(run.pid)")
            #expect(code == 1)
            #expect(gone.errors.contains("PID \(run.pid): no such VM runs"), "\(gone.errors)")
        }

        @Test func ctlPausesAndResumes() async throws {
            let run = try GuestRun(["run", "-c", "2", "-k", Tree.guest("hang"), "--timeout", "120"])
            #expect(try await run.waitForOutput("hang: spinning"), "\(run.errors)")
            func armada(_ words: String...) async throws -> GuestRun {
                let (code, ctl) = try await GuestRun.finish(words + ["\(run.pid)"])
                #expect(code == 0, "\(ctl.errors)")
                return ctl
            }
            func retired() async throws -> String {
                let live = try await armada("stat", "live", "--once")
                return live.output.split(separator: "\n").first { $0.hasPrefix("     0  ") }.map(String.init) ?? "?"
            }
            _ = try await armada("ctl", "pause")
            #expect(try await armada("ctl", "vcpus").output.contains("vCPU 0: paused"))
            // Nothing happens any more: the interval's row of vCPU 0 is all zeros.
            let columns = try await retired().split(separator: " ").dropFirst(2)
            #expect(columns.count == 6 && columns.dropLast(2).allSatisfy { $0 == "0" }, "\(columns)")
            _ = try await armada("ctl", "resume", "--vcpu", "0")
            #expect(try await armada("ctl", "vcpus").output.contains("vCPU 0: running"))

            let (code, none) = try await GuestRun.finish(["ctl", "pause", "--vcpu", "2", "\(run.pid)"])
            #expect(code == 1)
            #expect(none.errors.contains("there is no vCPU 2: the VM has 2"), "\(none.errors)")
        }

        @Test func theSocketGoesWithTheVM() async throws {
            let run = try await start(control: ["--control", socket])
            var status = Glibc.stat()
            #expect(lstat(socket, &status) == 0 && status.st_mode & 0o777 == 0o600)
            kill(run.pid, SIGTERM)
            #expect(try await run.wait(seconds: 10) == 1)
            #expect(access(socket, F_OK) != 0)
        }

        @Test func aChosenPathThatCannotBeIsAnError() async throws {
            let (code, run) = try await armada("run", "-k", Tree.guest("hang"), "--control", "/no/such/dir/x")
            #expect(code == 1)
            #expect(run.errors.contains("/no/such/dir/x") && run.errors.split(separator: "\n").count == 1)
        }

        @Test func recordAndReportCountEveryCall() async throws {
            // The recording begins before the guest does its 65536 calls, or in their middle, and has the last snapshot.
            let run = try await start("hypercall.elf", control: ["--control", socket, "--halt-poll-ns", "0"])
            #expect(try await eventually(seconds: 10) { access(socket, F_OK) == 0 })
            let (code, record) = try await armada("stat", "record", socket, "-o", data, "--interval", "0.1")
            #expect(
                code == 1 && record.errors.contains("has ended, and its last snapshot is there"), "\(record.errors)")
            #expect(try await run.wait(seconds: 60) == 0)
            defer { unlink(data) }
            let (reportCode, report) = try await armada("stat", "report", "-i", data, "--json")
            #expect(reportCode == 0, "\(report.errors)")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any])
            let counters = try #require(object["counters"] as? [String: Int])
            let calls = try #require(counters["hvc_exit_stat"])
            #expect(calls > 1000 && calls <= 65_537)
            // A reader of part of it says where it ends.
            #expect(truncate(data, 200) == 0)
            let (cutCode, cut) = try await armada("stat", "report", "-i", data)
            #expect(cutCode == 1 && cut.errors.contains("at offset"), "\(cut.errors)")
        }

        @Test func liveOnce() async throws {
            let run = try await start("hypercall.elf", control: ["--control", socket, "--halt-poll-ns", "0"])
            #expect(try await eventually(seconds: 10) { access(socket, F_OK) == 0 })
            let (code, live) = try await armada("stat", "live", socket, "--once", "--interval", "0.1")
            #expect(code == 0, "\(live.errors)")
            #expect(live.output.contains("HVC64") && live.output.contains("VM-EXIT"), "\(live.output)")
            _ = run
        }

        @Test func aKilledVMKeepsWhatWasRecorded() async throws {
            let run = try await start(control: ["--control", socket])
            let record = try GuestRun(["stat", "record", socket, "-o", data, "--interval", "0.05"])
            defer { unlink(data) }
            #expect(try await eventually(seconds: 10) { FileManager.default.contents(atPath: data)?.count ?? 0 > 2000 })
            kill(run.pid, SIGKILL)
            #expect(try await record.wait(seconds: 10) == 1)
            #expect(record.errors.contains("without a last snapshot"), "\(record.errors)")
            #expect(try await armada("stat", "report", "-i", data).code == 0)
            let (code, live) = try await armada("stat", "live", socket, "--once")
            #expect(code == 1 && live.errors.contains("no such VM"), "\(live.errors)")
        }

        @Test func badClientsDoNotHarmTheVM() async throws {
            let run = try await start(control: ["--control", socket])
            let garbage = try connect()
            defer { close(garbage) }
            let text = Array("GET / HTTP/1.1\r\n\r\n".utf8)
            #expect(Glibc.send(garbage, text, text.count, 0) == text.count)
            #expect(String(decoding: drain(garbage), as: UTF8.self).contains("larger than the cap"))
            // Asks for a thousand snapshots and reads none.
            let deaf = try connect()
            defer { close(deaf) }
            let request: [UInt8] = [4, 0, 0, 0, 0x08, try Self.protocolVersion(), 0x1A, 0x00]
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            for _ in 0..<1000 { _ = Glibc.send(deaf, request, request.count, flags) }
            #expect(try await armada("stat", "live", socket, "--once", "--interval", "0.1").code == 0)
            // Stays in the middle of a request: the VM hangs up.
            let slow = try connect()
            defer { close(slow) }
            #expect(Glibc.send(slow, [9, 0, 0], 3, 0) == 3)
            #expect(drain(slow).isEmpty)
            #expect(try await armada("stat", "live", socket, "--once", "--interval", "0.1").code == 0)
            #expect(run.poll() == nil)
        }

        @Test(.enabled(if: geteuid() == 0)) func anotherUserIsRefused() async throws {
            let run = try await start(control: ["--control", socket])
            // Past the mode of the file, which keeps them out already.
            chmod(socket, 0o666)
            let code =
                "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(4096)[4:])"
            let other = try GuestRun(
                ["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", code, socket],
                program: "setpriv")
            #expect(try await other.wait(seconds: 20) == 0, "\(other.errors)")
            #expect(other.output.contains("user 65534 may not ask it"), "\(other.output)")
            #expect(run.poll() == nil)
        }

        @Test func wrongUsage() async throws {
            for arguments in [
                ["stat", "live", "--key", "colour"], ["stat", "live", "--event", "x"],
                ["stat", "live", "--interval", "0"],
            ] {
                let run = try GuestRun(arguments)
                #expect(try await run.wait(seconds: 20) == 64, "\(arguments)")
            }
            let (code, run) = try await armada("stat", "live", "999999999")
            #expect(code == 1 && run.errors.contains("no such VM"), "\(run.errors)")
            let (full, record) = try await armada("stat", "report", "-i", "/etc/passwd")
            #expect(full == 1 && record.errors.contains("at offset 0"), "\(record.errors)")
        }
    }
}
