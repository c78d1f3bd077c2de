import Foundation
import Shared
import Testing

@testable import VCPUWorker

/// Which words are instructions at all. System registers and system instructions are another matter: the guest program
/// `sysregs` asks about each at EL1.
@Suite struct DecodeDifferentialTests {
    /// Words that the reference cannot be asked.
    struct Exclusion {
        let reason: String
        let mask: UInt32
        let value: UInt32

        init(_ reason: String, _ mask: UInt32, _ value: UInt32) {
            self.reason = reason
            self.mask = mask
            self.value = value
        }

        func covers(_ word: UInt32) -> Bool { word & mask == value }
    }

    static let exclusions: [Exclusion] = [
        Exclusion("SYS, SYSL: the register decides", 0xFFD8_0000, 0xD508_0000),
        Exclusion("MSR, MRS: the register decides", 0xFFD0_0000, 0xD510_0000),
        Exclusion("MSR (immediate) is UNDEFINED at EL0, where the reference executes", 0xFFF8_F01F, 0xD500_401F),
        Exclusion("HVC is UNDEFINED at EL0", 0xFFE0_001F, 0xD400_0002),
        Exclusion("SMC is UNDEFINED at EL0", 0xFFE0_001F, 0xD400_0003),
        Exclusion("ERET is UNDEFINED at EL0", 0xFFFF_FFFF, 0xD69F_03E0),
        Exclusion("FEAT_LOR, which the reference has: STLLR, LDLAR", 0x3FA0_8000, 0x0880_0000),
        // Arm ARM "Advanced SIMD across lanes": size<0> is 0.
        Exclusion("an error of QEMU 7.2: FMAXNMV, FMINNMV of half precision, size<0> = 1", 0xBF7F_FC00, 0x0E70_C800),
        Exclusion("an error of QEMU 7.2: FMAXV, FMINV of half precision, size<0> = 1", 0xBF7F_FC00, 0x0E70_F800),
        // Arm ARM "Advanced SIMD scalar pairwise".
        Exclusion("the same: FMAXNMP, FMINNMP (scalar)", 0xFF7F_FC00, 0x5E70_C800),
        Exclusion("the same: FADDP (scalar)", 0xFF7F_FC00, 0x5E70_D800),
        Exclusion("the same: FMAXP, FMINP (scalar)", 0xFF7F_FC00, 0x5E70_F800),
        // Arm ARM "Advanced SIMD scalar two-register miscellaneous FP16" has no FNEG.
        Exclusion("an error of QEMU 7.2: FNEG (vector) of half precision as a scalar", 0xFFFF_FC00, 0x7EF8_F800),
        Exclusion("an error of QEMU 7.2: FMOV (vector, immediate, half) with op = 1", 0xBFF8_FC00, 0x2F00_FC00),
        Exclusion("QEMU 7.2 ends itself at this unallocated word", 0xBFFF_FC00, 0x0EF9_F800),
        Exclusion("QEMU 7.2 ends itself at this unallocated word", 0xFFFF_FC00, 0x5EF8_F800),
        Exclusion("QEMU 7.2 ends itself at this unallocated word", 0xFFFF_FC00, 0x7EF9_F800),
        Exclusion("HLT #0xF000 is a call of QEMU's semihosting", 0xFFFF_FFFF, 0xD45E_0000),
    ]

    /// FEAT_FlagM, which only the reference with every feature has.
    static let flagManipulation: [Exclusion] = [
        Exclusion("RMIF", 0xFFE0_7C10, 0xBA00_0400),
        Exclusion("SETF8, SETF16", 0xFFFF_BC1F, 0x3A00_080D),
    ]

    private static func isDefined(_ word: UInt32, _ features: CPUFeatureSet = .all) -> Bool {
        Decoder.shared.decode(word, features).code != .undefined
    }

    /// The decoder takes any word: nothing that a guest executes may stop the process.
    @Test func everyWordDecodes() {
        var generator = SplitMix64(seed: 7)
        var defined = 0
        for _ in 0..<1_000_000 where Self.isDefined(UInt32(truncatingIfNeeded: generator.next())) { defined += 1 }
        #expect(defined > 300_000 && defined < 900_000, "\(defined) words are defined")
    }

    /// Random words, and words next to a row: with one of its fixed bits the other way.
    @Test func agreesWithTheReference() throws {
        var generator = SplitMix64(seed: 8)
        var words = (0..<150_000).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
        for row in Decoder.rows {
            let (mask, value) = row.maskAndValue
            for bit in UInt32(0)..<32 where mask >> bit & 1 != 0 {
                for _ in 0..<6 {
                    words.append((UInt32(truncatingIfNeeded: generator.next()) & ~mask | value) ^ 1 << bit)
                }
            }
        }
        let compared = try compare(words, with: .neoverseN1, excluding: Self.exclusions + Self.flagManipulation)
        #expect(compared > words.count / 2)
    }

    @Test func flagManipulationAgreesWithTheReference() throws {
        var generator = SplitMix64(seed: 9)
        var words: [UInt32] = []
        for group in Self.flagManipulation {
            for _ in 0..<500 {
                words.append(UInt32(truncatingIfNeeded: generator.next()) & ~group.mask | group.value)
            }
        }
        #expect(try compare(words, with: .maximum, excluding: []) == words.count)
    }

    /// Words of each row, on an older PE: that a row names its feature shows in nothing but what is missing there.
    @Test func withoutFeaturesAgreesWithAReferenceThatHasThemNot() throws {
        var generator = SplitMix64(seed: 10)
        var words: [UInt32] = []
        for row in Decoder.rows where row.isImplemented {
            let (mask, value) = row.maskAndValue
            for _ in 0..<24 { words.append(UInt32(truncatingIfNeeded: generator.next()) & ~mask | value) }
        }
        let compared = try compare(
            words, with: .cortexA57, [.AES, .PMULL, .SHA1, .SHA256, .CRC32], excluding: Self.exclusions)
        #expect(compared > words.count / 2)
    }

    /// All of the 2^32 words, decoded; and every so manieth compared. `make decode-all` asks for it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["ARMADA_DECODE_STRIDE"] != nil))
    func everyWord() throws {
        let blockCount = 256
        nonisolated(unsafe) let counts = UnsafeMutablePointer<Int>.allocate(capacity: blockCount)
        defer { counts.deallocate() }
        DispatchQueue.concurrentPerform(iterations: blockCount) { block in
            var defined = 0
            for low in UInt32(0)..<1 << 24 where Self.isDefined(UInt32(block) << 24 | low) { defined += 1 }
            counts[block] = defined
        }
        let defined = (0..<blockCount).reduce(0) { $0 + counts[$1] }
        print("decode: \(defined) of 4294967296 words are defined")

        let stride = max(ProcessInfo.processInfo.environment["ARMADA_DECODE_STRIDE"].flatMap { UInt64($0) } ?? 4099, 1)
        var compared = 0
        var next = stride / 2
        while next < 1 << 32 {
            var words: [UInt32] = []
            while next < 1 << 32, words.count < 1 << 20 {
                words.append(UInt32(next))
                next += stride
            }
            compared += try compare(words, with: .neoverseN1, excluding: Self.exclusions + Self.flagManipulation)
        }
        print("decode: \(compared) words compared, every \(stride)th but for the exclusions")
    }

    /// Compares the words that no exclusion covers; yields how many. At most forty differences are reported.
    private func compare(
        _ words: [UInt32], with reference: QEMUDecoder, _ features: [CPUFeature] = CPUFeature.allCases,
        excluding exclusions: [Exclusion]
    ) throws -> Int {
        let features = CPUFeatureSet(features)
        let words = words.filter { word in !exclusions.contains { $0.covers(word) } }
        var wrong = 0
        for (word, isUndefined) in zip(words, try reference.areUndefined(words))
        where Self.isDefined(word, features) == isUndefined {
            // The reference ends a word that loops by a timer, which may strike at another one: it is asked again, alone.
            guard try reference.areUndefined([word]) == [isUndefined] else { continue }
            wrong += 1
            guard wrong <= 40 else { continue }
            let name = Decoder.shared.row(of: word)?.name.description ?? "no row"
            Issue.record("\(String(word, radix: 16)) (\(name)) is \(isUndefined ? "defined" : "undefined")")
        }
        #expect(wrong == 0, "\(wrong) of \(words.count) words differ")
        return words.count
    }
}
