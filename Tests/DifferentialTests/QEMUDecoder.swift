import Foundation
import Testing

/// Tells which words are defined, by executing each at EL0 under QEMU's user mode: `Guests/user/decode.c`.
struct QEMUDecoder {
    /// A model of `qemu-aarch64 -cpu`.
    let model: String

    /// An Armv8.2-A core whose ID registers say what ours say, FEAT_FlagM aside.
    static let neoverseN1 = QEMUDecoder(model: "neoverse-n1")
    /// An Armv8.0-A core with CRC32, AES, PMULL, SHA1 and SHA256.
    static let cortexA57 = QEMUDecoder(model: "cortex-a57")
    /// Every feature that QEMU has.
    static let maximum = QEMUDecoder(model: "max")

    private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Guests/build/decode").path(percentEncoded: false)

    /// Whether each of `words` is undefined. Two processes share the work.
    func areUndefined(_ words: [UInt32]) throws -> [Bool] {
        try #require(FileManager.default.fileExists(atPath: Self.program), "run make guests")
        let half = words.count / 2
        let parts = try [words[..<half], words[half...]].map { try Part($0, model: model) }
        return try parts.flatMap { try $0.result() }
    }

    /// One process at work.
    private final class Part {
        private let process = Process()
        private let directory: URL
        private let output: URL
        private let count: Int

        init(_ words: ArraySlice<UInt32>, model: String) throws {
            count = words.count
            directory = FileManager.default.temporaryDirectory.appending(path: "armada-decode-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            let input = directory.appending(path: "words")
            output = directory.appending(path: "verdicts")
            try words.withUnsafeBytes { try Data($0).write(to: input) }
            try Data().write(to: output)
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["qemu-aarch64", "-cpu", model, QEMUDecoder.program]
            process.standardInput = try FileHandle(forReadingFrom: input)
            process.standardOutput = try FileHandle(forWritingTo: output)
            try process.run()
        }

        func result() throws -> [Bool] {
            process.waitUntilExit()
            let verdicts = try Data(contentsOf: output)
            try #require(
                verdicts.count == count,
                "qemu-aarch64 (Debian: qemu-user) ended with \(process.terminationStatus) after \(verdicts.count) words"
            )
            return verdicts.map { $0 != 0 }
        }

        deinit {
            if process.isRunning { process.terminate() }
            try? FileManager.default.removeItem(at: directory)
        }
    }
}
