import ArgumentParser
import Foundation
import Testing

@testable import Coordinator

@Suite struct CommandsTests {
    private func parse(_ arguments: String...) throws -> RunCommand {
        try #require(try Armada.parseAsRoot(OptionalValue.rewrite(["run"] + arguments)) as? RunCommand)
    }

    private func problem(_ arguments: String...) -> String {
        do {
            _ = try Armada.parseAsRoot(OptionalValue.rewrite(["run"] + arguments))
            return "(none)"
        } catch {
            #expect(Armada.exitCode(for: error).rawValue == 64)
            return Armada.message(for: error)
        }
    }

    @Test func everyOptionReachesTheConfiguration() throws {
        let run = try parse(
            "-k", "k", "-i", "i", "-p", "console=ttyAMA0", "-c", "4", "-m", "64M", "--dtb", "d", "--dump-dtb", "o",
            "--halt-poll-ns", "5", "--stats=json", "--pin", "separate", "--timeout", "1.5", "--workers", "external",
            "--socket", "s", "--worker", "w", "--list-registers", "8", "--world-switch", "nvhe", "--trace", "t",
            "--record",
            "r")
        let configuration = run.configuration(kernel: try #require(run.kernel))
        #expect(configuration.kernelPath == "k")
        #expect(configuration.initrdPath == "i")
        #expect(configuration.commandLine == "console=ttyAMA0")
        #expect(configuration.vcpuCount == 4)
        #expect(configuration.memoryByteCount == 64 << 20)
        #expect(configuration.dtbPath == "d")
        #expect(configuration.dumpDTBPath == "o")
        #expect(configuration.haltPoll == HaltPoll(nanoseconds: 5))
        #expect(configuration.statistics == .json)
        #expect(configuration.pin == .separate)
        #expect(configuration.timeoutSeconds == 1.5)
        #expect(configuration.externalWorkersPath == "s")
        #expect(configuration.workerPath == "w")
        #expect(configuration.listRegisterCount == 8)
        #expect(configuration.worldSwitch == .nvhe)
        #expect(try parse().worldSwitch == .vhe)
        #expect(configuration.tracePath == "t")
        #expect(configuration.recordPath == "r")
    }

    @Test func statsWithAndWithoutValue() throws {
        #expect(try parse().stats == nil)
        #expect(try parse("--stats").stats == .table)
        #expect(try parse("--stats=table").stats == .table)
        #expect(try parse("--stats", "-c", "2").cpus == 2)
        #expect(OptionalValue.rewrite(["a", "--", "--stats"]) == ["a", "--", "--stats"])
    }

    private static let sizes: [(String, UInt64)] = [
        ("512M", 0x2000_0000), ("2G", 0x8000_0000), ("2097152", 0x20_0000), ("2048K", 0x20_0000), ("64MiB", 0x400_0000),
        ("1g", 0x4000_0000), ("4MB", 0x40_0000),
    ]

    @Test(arguments: sizes) func memorySizes(text: String, byteCount: UInt64) {
        #expect(MemorySize(argument: text)?.byteCount == byteCount)
    }

    @Test(arguments: ["", "M", "-1", "1.5G", "12X", "99999999999999999999", "17179869184G", "0x10"])
    func noMemorySize(text: String) {
        #expect(MemorySize(argument: text) == nil)
    }

    @Test func badInputIsNamed() {
        #expect(problem("-c", "0").contains("give 1 to 512"))
        #expect(problem("-c", "513").contains("give 1 to 512"))
        #expect(problem("-m", "0").contains("too little"))
        #expect(problem("-m", "1").contains("too little"))
        #expect(problem("-m", "3M").contains("multiple of 2M"))
        #expect(problem("-m", "200G").contains("more than this host can give"))
        for bits in ["31", "49", "-1"] { #expect(problem("--ipa-size=\(bits)").contains("give 32 to 48")) }
        #expect(problem("--ipa-size", "32", "-m", "4G").contains("at most 3072 MiB"))
        #expect(problem("--ipa-size", "38", "-c", "124").contains("at least 39 bits"))
        #expect(problem("--stage2-granule", "8K").contains("4K"))
        #expect(problem("--timeout", "0").contains("--timeout"))
        #expect(problem("--timeout", "nan").contains("--timeout"))
        #expect(problem("--workers", "external").contains("--socket"))
        #expect(problem("--socket", "x").contains("--workers external"))
        #expect(problem("--halt-poll-ns", "2000000000").contains("--halt-poll-ns"))
        #expect(problem("--list-registers", "0").contains("give 1 to 16"))
        #expect(problem("--list-registers", "17").contains("give 1 to 16"))
        #expect(problem("--pin", "all").contains("none"))
        #expect(problem("--world-switch", "hvhe").contains("nvhe"))
    }

    @Test func memoryAgainstTheHost() {
        let host: UInt64 = 1 << 30
        #expect(MemorySize(byteCount: host).problem(hostByteCount: host) == nil)
        #expect(MemorySize(byteCount: host + (2 << 20)).problem(hostByteCount: host)?.contains("at most 1G") == true)
        #expect(MemorySize(byteCount: 1 << 40).problem(hostByteCount: .max)?.contains("at most 255G") == true)
    }
}

/// The program itself: one line on standard error, the documented exit code.
@Suite struct CommandsProgramTests {
    private func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = ArmadaProgram.url
        process.arguments = arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text, complaint)
    }

    @Test(arguments: [
        ["run", "-c", "0"], ["run", "-c", "513"], ["run", "-m", "0"], ["run", "-m", "1"], ["run", "--nonsense"],
        ["nonsense"], ["run", "--stats=xml"], ["run", "-c"], ["explain", "esr", "0x1ffffffff"],
        ["explain", "sysreg", "x"],
    ]) func usageErrors(arguments: [String]) throws {
        let result = try run(arguments)
        #expect(result.status == 64)
        #expect(result.output == "")
        expectOneLine(result.errors)
    }

    @Test func missingKernel() throws {
        let result = try run(["run", "-k", "/nonexistent/vmlinuz"])
        #expect(result.status == 1)
        expectOneLine(result.errors)
        #expect(result.errors.contains("/nonexistent/vmlinuz: No such file or directory"))
    }

    @Test func versionAndHelp() throws {
        let version = try run(["--version"])
        #expect(version.status == 0)
        #expect(version.output == "armada \(Armada.version)\n")
        let help = try run(["run", "--help"])
        #expect(help.status == 0)
        for option in ["--kernel", "--initrd", "--halt-poll-ns", "--stats", "--pin", "--list-registers", "Exit codes"] {
            #expect(help.output.contains(option))
        }
    }

    private func expectOneLine(_ text: String) {
        #expect(text.hasPrefix("armada: error: "))
        #expect(text.hasSuffix("\n") && text.filter { $0 == "\n" }.count == 1, "\(text)")
    }

    @Test func psSaysWhatIsInLockStep() {
        var description = ControlSamples.description
        let inLockStep = VMList(rows: [.init(pid: 4711, description: description)])
        #expect(inLockStep.text.contains("/boot/vmlinuz  (lock-step, seed 7)\n"))
        #expect(inLockStep.json.contains("\"lockstep_seed\":7,"))
        description.lockstepSeed = nil
        let free = VMList(rows: [.init(pid: 4711, description: description)])
        #expect(free.text.contains("/boot/vmlinuz\n"))
        #expect(free.json.contains("\"lockstep_seed\":null,"))
    }
}
