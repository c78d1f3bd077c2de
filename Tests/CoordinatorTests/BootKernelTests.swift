import Glibc
import Shared
import Testing

@testable import Coordinator

@Suite struct BootKernelTests {
    let scratch: ScratchDirectory
    let ram = ScratchRAM(mebibytes: 64)

    init() throws { scratch = try ScratchDirectory() }

    @Test(arguments: [UInt64(0), 0x8_0000]) func image(textOffset: UInt64) throws {
        let bytes = KernelFixture.image(textOffset: textOffset, imageSize: 3 << 20)
        let image = try ram.load(VMConfiguration(kernelPath: scratch.file("Image", bytes)))
        #expect(image.format == .image)
        #expect(image.entry == PhysicalMap.ram + textOffset)
        #expect(image.kernel == image.entry..<image.entry + (3 << 20))
        #expect(ram.bytes(at: image.entry, count: bytes.count) == bytes)
    }

    /// The distance is counted from the end of the bss, not of the file.
    @Test(arguments: [4096, 0x20_0000, 0x30_0000, 0x40_0001] as [UInt64]) func deviceTreeIsClearOfKernel(size: UInt64)
        throws
    {
        let image = try ram.load(VMConfiguration(kernelPath: scratch.file("k", KernelFixture.image(imageSize: size))))
        #expect(image.dtb.rawValue % (2 << 20) == 0)
        #expect(image.dtb.rawValue >= image.kernel.upperBound.rawValue + (2 << 20))
        #expect(image.dtb.rawValue < image.kernel.upperBound.rawValue + (4 << 20))
        #expect(ram.bytes(at: image.dtb, count: 4) == [0xD0, 0x0D, 0xFE, 0xED])
    }

    @Test func imageWithoutSizeGoesTo0x80000() throws {
        let image = try ram.load(
            VMConfiguration(kernelPath: scratch.file("k", KernelFixture.image(textOffset: 77, imageSize: 0))))
        #expect(image.entry == PhysicalMap.ram + 0x8_0000)
    }

    @Test func gzippedImage() throws {
        let bytes = KernelFixture.image(byteCount: 300_000, imageSize: 1 << 20)
        let image = try ram.load(VMConfiguration(kernelPath: scratch.file("Image.gz", KernelFixture.gzip(bytes))))
        #expect(image.format == .image)
        #expect(ram.bytes(at: image.entry, count: bytes.count) == bytes)
    }

    @Test func zbootImage() throws {
        let bytes = KernelFixture.image(imageSize: 1 << 20)
        let payload = KernelFixture.gzip(bytes)
        var zboot = [UInt8](repeating: 0, count: 512)
        zboot.replaceSubrange(0..<8, with: [0x4D, 0x5A, 0, 0] + Array("zimg".utf8))
        zboot.replaceSubrange(
            8..<16, with: KernelFixture.littleEndian(UInt32(512)) + KernelFixture.littleEndian(UInt32(payload.count)))
        zboot.replaceSubrange(24..<28, with: Array("gzip".utf8))
        let image = try ram.load(VMConfiguration(kernelPath: scratch.file("zboot", zboot + payload)))
        #expect(image.format == .image)
        #expect(ram.bytes(at: image.entry, count: bytes.count) == bytes)
        #expect(ram.failure(kernel: try scratch.file("cut", zboot + payload.dropLast(9))).contains("truncated"))
    }

    @Test func rawBinary() throws {
        let bytes = KernelFixture.code(byteCount: 100)
        let image = try ram.load(VMConfiguration(kernelPath: scratch.file("raw.bin", bytes)))
        #expect(image.format == .raw)
        #expect(image.entry == PhysicalMap.ram + 0x8_0000)
        #expect(ram.bytes(at: image.entry, count: 100) == bytes)
    }

    @Test func elfGoesToPhysicalAddresses() throws {
        let code = KernelFixture.code(byteCount: 64)
        let data = Array("data".utf8)
        let base = PhysicalMap.ram.rawValue
        let elf = KernelFixture.elf(
            entry: 0xFFFF_8000_0000_0010,
            segments: [
                .init(virtual: 0xFFFF_8000_0000_0000, physical: base + 0x20_0000, bytes: code, memoryByteCount: 64),
                .init(virtual: 0xFFFF_8000_0010_0000, physical: base + 0x30_0000, bytes: data, memoryByteCount: 0x1000),
            ])
        let image = try ram.load(VMConfiguration(kernelPath: scratch.file("kernel.elf", elf)))
        #expect(image.format == .elf)
        #expect(image.entry == IPA(base + 0x20_0010))
        #expect(image.kernel == IPA(base + 0x20_0000)..<IPA(base + 0x30_1000))
        #expect(ram.bytes(at: IPA(base + 0x20_0000), count: 64) == code)
        #expect(ram.bytes(at: IPA(base + 0x30_0000), count: 5) == data + [0])
    }

    @Test func initrdStandsAboveTheDeviceTree() throws {
        var configuration = VMConfiguration(
            kernelPath: try scratch.file("k", KernelFixture.image(imageSize: 1 << 20)))
        configuration.initrdPath = try scratch.file("initrd", Array("070701 initrd".utf8))
        let image = try ram.load(configuration)
        let initrd = try #require(image.initrd)
        #expect(initrd.lowerBound.rawValue >= image.dtb.rawValue + UInt64(image.dtbByteCount))
        #expect(initrd.upperBound == initrd.lowerBound + 13)
        #expect(ram.bytes(at: initrd.lowerBound, count: 13) == Array("070701 initrd".utf8))
    }
}

/// Files that cannot be booted: each yields one line that names the file, what is wrong and what to do.
@Suite struct BootErrorTests {
    let scratch: ScratchDirectory
    let ram = ScratchRAM(mebibytes: 16)

    init() throws { scratch = try ScratchDirectory() }

    private func expect(_ bytes: [UInt8], _ parts: String..., from: SourceLocation = #_sourceLocation) throws {
        let path = try scratch.file("kernel", bytes)
        let line = ram.failure(kernel: path)
        for part in parts + [path] {
            #expect(line.contains(part), "\(line)", sourceLocation: from)
        }
        #expect(!line.contains("\n"), sourceLocation: from)
    }

    @Test func missingFile() {
        let line = ram.failure(kernel: scratch.path + "/nothing")
        #expect(line == "kernel \(scratch.path)/nothing: No such file or directory; check the path given with --kernel")
    }

    @Test func noRegularFile() {
        #expect(ram.failure(kernel: scratch.path).contains("is a directory; give a regular file with --kernel"))
        let fifo = scratch.entry("fifo")
        mkfifo(fifo, 0o600)
        #expect(ram.failure(kernel: fifo).contains("is a FIFO"))
        #expect(ram.failure(kernel: "/dev/zero").contains("is a device"))
    }

    @Test func emptyFile() throws { try expect([], "is empty", "--kernel") }

    @Test func truncatedImage() throws {
        var whole = KernelFixture.image(byteCount: 8192, imageSize: 1 << 20)
        KernelFixture.addPE(&whole, machine: 0xAA64, end: 8192)
        _ = try ram.load(VMConfiguration(kernelPath: scratch.file("whole", whole)))
        try expect(Array(whole.prefix(8191)), "truncated", "8191", "8192", "copy or download it again")
        for count in [60, 70, 100] { try expect(Array(whole.prefix(count)), "truncated", "PE header") }
    }

    @Test func truncatedGzip() throws {
        let gzip = KernelFixture.gzip(KernelFixture.image(byteCount: 100_000, imageSize: 1 << 20))
        try expect(Array(gzip.dropLast(10)), "truncated")
        try expect([0x1F, 0x8B], "truncated")
        var damaged = gzip
        damaged[gzip.count / 2] ^= 0xFF
        damaged[gzip.count / 2 + 1] ^= 0xFF
        try expect(damaged, "damaged")
    }

    @Test func tooLargeWhenInflated() throws {
        try expect(KernelFixture.gzip([UInt8](repeating: 0, count: 17 << 20)), "does not fit", "16 MiB", "--memory")
    }

    @Test func tooLargeForRAM() throws {
        try expect(KernelFixture.image(imageSize: 17 << 20), "does not fit", "17 MiB", "16 MiB", "--memory")
        try expect(KernelFixture.image(imageSize: .max), "does not fit")
        try expect(KernelFixture.image(textOffset: .max, imageSize: 4096), "does not fit")
        // The kernel fits, but not the device tree above it.
        let path = try scratch.file("kernel", KernelFixture.image(imageSize: 14 << 20))
        #expect(ram.failure(kernel: path).contains("device tree (generated) does not fit"))
    }

    @Test func initrdThatDoesNotFit() throws {
        var configuration = VMConfiguration(
            kernelPath: try scratch.file("k", KernelFixture.image(imageSize: 1 << 20)))
        configuration.initrdPath = try scratch.file("initrd", [UInt8](repeating: 1, count: 11 << 20))
        let line = ram.failure(configuration)
        #expect(line.contains("initrd \(scratch.path)/initrd does not fit"))
        #expect(line.contains("--memory"))
        configuration.initrdPath = scratch.path + "/nothing"
        #expect(ram.failure(configuration).contains("check the path given with --initrd"))
    }

    @Test func wrongArchitecture() throws {
        try expect(KernelFixture.elf(entry: 0, machine: 62, segments: []), "ELF file for x86-64", "AArch64")
        try expect(KernelFixture.image(imageSize: 1 << 20, flags: 1), "big-endian")
        var executable = KernelFixture.code(byteCount: 4096)
        KernelFixture.addPE(&executable, machine: 0x8664, end: 4096)
        try expect(executable, "PE", "x86-64")
        executable.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        try expect(executable, "x86 bzImage")
        var zImage = KernelFixture.code(byteCount: 4096)
        zImage.replaceSubrange(0x24..<0x28, with: [0x18, 0x28, 0x6F, 0x01])
        try expect(zImage, "32-bit Arm zImage")
        try expect([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0, 0], "xz -d")
        try expect(Array("070701".utf8), "cpio", "--initrd")
        try expect([0xD0, 0x0D, 0xFE, 0xED], "--dtb")
    }

    @Test func badELF() throws {
        let good = KernelFixture.elf(
            entry: 0x4020_0000,
            segments: [
                .init(
                    virtual: 0x4020_0000, physical: 0x4020_0000, bytes: KernelFixture.code(byteCount: 64),
                    memoryByteCount: 64)
            ])
        _ = try ram.load(VMConfiguration(kernelPath: scratch.file("good", good)))
        try expect(Array(good.dropLast(1)), "truncated", "a segment ends")
        try expect(Array(good.prefix(100)), "truncated", "program headers")
        try expect(Array(good.prefix(30)), "truncated", "header")
        let code = KernelFixture.code(byteCount: 64)
        let user = KernelFixture.elf(
            entry: 0x40_0000,
            segments: [.init(virtual: 0x40_0000, physical: 0x40_0000, bytes: code, memoryByteCount: 64)])
        try expect(user, "outside RAM", "0x40000000", "link it there")
        let high = KernelFixture.elf(
            entry: 0x4200_0000,
            segments: [.init(virtual: 0x4200_0000, physical: 0x4200_0000, bytes: code, memoryByteCount: 64)])
        try expect(high, "does not fit", "--memory")
        let wrapping = KernelFixture.elf(
            entry: 0x4020_0000,
            segments: [.init(virtual: 0x4020_0000, physical: 0x4020_0000, bytes: code, memoryByteCount: .max)])
        try expect(wrapping, "outside RAM")
        let elsewhere = KernelFixture.elf(
            entry: 0x5000_0000,
            segments: [.init(virtual: 0x4020_0000, physical: 0x4020_0000, bytes: code, memoryByteCount: 64)])
        try expect(elsewhere, "entry")
        try expect(KernelFixture.elf(entry: 0, segments: []), "no program headers")
    }

    /// No damaged header traps the loader.
    @Test func damagedHeaders() throws {
        var generator = SplitMix64(seed: 7)
        let code = KernelFixture.code(byteCount: 256)
        let elf = KernelFixture.elf(
            entry: 0x4020_0000,
            segments: [.init(virtual: 0x4020_0000, physical: 0x4020_0000, bytes: code, memoryByteCount: 512)])
        var image = KernelFixture.image(imageSize: 1 << 20)
        KernelFixture.addPE(&image, machine: 0xAA64, end: 4096)
        for original in [elf, image, KernelFixture.gzip(image)] {
            for _ in 0..<300 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    bytes[Int.random(in: 0..<min(bytes.count, 160), using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
                let path = try scratch.file("damaged", bytes)
                do throws(BootError) {
                    let loaded = try ram.load(VMConfiguration(kernelPath: path))
                    #expect(loaded.kernel.upperBound.rawValue <= PhysicalMap.ram.rawValue + ram.byteCount)
                } catch {
                    #expect(error.description.contains(path) || error.description.contains("device tree"))
                }
            }
        }
    }
}
