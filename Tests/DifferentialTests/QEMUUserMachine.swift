import Foundation
import Glibc

@testable import VCPUWorker

/// An Arm core with all extensions, emulated by QEMU in user mode, that executes single instructions, many in one go.
///
/// It runs `Guests/user/oneinsn`, which says what an instruction may change.
final class QEMUUserMachine {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Case {
        var word: UInt32
        var state: MachineState
    }

    /// Offsets and sizes of `struct Case` in Guests/user/oneinsn.h.
    private enum Layout {
        static let word = 248
        static let signal = 252
        static let v = 256
        static let nzcv = 768
        static let fpcr = 776
        static let fpsr = 784
        static let byteCount = 800
        static let casesInBatch = 256
    }

    private let process: pid_t
    /// A socket that is the program's standard input and output.
    private let descriptor: CInt
    /// A count and a batch.
    private let buffer = UnsafeMutableRawPointer.allocate(
        byteCount: 4 + Layout.casesInBatch * Layout.byteCount, alignment: 16)

    init() throws(Failure) {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path(percentEncoded: false)
        let program = root + "Guests/build/oneinsn"
        guard access(program, X_OK) == 0 else { throw Failure(description: "no \(program); run make guests") }
        var ends: [CInt] = [0, 0]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Failure(description: "socketpair: \(String(cString: strerror(errno)))")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        // The threads that run tests block most signals.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let arguments = ["qemu-aarch64", "-cpu", "max", program]
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, "qemu-aarch64", &actions, &attributes, words, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw Failure(description: "qemu-aarch64: \(String(cString: strerror(code))); run deploy/setup.sh test")
        }
        process = child
        descriptor = ends[0]
    }

    deinit {
        // The end of its input is the end of the program.
        close(descriptor)
        waitpid(process, nil, 0)
        buffer.deallocate()
    }

    /// Executes each word on its state. The result is the state afterwards, or nil if the word is undefined.
    func execute(_ cases: [Case]) throws(Failure) -> [MachineState?] {
        var results: [MachineState?] = []
        results.reserveCapacity(cases.count)
        for start in stride(from: 0, to: cases.count, by: Layout.casesInBatch) {
            let batch = cases[start..<min(start + Layout.casesInBatch, cases.count)]
            let byteCount = batch.count * Layout.byteCount
            buffer.storeBytes(of: UInt32(batch.count), as: UInt32.self)
            for (index, item) in batch.enumerated() { put(item, at: buffer + 4 + index * Layout.byteCount) }
            try transfer(4 + byteCount, "send") { send(descriptor, $0, $1, CInt(MSG_NOSIGNAL)) }
            try transfer(byteCount, "recv") { recv(descriptor, $0, $1, 0) }
            for (index, item) in batch.enumerated() {
                results.append(try take(item, at: buffer + index * Layout.byteCount))
            }
        }
        return results
    }

    private func transfer(
        _ byteCount: Int, _ name: String, _ step: (UnsafeMutableRawPointer, Int) -> Int
    ) throws(Failure) {
        var done = 0
        while done < byteCount {
            let count = step(buffer + done, byteCount - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "\(name): qemu-aarch64 has ended") }
            done += count
        }
    }

    private func put(_ item: Case, at target: UnsafeMutableRawPointer) {
        for index in 0..<31 { target.storeBytes(of: item.state.x[index], toByteOffset: 8 * index, as: UInt64.self) }
        target.storeBytes(of: item.word, toByteOffset: Layout.word, as: UInt32.self)
        for index in 0..<64 {
            target.storeBytes(of: item.state.v[index], toByteOffset: Layout.v + 8 * index, as: UInt64.self)
        }
        target.storeBytes(of: UInt64(item.state.nzcv), toByteOffset: Layout.nzcv, as: UInt64.self)
        target.storeBytes(of: UInt64(item.state.fpcr), toByteOffset: Layout.fpcr, as: UInt64.self)
        target.storeBytes(of: UInt64(item.state.fpsr), toByteOffset: Layout.fpsr, as: UInt64.self)
    }

    private func take(_ item: Case, at source: UnsafeMutableRawPointer) throws(Failure) -> MachineState? {
        let signal = source.loadUnaligned(fromByteOffset: Layout.signal, as: UInt32.self)
        if signal == UInt32(SIGILL) { return nil }
        guard signal == 0 else { throw Failure(description: "\(String(item.word, radix: 16)): signal \(signal)") }
        var state = item.state
        func word(_ offset: Int) -> UInt64 { source.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        for index in 0..<31 { state.x[index] = word(8 * index) }
        for index in 0..<64 { state.v[index] = word(Layout.v + 8 * index) }
        state.nzcv = UInt32(truncatingIfNeeded: word(Layout.nzcv))
        state.fpcr = UInt32(truncatingIfNeeded: word(Layout.fpcr))
        state.fpsr = UInt32(truncatingIfNeeded: word(Layout.fpsr))
        return state
    }
}
