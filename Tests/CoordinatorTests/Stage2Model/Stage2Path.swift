import Shared

@testable import Coordinator

/// A walk of the tables by nothing but their description in the Arm ARM: which tables it reads, and where it ends.
struct Stage2Path {
    /// The tables below the start level, 0 for none.
    var tables: (UInt64, UInt64, UInt64) = (0, 0, 0)
    var level: Int
    /// Where the last descriptor stands.
    var entry: UInt64 = 0
    var descriptor: UInt64 = 0

    init(_ ipa: UInt64, _ geometry: Stage2Geometry, _ base: UnsafeRawPointer) {
        let pageBits = UInt64(geometry.granule.pageBits)
        let indexBits = pageBits - 3
        level = geometry.startLevel
        var table: UInt64 = 0
        var index = ipa >> (pageBits + UInt64(3 - level) * indexBits)
        while true {
            entry = table + index * 8
            descriptor = base.load(fromByteOffset: Int(entry), as: UInt64.self)
            guard level < 3, descriptor & 3 == 3 else { return }
            table = descriptor & 0xFFFF_FFFF_FFFF & ~(1 << pageBits - 1)
            tables = (table, tables.0, tables.1)
            level += 1
            index = ipa >> (pageBits + UInt64(3 - level) * indexBits) & (1 << indexBits - 1)
        }
    }

    var isValid: Bool { descriptor & 1 != 0 }
    var permissions: Stage2Permissions { Stage2Permissions(descriptor) }

    func holds(_ table: UInt64) -> Bool { tables.0 == table || tables.1 == table || tables.2 == table }
    func forEachTable(_ visit: (UInt64) -> Void) {
        if tables.0 != 0 { visit(tables.0) }
        if tables.1 != 0 { visit(tables.1) }
        if tables.2 != 0 { visit(tables.2) }
    }
}
