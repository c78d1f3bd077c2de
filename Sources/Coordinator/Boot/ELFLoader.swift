import Shared

extension KernelLoader {
    /// An ELF64 file for AArch64: every PT_LOAD segment goes to its physical address.
    ///
    /// Source: "ELF for the Arm 64-bit Architecture (AArch64)".
    static func loadELF(_ content: borrowing KernelContent, ram: GuestRAM) throws(BootError) -> LoadedKernel {
        let header = content.header
        let path = content.path
        guard let fileClass = header.byte(at: 4), let encoding = header.byte(at: 5), let type = header.word16(at: 16),
            let machine = header.word16(at: 18)
        else { throw .truncated(.kernel, path: path, detail: "its ELF header is not complete") }
        let littleEndian = encoding == 1
        guard fileClass == 2, littleEndian, machine == 183 else {
            let name = ForeignKernel.elfMachine(littleEndian ? machine : machine.byteSwapped)
            let order = littleEndian ? "" : " big-endian"
            throw .wrongKind(
                path: path, what: "a \(fileClass == 1 ? 32 : 64)-bit\(order) ELF file for \(name)",
                advice: "give one built for little-endian AArch64")
        }
        guard let entry = header.word64(at: 24), let tableOffset = header.word64(at: 32),
            let entryByteCount = header.word16(at: 54), let entryCount = header.word16(at: 56)
        else { throw .truncated(.kernel, path: path, detail: "its ELF header is not complete") }
        guard type == 2 || type == 3 else {
            throw .wrongKind(
                path: path, what: "an ELF file of type \(type) (an object or core file?)",
                advice: "link it to an executable")
        }
        guard entryCount > 0, entryByteCount >= 56 else {
            throw .malformed(.kernel, path: path, detail: "its ELF header names no program headers")
        }
        let table = try readTable(content, at: tableOffset, byteCount: Int(entryByteCount) * Int(entryCount))
        var range: Range<IPA>?
        var physicalEntry = entry
        for index in 0..<Int(entryCount) {
            guard let segment = Segment(table, at: index * Int(entryByteCount)), segment.isLoadable else { continue }
            let loaded = try load(segment, content, ram: ram)
            range =
                range.map { min($0.lowerBound, loaded.lowerBound)..<max($0.upperBound, loaded.upperBound) } ?? loaded
            // The entry is a virtual address, and the MMU is off.
            if entry >= segment.virtualAddress, entry - segment.virtualAddress < segment.memoryByteCount {
                physicalEntry = segment.physicalAddress &+ (entry - segment.virtualAddress)
            }
        }
        guard let range else { throw .malformed(.kernel, path: path, detail: "it has no segment to load") }
        guard range.contains(IPA(physicalEntry)) else {
            throw .malformed(.kernel, path: path, detail: "its entry \(IPA(entry)) is outside its segments")
        }
        return LoadedKernel(format: .elf, entry: IPA(physicalEntry), range: range)
    }

    private static func readTable(
        _ content: borrowing KernelContent, at offset: UInt64, byteCount: Int
    ) throws(BootError) -> LittleEndianBytes {
        guard offset <= content.byteCount, UInt64(byteCount) <= content.byteCount - offset else {
            throw .truncated(
                .kernel, path: content.path,
                detail: "its program headers at byte \(offset) are past its end at \(content.byteCount)")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 8)
        defer { buffer.deallocate() }
        guard let base = buffer.baseAddress else { return LittleEndianBytes([]) }
        try content.copy(at: offset, count: UInt64(byteCount), to: base)
        return LittleEndianBytes(Array(buffer))
    }

    private static func load(
        _ segment: Segment, _ content: borrowing KernelContent, ram: GuestRAM
    ) throws(BootError) -> Range<IPA> {
        guard segment.fileByteCount <= segment.memoryByteCount else {
            throw .malformed(
                .kernel, path: content.path, detail: "a segment has more bytes in the file than in memory")
        }
        let (fileEnd, wraps) = segment.fileOffset.addingReportingOverflow(segment.fileByteCount)
        guard !wraps, fileEnd <= content.byteCount else {
            throw .truncated(
                .kernel, path: content.path,
                detail: "a segment ends at byte \(wraps ? .max : fileEnd) and the file at \(content.byteCount)")
        }
        let address = IPA(segment.physicalAddress)
        guard let pointer = ram.pointer(to: address, count: segment.memoryByteCount) else {
            let (end, overflow) = address.rawValue.addingReportingOverflow(segment.memoryByteCount)
            guard address >= PhysicalMap.ram, !overflow, end <= PhysicalMap.ramLimit.rawValue else {
                throw .malformed(
                    .kernel, path: content.path,
                    detail: "a segment at physical address \(address) is outside RAM, which starts at "
                        + "\(PhysicalMap.ram); link it there")
            }
            throw .doesNotFit(
                .kernel, path: content.path, neededByteCount: GuestRAM.byteCount(upTo: IPA(end)),
                ramByteCount: ram.byteCount)
        }
        try content.copy(at: segment.fileOffset, count: segment.fileByteCount, to: pointer)
        return address..<address + segment.memoryByteCount
    }

    /// A row of the program header table.
    private struct Segment {
        let type: UInt32
        let fileOffset: UInt64
        let virtualAddress: UInt64
        let physicalAddress: UInt64
        let fileByteCount: UInt64
        let memoryByteCount: UInt64

        var isLoadable: Bool { type == 1 && memoryByteCount > 0 }

        init?(_ table: LittleEndianBytes, at offset: Int) {
            guard let type = table.word32(at: offset), let fileOffset = table.word64(at: offset + 8),
                let virtualAddress = table.word64(at: offset + 16), let physicalAddress = table.word64(at: offset + 24),
                let fileByteCount = table.word64(at: offset + 32), let memoryByteCount = table.word64(at: offset + 40)
            else { return nil }
            self.type = type
            self.fileOffset = fileOffset
            self.virtualAddress = virtualAddress
            self.physicalAddress = physicalAddress
            self.fileByteCount = fileByteCount
            self.memoryByteCount = memoryByteCount
        }
    }
}
