import CFDT

/// Writes a flattened device tree from its root to its end, with libfdt's sequential functions.
///
/// The first failure is kept and reported by `finish`; what follows it does nothing.
struct DeviceTreeWriter: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    private var result: CInt

    /// At most 2 MiB, as the arm64 boot protocol allows.
    static let capacity = 2 << 20

    init() {
        buffer = .allocate(byteCount: Self.capacity, alignment: 8)
        result = fdt_create(buffer.baseAddress, CInt(buffer.count))
        if result == 0 { result = fdt_finish_reservemap(buffer.baseAddress) }
    }

    deinit { buffer.deallocate() }

    mutating func beginNode(_ name: String) {
        if result == 0 { result = fdt_begin_node(buffer.baseAddress, name) }
    }

    mutating func endNode() {
        if result == 0 { result = fdt_end_node(buffer.baseAddress) }
    }

    mutating func property(_ name: String, bytes: [UInt8] = []) {
        if result == 0 { result = fdt_property(buffer.baseAddress, name, bytes, CInt(bytes.count)) }
    }

    mutating func property(_ name: String, cells: [UInt32]) {
        property(
            name, bytes: cells.flatMap { cell in (0..<4).map { UInt8(truncatingIfNeeded: cell >> (24 - 8 * $0)) } })
    }

    /// Each value takes two cells.
    mutating func property(_ name: String, doubleCells: [UInt64]) {
        property(
            name,
            cells: doubleCells.flatMap { [UInt32(truncatingIfNeeded: $0 >> 32), UInt32(truncatingIfNeeded: $0)] })
    }

    mutating func property(_ name: String, strings: String...) {
        property(name, bytes: strings.flatMap { Array($0.utf8) + [0] })
    }

    /// Ends the tree and yields its bytes.
    mutating func finish() throws(BootError) -> [UInt8] {
        if result == 0 { result = fdt_finish(buffer.baseAddress) }
        guard result == 0, let base = buffer.baseAddress else {
            throw .deviceTree(String(cString: fdt_strerror(result)))
        }
        return Array(buffer.prefix(DeviceTreeDump.totalByteCount(base)))
    }
}
