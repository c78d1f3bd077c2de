import Foundation
import Shared

/// A guest of random words: the monitor of `Guests/programs/chaos.S`, page tables, and a slice of words for each vCPU.
///
/// ```
///  0x4008_0000  monitor              0x4009_0000  TTBR0_EL1's tables: RAM at its own addresses, devices, an alias
///  0x4008_F000  parameters           0x400A_0000  TTBR1_EL1's tables: random descriptors
///  0x4020_0000  words: readable and executable by EL1 and EL0
///  behind them  data, in blocks and pages of every kind
/// ```
///
/// A *tame* image leaves alone what the monitor depends on, and what an address beyond RAM would end the run for. A *wild*
/// one does not.
struct ChaosImage {
    let seed: UInt64
    let vcpuCount: Int
    let isWild: Bool
    /// A multiple of 2 MiB, for each vCPU.
    private let sliceByteCount: Int

    static let memoryByteCount: UInt64 = 64 << 20
    static let ram: UInt64 = 0x4000_0000
    static let words: UInt64 = 0x4020_0000
    /// Where devices are mapped above their physical address, and RAM again, writable.
    static let devices: UInt64 = 0x40_0000_0000
    static let alias: UInt64 = 0x8000_0000
    /// What TTBR1_EL1 translates begins here.
    static let upper: UInt64 = 0xFFFF_FF80_0000_0000
    private static let load: UInt64 = 0x4008_0000
    private static let parameters: UInt64 = 0x4008_F000
    private static let lowerTables: UInt64 = 0x4009_0000
    private static let upperTables: UInt64 = 0x400A_0000
    private static let upperTableCount: UInt64 = 8
    private static let block: UInt64 = 2 << 20

    init(seed: UInt64, chunksPerVCPU: Int) {
        var random = ChaosRandom(seed: seed &* 0xD134_2543_DE82_EF95)
        self.seed = seed
        isWild = random.oneIn(8)
        vcpuCount = [1, 2, 2, 4][Int(random.next() & 3)]
        sliceByteCount = chunksPerVCPU * ChaosWords.wordsPerChunk * 4
    }

    /// Words that the slices hold.
    var wordCount: Int { vcpuCount * sliceByteCount / 4 }

    private var wordBlockCount: UInt64 { (UInt64(vcpuCount * sliceByteCount) + Self.block - 1) / Self.block }

    /// Writes the image to `path`, with the program at `monitor`.
    func write(to path: String, monitor: String) throws {
        // Not the seed itself: consecutive ones would begin the same sequence at consecutive places.
        var first = ChaosRandom(seed: seed)
        var random = ChaosRandom(seed: first.next() &* 0xD134_2543_DE82_EF95)
        let byteCount = Int(Self.words - Self.load) + vcpuCount * sliceByteCount
        var bytes = Data(count: byteCount)
        let program = try Data(contentsOf: URL(filePath: monitor))
        bytes.replaceSubrange(0..<program.count, with: program)
        bytes.withUnsafeMutableBytes { buffer in
            func put<Value: FixedWidthInteger>(_ value: Value, at address: UInt64) {
                buffer.storeBytes(of: value, toByteOffset: Int(address - Self.load), as: Value.self)
            }
            put(UInt32(vcpuCount), at: Self.parameters)
            put(UInt32(sliceByteCount), at: Self.parameters + 4)
            put(Self.words, at: Self.parameters + 8)
            putLowerTables(&random) { put($0, at: $1) }
            putUpperTables(&random) { put($0, at: $1) }
            let words = ChaosWords(isWild: isWild, wordBlockCount: wordBlockCount, vcpuCount: vcpuCount)
            var address = Self.words
            for _ in 0..<vcpuCount * sliceByteCount / 4 / ChaosWords.wordsPerChunk {
                for word in words.chunk(&random) {
                    put(word, at: address)
                    address += 4
                }
            }
        }
        try bytes.write(to: URL(filePath: path))
    }

    // MARK: Page tables

    private enum Attribute {
        static let accessFlag: UInt64 = 1 << 10
        static let innerShareable: UInt64 = 3 << 8
        static let user: UInt64 = 1 << 6
        static let readOnly: UInt64 = 1 << 7
        static let device: UInt64 = 1 << 2
        static let nonGlobal: UInt64 = 1 << 11
        static let executeNever: UInt64 = 3 << 53
        static let usual = accessFlag | innerShareable
    }

    private func putLowerTables(_ random: inout ChaosRandom, _ put: (UInt64, UInt64) -> Void) {
        typealias A = Attribute
        let (root, ram, devices, alias, pages) = (
            Self.lowerTables, Self.lowerTables + 0x1000, Self.lowerTables + 0x2000, Self.lowerTables + 0x3000,
            Self.lowerTables + 0x4000
        )
        put(ram | 3, root + 8)
        put(alias | 3, root + 16)
        put(devices | 3, root + 256 * 8)
        let blockCount = Self.memoryByteCount / Self.block
        for index in 0..<blockCount {
            let address = Self.ram + index * Self.block
            let attributes: UInt64
            switch index {
            case 0: attributes = A.usual | A.readOnly
            case 1...wordBlockCount: attributes = A.usual | A.readOnly | A.user
            case blockCount - 1: attributes = A.usual | A.user
            case blockCount - 2:
                put(pages | 3, ram + index * 8)
                for page in UInt64(0)..<512 {
                    let value = random.next() & (A.user | A.readOnly | A.nonGlobal | A.executeNever | 7 << 2)
                    let flags = random.oneIn(16) ? 0 : A.accessFlag
                    put(address + page << 12 | value | flags | (random.oneIn(32) ? 0 : 3), pages + page * 8)
                }
                continue
            default:
                let kinds: [UInt64] = [
                    A.usual | A.user, A.usual | A.user, A.usual | A.user | A.nonGlobal, A.usual, A.usual | A.readOnly,
                    A.usual | A.user | 2 << 2, A.usual | A.user | A.device, A.user,
                ]
                attributes = kinds[Int(index % 8)]
            }
            put(address | attributes | 1, ram + index * 8)
        }
        for index in (isWild ? 0 : 1)..<blockCount {
            put(Self.ram + index * Self.block | A.usual | A.user | A.executeNever | 1, alias + index * 8)
        }
        for index in UInt64(64)...80 {
            put(index * Self.block | A.accessFlag | A.user | A.device | A.executeNever | 1, devices + index * 8)
        }
    }

    /// Descriptors of any kind. The first table has no blocks, which would be of 1 GiB.
    private func putUpperTables(_ random: inout ChaosRandom, _ put: (UInt64, UInt64) -> Void) {
        for table in 0..<Self.upperTableCount {
            for index in UInt64(0)..<512 {
                let bits = random.next()
                let attributes = bits & 0xFF80_0000_0000_0FFC | (bits >> 12 & 7 == 0 ? 0 : Attribute.accessFlag)
                let page = Self.ram + (random.next() & 0x3FF) << 16 + (random.next() & 0xF) << 12
                let next = Self.upperTables + (1 + random.next() % (Self.upperTableCount - 1)) << 12
                var descriptor: UInt64
                switch bits >> 16 & 15 {
                case 0, 1: descriptor = bits & ~3
                case 2...8 where table > 0: descriptor = page & ~(Self.block - 1) | attributes | 1
                case 9...12 where table > 0: descriptor = page | attributes | 3
                // A table's limits take everything away more often than not.
                default: descriptor = next | attributes & ~(random.oneIn(4) ? 0 : 0x1F << 59) | 3
                }
                if isWild, random.oneIn(16) { descriptor = random.next() | random.next() & 3 }
                put(descriptor, Self.upperTables + table << 12 + index * 8)
            }
        }
    }
}

/// The choices of a chaos: a seed makes the same ones for ever.
struct ChaosRandom: RandomNumberGenerator {
    private var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func next() -> UInt64 { generator.next() }

    mutating func oneIn(_ count: UInt64) -> Bool { next() % count == 0 }
    mutating func below(_ count: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(count)) }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
