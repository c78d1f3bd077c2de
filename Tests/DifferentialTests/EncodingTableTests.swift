import Testing

@testable import VCPUWorker

@Suite struct EncodingTableTests {
    @Test func everyPatternHasThirtyTwoBits() {
        for row in Decoder.rows {
            let bits = row.pattern.description.filter { $0 != " " }.count
            #expect(bits == 32, "\(row.name) has \(bits) bits")
        }
    }

    @Test func noTwoRowsOverlap() {
        let rows = Decoder.rows.map { (name: $0.name, bits: $0.maskAndValue) }
        for (index, first) in rows.enumerated() {
            for second in rows[(index + 1)...]
            where (first.bits.value ^ second.bits.value) & first.bits.mask & second.bits.mask == 0 {
                Issue.record("\(first.name) overlaps \(second.name)")
            }
        }
    }

    @Test func namesAreUnique() {
        var names = Set<String>()
        for row in Decoder.rows {
            #expect(names.insert(row.name.description).inserted, "two rows are named \(row.name)")
        }
    }
}
