import CFDT
import Foundation
import Shared
import Testing

@testable import Coordinator

/// Reads a flattened tree with libfdt's own functions.
private struct ReadTree {
    let bytes: [UInt8]

    private func with<R>(_ body: (UnsafeRawPointer) -> R) -> R? {
        bytes.withUnsafeBytes { $0.baseAddress.map(body) }
    }

    var check: CInt { with { fdt_check_full($0, bytes.count) } ?? -1 }

    func property(_ path: String, _ name: String) -> [UInt8]? {
        with { tree -> [UInt8]? in
            var length: CInt = 0
            let node = fdt_path_offset(tree, path)
            guard node >= 0, let value = fdt_getprop(tree, node, name, &length) else { return nil }
            return Array(UnsafeRawBufferPointer(start: value, count: Int(length)))
        } ?? nil
    }

    func cells(_ path: String, _ name: String) -> [UInt32]? {
        property(path, name).map { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { bytes[$0..<$0 + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        }
    }

    func string(_ path: String, _ name: String) -> String? {
        property(path, name).map { String(decoding: $0.dropLast(), as: UTF8.self) }
    }

    func children(_ path: String, prefix: String) -> [String] {
        with { tree in
            var names: [String] = []
            var node = fdt_first_subnode(tree, fdt_path_offset(tree, path))
            while node >= 0 {
                let name = String(cString: fdt_get_name(tree, node, nil))
                if name.hasPrefix(prefix) { names.append(name) }
                node = fdt_next_subnode(tree, node)
            }
            return names
        } ?? []
    }
}

private func makeTree(_ change: (inout VMConfiguration) -> Void = { _ in }, initrd: Range<IPA>? = nil) throws
    -> ReadTree
{
    var configuration = VMConfiguration(kernelPath: "")
    change(&configuration)
    let ram = PhysicalMap.ram..<PhysicalMap.ram + configuration.memoryByteCount
    return ReadTree(bytes: try DeviceTree.make(configuration: configuration, ram: ram, initrd: initrd))
}

/// Runs dtc; yields its exit status, what it printed and what it complained about.
private func dtc(_ arguments: [String]) throws -> (status: Int32, output: String, complaints: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["dtc"] + arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text, complaints)
}

@Suite struct BootDeviceTreeTests {
    @Test(arguments: [1, 4, 16, 17, 123, 124, 512]) func processorsAndRedistributors(count: Int) throws {
        let tree = try makeTree { $0.vcpuCount = count }
        #expect(tree.check == 0)
        let cpus = tree.children("/cpus", prefix: "cpu@")
        #expect(cpus.count == count)
        for (index, name) in cpus.enumerated() {
            #expect(tree.cells("/cpus/\(name)", "reg") == [UInt32(MPIDR(vcpuIndex: index).rawValue)])
            #expect(tree.string("/cpus/\(name)", "enable-method") == "psci")
        }
        let regions = try #require(tree.cells("/intc@8000000", "reg"))
        let first = UInt32(min(count, 123))
        #expect(Array(regions.prefix(8)) == [0, 0x0800_0000, 0, 0x1_0000, 0, 0x080A_0000, 0, first * 0x2_0000])
        if count > 123 {
            #expect(Array(regions.dropFirst(8)) == [0x40, 0, 0, UInt32(count - 123) * 0x2_0000])
        } else {
            #expect(regions.count == 8)
        }
        #expect(tree.cells("/intc@8000000", "#redistributor-regions") == [count > 123 ? 2 : 1])
    }

    @Test func interruptsAndConduit() throws {
        let tree = try makeTree()
        #expect(tree.string("/psci", "method") == "hvc")
        #expect(tree.cells("/timer", "interrupts") == [1, 13, 8, 1, 14, 8, 1, 11, 8, 1, 10, 8])
        #expect(tree.cells("/pl011@9000000", "interrupts") == [0, 1, 4])
        #expect(tree.cells("/pl031@9010000", "interrupts") == [0, 2, 4])
        #expect(tree.string("/chosen", "stdout-path") == "/pl011@9000000")
    }

    @Test func memoryAndChosen() throws {
        let initrd = IPA(0x4800_0000)..<IPA(0x4800_1234)
        let change = { (configuration: inout VMConfiguration) in
            configuration.memoryByteCount = 5 << 30
            configuration.commandLine = "console=ttyAMA0 quiet"
        }
        let tree = try makeTree(change, initrd: initrd)
        #expect(tree.cells("/memory@40000000", "reg") == [0, 0x4000_0000, 1, 0x4000_0000])
        #expect(tree.string("/chosen", "bootargs") == "console=ttyAMA0 quiet")
        #expect(tree.cells("/chosen", "linux,initrd-start") == [0, 0x4800_0000])
        #expect(tree.cells("/chosen", "linux,initrd-end") == [0, 0x4800_1234])
        #expect(tree.property("/chosen", "rng-seed")?.count == 32)
        #expect(try makeTree(change).property("/chosen", "rng-seed") != tree.property("/chosen", "rng-seed"))
        #expect(try makeTree().property("/chosen", "linux,initrd-start") == nil)
    }

    /// The device-tree compiler's own checks (references, cell counts, unit addresses) find nothing.
    @Test(arguments: [1, 200]) func deviceTreeCompilerAccepts(count: Int) throws {
        let scratch = try ScratchDirectory()
        let ram = ScratchRAM(mebibytes: 32)
        var configuration = VMConfiguration(
            kernelPath: try scratch.file("k", KernelFixture.image(imageSize: 1 << 20)))
        configuration.vcpuCount = count
        configuration.dumpDTBPath = scratch.entry("dump.dtb")
        let image = try ram.load(configuration)
        let dump = try #require(configuration.dumpDTBPath)
        let result = try dtc(["-I", "dtb", "-O", "dts", dump])
        #expect(result.status == 0)
        #expect(result.complaints == "")
        #expect(result.output.contains("arm,gic-v3"))
        #expect(
            try Array(Data(contentsOf: URL(fileURLWithPath: dump)))
                == ram.bytes(at: image.dtb, count: image.dtbByteCount))
        configuration.dumpDTBPath = scratch.path + "/no/such/directory"
        #expect(ram.failure(configuration).contains("cannot write the device tree to"))
    }
}

@Suite struct BootGivenDeviceTreeTests {
    let scratch: ScratchDirectory
    let ram = ScratchRAM(mebibytes: 32)
    let configuration: VMConfiguration

    init() throws {
        scratch = try ScratchDirectory()
        var configuration = VMConfiguration(
            kernelPath: try scratch.file("k", KernelFixture.image(imageSize: 1 << 20)))
        configuration.dtbPath = scratch.entry("given.dtb")
        configuration.memoryByteCount = 32 << 20
        self.configuration = configuration
    }

    private func compile(_ source: String) throws {
        let path = try scratch.file("given.dts", Array(source.utf8))
        let result = try dtc(["-q", "-I", "dts", "-O", "dtb", "-o", try #require(configuration.dtbPath), path])
        #expect(result.status == 0, "\(result.complaints)")
    }

    @Test func memoryCommandLineAndInitrdAreThisRuns() throws {
        try compile(
            """
            /dts-v1/;
            / { #address-cells = <2>; #size-cells = <1>; model = "mine";
                memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0x1000>; };
                chosen { bootargs = "old"; stdout-path = "/serial"; }; };
            """)
        var configuration = configuration
        configuration.commandLine = "new"
        configuration.initrdPath = try scratch.file("initrd", [1, 2, 3])
        let image = try ram.load(configuration)
        let tree = ReadTree(bytes: ram.bytes(at: image.dtb, count: image.dtbByteCount))
        #expect(tree.check == 0)
        #expect(tree.children("/", prefix: "memory") == ["memory@40000000"])
        #expect(tree.cells("/memory@40000000", "reg") == [0, 0x4000_0000, 32 << 20])
        #expect(tree.string("/chosen", "bootargs") == "new")
        #expect(tree.string("/chosen", "stdout-path") == "/serial")
        #expect(tree.cells("/chosen", "linux,initrd-end")?.last == image.initrd.map { UInt32($0.upperBound.rawValue) })
        #expect(tree.string("/", "model") == "mine")
    }

    @Test func chosenIsMadeIfMissingAndKeptIfNothingIsGiven() throws {
        try compile("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; chosen { bootargs = \"kept\"; }; };")
        var image = try ram.load(configuration)
        #expect(
            ReadTree(bytes: ram.bytes(at: image.dtb, count: image.dtbByteCount)).string("/chosen", "bootargs") == "kept"
        )
        try compile("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; };")
        var configuration = configuration
        configuration.commandLine = "made"
        image = try ram.load(configuration)
        #expect(
            ReadTree(bytes: ram.bytes(at: image.dtb, count: image.dtbByteCount)).string("/chosen", "bootargs") == "made"
        )
    }

    @Test func malformed() throws {
        let good = try makeTree().bytes
        let cases: [([UInt8], String)] = [
            ([], "is empty"),
            (Array("/dts-v1/; / { };".utf8), "compile a source with dtc"),
            ([0xD0, 0x0D, 0xFE, 0xED], "truncated"),
            (Array(good.dropLast(1)), "truncated"),
            (good.enumerated().map { 56..<80 ~= $0.offset ? 0xFF : $0.element }, "malformed"),
            ([UInt8](repeating: 0, count: 3 << 20), "2 MiB"),
        ]
        for (bytes, expected) in cases {
            _ = try scratch.file("given.dtb", bytes)
            let line = ram.failure(configuration)
            #expect(line.contains(expected) && line.contains("given.dtb"), "\(line)")
        }
    }

    /// No damaged tree traps: it is refused, or it is a tree still.
    @Test func damaged() throws {
        var generator = SplitMix64(seed: 11)
        let good = try makeTree().bytes
        var refused = 0
        for _ in 0..<500 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 4..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = try scratch.file("given.dtb", bytes)
            do throws(BootError) {
                let image = try ram.load(configuration)
                #expect(ReadTree(bytes: ram.bytes(at: image.dtb, count: image.dtbByteCount)).check == 0)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0 && refused < 500)
    }
}
