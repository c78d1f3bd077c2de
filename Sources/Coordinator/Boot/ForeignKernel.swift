/// Files that people give by mistake, recognized so that the message can say what they are.
enum ForeignKernel {
    /// The error for a file that is certainly no kernel for this machine; nil: it may be a raw binary.
    static func recognize(_ header: LittleEndianBytes, path: String) -> BootError? {
        let arm64 = "give an arm64 Image, an ELF file or a raw binary with --kernel"
        if header.matches("HdrS", at: 0x202) {
            return .wrongKind(path: path, what: "an x86 bzImage", advice: arm64)
        }
        if let executable = PortableExecutable(header) {
            return .wrongKind(
                path: path, what: "an EFI or Windows program (PE) for \(executable.machineName)", advice: arm64)
        }
        for mark in marks where mark.bytes.indices.allSatisfy({ header.byte(at: mark.offset + $0) == mark.bytes[$0] }) {
            return .wrongKind(path: path, what: mark.what, advice: mark.advice ?? arm64)
        }
        return nil
    }

    /// The name of an ELF `e_machine`.
    static func elfMachine(_ machine: UInt16) -> String {
        switch machine {
        case 3: "x86 (i386)"
        case 8: "MIPS"
        case 20: "PowerPC"
        case 21: "PowerPC64"
        case 22: "S/390"
        case 40: "32-bit Arm"
        case 62: "x86-64"
        case 183: "AArch64"
        case 243: "RISC-V"
        case 258: "LoongArch"
        default: "machine \(machine)"
        }
    }

    private struct Mark {
        var offset: Int
        var bytes: [UInt8]
        var what: String
        var advice: String?
    }

    // swift-format-ignore
    private static let marks: [Mark] = [
        Mark(offset: 0x24, bytes: [0x18, 0x28, 0x6F, 0x01], what: "a 32-bit Arm zImage"),
        Mark(offset: 0x38, bytes: Array("RSC\u{05}".utf8), what: "a RISC-V Image"),
        Mark(offset: 0, bytes: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], what: "an xz-compressed file", advice: "decompress it with xz -d first"),
        Mark(offset: 0, bytes: [0x28, 0xB5, 0x2F, 0xFD], what: "a zstd-compressed file", advice: "decompress it with zstd -d first"),
        Mark(offset: 0, bytes: [0x42, 0x5A, 0x68], what: "a bzip2-compressed file", advice: "decompress it with bzip2 -d first"),
        Mark(offset: 0, bytes: [0x02, 0x21, 0x4C, 0x18], what: "an lz4-compressed file", advice: "decompress it with lz4 -d first"),
        Mark(offset: 0, bytes: [0x27, 0x05, 0x19, 0x56], what: "a U-Boot uImage", advice: "give the Image that it was made from"),
        Mark(offset: 0, bytes: [0xD0, 0x0D, 0xFE, 0xED], what: "a device tree", advice: "give it with --dtb"),
        Mark(offset: 0, bytes: Array("070701".utf8), what: "a cpio archive", advice: "give it with --initrd"),
        Mark(offset: 0, bytes: [0xCF, 0xFA, 0xED, 0xFE], what: "a Mach-O file"),
        Mark(offset: 0, bytes: Array("!<arch>".utf8), what: "an archive (a Debian package or a library)", advice: "extract the kernel from it"),
        Mark(offset: 0, bytes: Array("#!".utf8), what: "a script"),
    ]
}

/// The header of a PE file, which an arm64 Image with an EFI stub has too. Source: Microsoft "PE Format".
struct PortableExecutable {
    let machine: UInt16
    /// The bytes that its sections take in the file, headers included.
    let rawByteCount: UInt64

    init?(_ header: LittleEndianBytes) {
        guard header.starts(with: [0x4D, 0x5A]), let start = header.word32(at: 0x3C).map(Int.init),
            header.matches("PE\0\0", at: start), let machine = header.word16(at: start + 4),
            let sectionCount = header.word16(at: start + 6), let optionalByteCount = header.word16(at: start + 20)
        else { return nil }
        self.machine = machine
        var end: UInt64 = 0
        for index in 0..<Int(sectionCount) {
            let section = start + 24 + Int(optionalByteCount) + 40 * index
            guard let count = header.word32(at: section + 16), let offset = header.word32(at: section + 20) else {
                return nil
            }
            end = max(end, UInt64(offset) + UInt64(count))
        }
        rawByteCount = end
    }

    var machineName: String {
        switch machine {
        case 0x14C: "x86 (i386)"
        case 0x1C0, 0x1C2, 0x1C4: "32-bit Arm"
        case 0x5064: "RISC-V"
        case 0x8664: "x86-64"
        case 0xAA64: "AArch64"
        default: "machine 0x" + String(machine, radix: 16)
        }
    }
}
