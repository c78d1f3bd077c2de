import Shared

/// Puts kernel, device tree and initrd into guest RAM.
///
/// ```
///  RAM                 + text_offset: an Image; + 0x80000: a raw binary; an ELF file where it says
///  end of the kernel   bss included
///  + at least 2 MiB    the device tree, at a 2 MiB boundary, at most 2 MiB long
///  + 2 MiB             the initrd
/// ```
enum BootLoader {
    private static let block: UInt64 = 2 << 20

    /// Loads what `configuration` names into the `ramByteCount` bytes at `ram`, which must be zero.
    static func load(
        configuration: VMConfiguration, ram: UnsafeMutableRawPointer, ramByteCount: UInt64
    ) throws(BootError) -> BootImage {
        let ram = GuestRAM(base: ram, byteCount: ramByteCount)
        let kernel = try KernelLoader.load(path: configuration.kernelPath, ram: ram)
        // RAM ends far below the top of the address space, so none of these sums wraps.
        let dtb = IPA((kernel.range.upperBound.rawValue + 2 * block - 1) & ~(block - 1))
        let initrd = try loadInitrd(configuration.initrdPath, at: dtb + block, ram: ram)

        let tree: [UInt8]
        if let path = configuration.dtbPath {
            tree = try GivenDeviceTree.read(path: path, configuration: configuration, ram: ram.range, initrd: initrd)
        } else {
            tree = try DeviceTree.make(configuration: configuration, ram: ram.range, initrd: initrd)
        }
        guard tree.count <= block, let pointer = ram.pointer(to: dtb, count: UInt64(tree.count)) else {
            throw .doesNotFit(
                .dtb, path: configuration.dtbPath ?? "(generated)",
                neededByteCount: GuestRAM.byteCount(upTo: dtb + UInt64(tree.count)), ramByteCount: ramByteCount)
        }
        tree.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: pointer, count: $0.count).copyMemory(from: $0) }
        if let path = configuration.dumpDTBPath { try DeviceTreeDump.write(tree, to: path) }
        return BootImage(
            format: kernel.format, entry: kernel.entry, kernel: kernel.range, dtb: dtb, dtbByteCount: tree.count,
            initrd: initrd)
    }

    private static func loadInitrd(_ path: String?, at address: IPA, ram: GuestRAM) throws(BootError) -> Range<IPA>? {
        guard let path else { return nil }
        let file = try BootFile(.initrd, path: path)
        guard let pointer = ram.pointer(to: address, count: file.byteCount) else {
            let (end, overflow) = address.rawValue.addingReportingOverflow(file.byteCount)
            throw .doesNotFit(
                .initrd, path: path, neededByteCount: GuestRAM.byteCount(upTo: IPA(overflow ? .max : end)),
                ramByteCount: ram.byteCount)
        }
        try file.read(at: 0, count: Int(file.byteCount), to: pointer)
        return address..<address + file.byteCount
    }
}
