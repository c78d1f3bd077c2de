import CFDT
import Shared

/// A device tree from the user's file, with what belongs to this run written over it.
enum GivenDeviceTree {
    /// Reads and checks the tree, then sets its memory, and in `/chosen` the command line and the initrd if they are
    /// given. The rest, the number of CPUs included, stays as the file has it.
    static func read(
        path: String, configuration: VMConfiguration, ram: Range<IPA>, initrd: Range<IPA>?
    ) throws(BootError) -> [UInt8] {
        let file = try BootFile(.dtb, path: path)
        guard file.byteCount <= DeviceTreeWriter.capacity else {
            throw .malformed(.dtb, path: path, detail: "it has \(file.byteCount) bytes, and 2 MiB is the most")
        }
        let given = UnsafeMutableRawBufferPointer.allocate(byteCount: max(Int(file.byteCount), 40), alignment: 8)
        defer { given.deallocate() }
        guard let base = given.baseAddress else { return [] }
        given.initializeMemory(as: UInt8.self, repeating: 0)
        try file.read(at: 0, count: Int(file.byteCount), to: base)
        try check(base, byteCount: Int(file.byteCount), path: path)

        let room = DeviceTreeDump.totalByteCount(base) + configuration.commandLine.utf8.count + 4096
        let patched = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { patched.deallocate() }
        guard let tree = patched.baseAddress else { return [] }
        try expect(fdt_open_into(base, tree, CInt(room)), path)
        try setMemory(tree, ram: ram, path: path)
        try setChosen(tree, commandLine: configuration.commandLine, initrd: initrd, path: path)
        try expect(fdt_pack(tree), path)
        return Array(patched.prefix(DeviceTreeDump.totalByteCount(tree)))
    }

    private static func check(_ base: UnsafeMutableRawPointer, byteCount: Int, path: String) throws(BootError) {
        guard base.loadUnaligned(as: UInt32.self).bigEndian == 0xD00D_FEED else {
            throw .malformed(
                .dtb, path: path,
                detail: "it does not begin with 0xd00dfeed; compile a source with dtc -O dtb first")
        }
        let total = DeviceTreeDump.totalByteCount(base)
        guard byteCount >= 40, total <= byteCount else {
            throw .truncated(.dtb, path: path, detail: "it has \(byteCount) bytes and its header names \(total)")
        }
        let result = fdt_check_full(base, byteCount)
        guard result == 0 else {
            throw .malformed(.dtb, path: path, detail: String(cString: fdt_strerror(result)))
        }
    }

    /// Replaces the memory nodes by one for this run's RAM.
    private static func setMemory(_ tree: UnsafeMutableRawPointer, ram: Range<IPA>, path: String) throws(BootError) {
        let addressCells = fdt_address_cells(tree, 0)
        let sizeCells = fdt_size_cells(tree, 0)
        guard 1...2 ~= addressCells, 1...2 ~= sizeCells else {
            throw .malformed(.dtb, path: path, detail: "its root has no usable #address-cells and #size-cells")
        }
        while let node = memoryNode(tree) { try expect(fdt_del_node(tree, node), path) }
        let byteCount = ram.upperBound.rawValue - ram.lowerBound.rawValue
        guard sizeCells == 2 || byteCount <= UInt64(UInt32.max) else {
            throw .malformed(.dtb, path: path, detail: "its #size-cells of 1 cannot name this much memory")
        }
        let name = "memory@" + String(ram.lowerBound.rawValue, radix: 16)
        let node = fdt_add_subnode(tree, 0, name)
        try expect(min(node, 0), path)
        try set(tree, node, "device_type", Array("memory\0".utf8), path)
        let reg =
            bigEndian(ram.lowerBound.rawValue, cells: Int(addressCells)) + bigEndian(byteCount, cells: Int(sizeCells))
        try set(tree, node, "reg", reg, path)
    }

    private static func memoryNode(_ tree: UnsafeMutableRawPointer) -> CInt? {
        let type = Array("memory\0".utf8)
        let node = fdt_node_offset_by_prop_value(tree, -1, "device_type", type, CInt(type.count))
        return node >= 0 ? node : nil
    }

    private static func setChosen(
        _ tree: UnsafeMutableRawPointer, commandLine: String, initrd: Range<IPA>?, path: String
    ) throws(BootError) {
        var node = fdt_path_offset(tree, "/chosen")
        if node == -FDT_ERR_NOTFOUND { node = fdt_add_subnode(tree, 0, "chosen") }
        try expect(min(node, 0), path)
        if !commandLine.isEmpty { try set(tree, node, "bootargs", Array(commandLine.utf8) + [0], path) }
        if let initrd {
            try set(tree, node, "linux,initrd-start", bigEndian(initrd.lowerBound.rawValue, cells: 2), path)
            try set(tree, node, "linux,initrd-end", bigEndian(initrd.upperBound.rawValue, cells: 2), path)
        }
    }

    private static func set(
        _ tree: UnsafeMutableRawPointer, _ node: CInt, _ name: String, _ value: [UInt8], _ path: String
    ) throws(BootError) {
        try expect(fdt_setprop(tree, node, name, value, CInt(value.count)), path)
    }

    private static func expect(_ result: CInt, _ path: String) throws(BootError) {
        guard result == 0 else {
            throw .malformed(.dtb, path: path, detail: String(cString: fdt_strerror(result)))
        }
    }

    private static func bigEndian(_ value: UInt64, cells: Int) -> [UInt8] {
        (0..<4 * cells).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (4 * cells - 1 - $0))) }
    }
}
