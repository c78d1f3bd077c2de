import ArgumentParser
import Glibc
import Shared

/// `armada ctl read`.
struct CtlReadCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Print guest physical memory, or write it to a file.",
        discussion: "Whether the VM runs or is paused. Example: armada ctl read 0x40000000 64")

    @Argument(help: ArgumentHelp("The first byte's guest physical address.", valueName: "address"))
    var address: WordArgument
    @Argument(help: ArgumentHelp("How many bytes.", valueName: "count"))
    var count: WordArgument
    @Option(help: ArgumentHelp("Write the bytes to this file.", valueName: "file"), completion: .file())
    var output: String?
    @OptionGroup var vm: VMOption

    func validate() throws {
        guard 1...UInt64(1) << 40 ~= count.value else { throw ValidationError("give a count of 1 to 0x10000000000") }
        guard !address.value.addingReportingOverflow(count.value - 1).overflow else {
            throw ValidationError("the range goes beyond the last address")
        }
    }

    func execute() throws -> Int32 {
        let chunk = UInt64(ControlProtocol.maximumMemoryReadByteCount)
        var file: OwnedDescriptor?
        if let output {
            let descriptor = OwnedDescriptor(open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666))
            guard descriptor.rawValue >= 0 else { throw CommandFailure("\(SystemError("open \(output)"))") }
            file = consume descriptor
        }
        let descriptor = file?.rawValue ?? -1
        var position: UInt64 = 0
        while position < count.value {
            let byteCount = Int(min(chunk, count.value - position))
            let start = address.value &+ position
            let bytes = try vm.ask(.readMemory(IPA(start), byteCount: byteCount)) { reply -> [UInt8]? in
                if case .memory(let bytes) = reply, bytes.count == byteCount { bytes } else { nil }
            }
            if let output {
                guard Self.write(bytes, to: descriptor) else {
                    throw CommandFailure("\(SystemError("write \(output)"))")
                }
            } else {
                try StandardOutput.write(HexadecimalDump.text(bytes, at: start))
            }
            position += UInt64(byteCount)
        }
        _ = file
        return 0
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}

/// `armada ctl write`.
struct CtlWriteCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write",
        abstract: "Write guest physical memory.",
        discussion: """
            Whether the VM runs or is paused. Nothing is written unless all of it goes to memory. Workers forget what \
            they have decoded of it. Example: armada ctl write 0x40001000 --hex 1f2003d5
            """)

    @Argument(help: ArgumentHelp("The first byte's guest physical address.", valueName: "address"))
    var address: WordArgument
    @Option(help: ArgumentHelp("The bytes, two digits each, in the order of their addresses.", valueName: "bytes"))
    var hex: String?
    @Option(help: ArgumentHelp("The bytes of this file.", valueName: "file"), completion: .file())
    var file: String?
    @OptionGroup var vm: VMOption

    func validate() throws {
        guard (hex == nil) != (file == nil) else { throw ValidationError("give either --hex or --file") }
        if let hex, HexadecimalDump.bytes(hex) == nil {
            throw ValidationError("--hex takes pairs of hexadecimal digits, as in 1f2003d5")
        }
    }

    func execute() throws -> Int32 {
        let bytes = try bytes()
        guard !bytes.isEmpty else { return 0 }
        guard !address.value.addingReportingOverflow(UInt64(bytes.count) - 1).overflow else {
            throw CommandFailure("the range goes beyond the last address")
        }
        let requests = stride(from: 0, to: bytes.count, by: ControlProtocol.maximumMemoryWriteByteCount).map { start in
            let chunk = bytes[start..<min(bytes.count, start + ControlProtocol.maximumMemoryWriteByteCount)]
            return ControlRequest.writeMemory(
                IPA(address.value + UInt64(start)), bytes: Array(chunk), wholeByteCount: UInt64(bytes.count - start))
        }
        try vm.ask(requests) { reply in
            guard case .done = reply else { throw VMOption.unexpected }
        }
        return 0
    }

    private func bytes() throws -> [UInt8] {
        guard let file else { return hex.flatMap { HexadecimalDump.bytes($0) } ?? [] }
        let descriptor = OwnedDescriptor(open(file, O_RDONLY | O_CLOEXEC))
        guard descriptor.rawValue >= 0 else { throw CommandFailure("\(SystemError("open \(file)"))") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor.rawValue, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandFailure("\(SystemError("read \(file)"))") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= 1 << 30 else { throw CommandFailure("\(file) has more than 1 GiB: write it in parts") }
        }
    }
}
