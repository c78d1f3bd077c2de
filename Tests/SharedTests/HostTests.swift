import CHost
import Glibc
import Testing

@testable import Shared

@Suite("Processes and memory of the host", .serialized)
struct HostTests {
    private func spawn(_ arguments: [String], standardInput: CInt) -> pid_t {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return armada_spawn(arguments[0], &pointers, standardInput)
    }

    private func status(of pid: pid_t) -> CInt {
        var status: CInt = 0
        waitpid(pid, &status, 0)
        return status
    }

    @Test func spawnReportsExecsOwnFailure() {
        #expect(spawn(["/nonexistent/program"], standardInput: 0) == -1)
        #expect(errno == ENOENT)
        #expect(spawn(["/etc"], standardInput: 0) == -1)
        #expect(errno == EACCES)
        // No child is left over from either.
        var information = siginfo_t()
        information.si_signo = 0
        #expect(waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) != 0 || information.si_signo == 0)
    }

    @Test func spawnedProgramHasOnlyItsStandardDescriptors() {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        // Writes the numbers of its open descriptors to standard input, which is the socket.
        let pid = spawn(
            ["/bin/sh", "-c", "for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo $n; done >&0; exit 0"],
            standardInput: ends[1])
        #expect(pid > 0)
        #expect(status(of: pid) == 0)
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(ends[0], &buffer, buffer.count, 0)
        let names = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            .split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { Int($0) }
        #expect(names == [0, 1, 2])
    }

    @Test func spawnedProgramDoesNotInheritSignalSettings() {
        var blocked = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        let pid = spawn(["/bin/sh", "-c", "kill -TERM $$; exit 3"], standardInput: 0)
        pthread_sigmask(SIG_SETMASK, &before, nil)
        #expect(status(of: pid) & 0x7F == SIGTERM)
    }

    @Test func pidfdTellsTheEnd() {
        let pid = spawn(["/bin/sleep", "60"], standardInput: 0)
        let descriptor = armada_pidfd(pid)
        defer { close(descriptor) }
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&request, 1, 0) == 0)
        kill(pid, SIGKILL)
        #expect(poll(&request, 1, 2000) == 1)
        #expect(status(of: pid) & 0x7F == SIGKILL)
    }

    @Test func sealedFileCannotBeMappedForWriting() throws {
        let file = try MemoryFile.create(name: "test", byteCount: 8192)
        let writable = try MappedMemory(descriptor: file.rawValue, byteCount: 8192, writable: true, name: "test")
        #expect(armada_memfd_seal(file.rawValue, 1) == 0)
        #expect(throws: SystemError.self) {
            _ = try MappedMemory(descriptor: file.rawValue, byteCount: 8192, writable: true, name: "test")
        }
        let readOnly = try MappedMemory(descriptor: file.rawValue, byteCount: 8192, writable: false, name: "test")
        writable.base.storeBytes(of: 0x1234_5678, as: UInt32.self)
        #expect(readOnly.base.load(as: UInt32.self) == 0x1234_5678)
        #expect(ftruncate(file.rawValue, 0) == -1)
        #expect(mprotect(readOnly.base, 8192, PROT_READ | PROT_WRITE) == -1)
    }
}
