import Shared

/// Where a kernel was put.
struct LoadedKernel: Equatable {
    var format: KernelFormat
    var entry: IPA
    var range: Range<IPA>
}

/// Finds a kernel's format by its content and loads it.
enum KernelLoader {
    /// A raw binary goes so far above the start of RAM.
    static let rawOffset: UInt64 = 0x8_0000

    static func load(path: String, ram: GuestRAM) throws(BootError) -> LoadedKernel {
        let content = try KernelContent(path: path, ramByteCount: ram.byteCount)
        let header = content.header
        if header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) { return try loadELF(content, ram: ram) }
        if header.matches("ARM\u{64}", at: 0x38) { return try loadImage(content, ram: ram) }
        if let error = ForeignKernel.recognize(header, path: path) { throw error }
        let address = GuestRAM.address(offset: rawOffset)
        try place(content, at: address, memoryByteCount: content.byteCount, ram: ram)
        return LoadedKernel(format: .raw, entry: address, range: address..<address + content.byteCount)
    }

    /// The arm64 Linux `Image`. Source: Linux `Documentation/arch/arm64/booting.rst`.
    private static func loadImage(_ content: borrowing KernelContent, ram: GuestRAM) throws(BootError) -> LoadedKernel {
        let header = content.header
        guard let textOffset = header.word64(at: 8), let imageSize = header.word64(at: 16),
            let flags = header.word64(at: 24)
        else { throw .truncated(.kernel, path: content.path, detail: "its header is not complete") }
        guard flags & 1 == 0 else {
            throw .wrongKind(
                path: content.path, what: "a big-endian Image",
                advice: "give a kernel built with CONFIG_CPU_LITTLE_ENDIAN")
        }
        // An EFI stub's header tells how long the file is; image_size does not, for it counts the bss.
        if header.starts(with: [0x4D, 0x5A]) {
            guard let executable = PortableExecutable(header) else {
                throw .truncated(.kernel, path: content.path, detail: "its PE header is not complete")
            }
            guard executable.rawByteCount <= content.byteCount else {
                throw .truncated(
                    .kernel, path: content.path,
                    detail: "it has \(content.byteCount) bytes and its header names \(executable.rawByteCount)")
            }
        }
        // Before Linux 3.17 image_size is 0 and text_offset does not say its byte order: 0x80000 is to be assumed.
        let address = GuestRAM.address(offset: imageSize == 0 ? rawOffset : textOffset)
        let memoryByteCount = max(imageSize, content.byteCount)
        try place(content, at: address, memoryByteCount: memoryByteCount, ram: ram)
        return LoadedKernel(format: .image, entry: address, range: address..<address + memoryByteCount)
    }

    /// Copies the whole file to `address`, where `memoryByteCount` bytes, bss included, must fit.
    private static func place(
        _ content: borrowing KernelContent, at address: IPA, memoryByteCount: UInt64, ram: GuestRAM
    ) throws(BootError) {
        guard let pointer = ram.pointer(to: address, count: memoryByteCount) else {
            let (end, overflow) = address.rawValue.addingReportingOverflow(memoryByteCount)
            throw .doesNotFit(
                .kernel, path: content.path, neededByteCount: GuestRAM.byteCount(upTo: IPA(overflow ? .max : end)),
                ramByteCount: ram.byteCount)
        }
        try content.copy(at: 0, count: content.byteCount, to: pointer)
    }
}
