import Shared

/// Finds the row of an instruction word.
///
/// Rows are spread over 512 buckets by bits 29:21 of the word; a bucket holds the few rows that can match there. Built once
/// per process.
struct Decoder {
    private struct Candidate {
        var mask: UInt32
        var value: UInt32
        var row: Int32
    }

    /// Every row of the instruction set, in the manual's order of groups; those that are not implemented have a name only.
    static let rows: [EncodingRow] =
        ReservedEncodings.rows + DataProcessingImmediate.rows + Branches.rows + LoadsStores.rows
        + LoadsStoresExclusive.rows + AdvancedSIMDLoadsStores.rows + LoadsStoresMemoryTags.rows
        + LoadsStoresMemoryCopy.rows + DataProcessingRegister.rows + VectorEncodings.rows

    static let shared = Decoder(rows: rows)

    private let rows: [EncodingRow]
    /// Candidates of bucket b stand at starts[b]..<starts[b + 1].
    private let candidates: [Candidate]
    private let starts: [Int32]

    private static let bucketBits = 9
    private static let bucketShift = UInt32(21)

    init(rows: [EncodingRow]) {
        self.rows = rows
        let bucketCount = 1 << Self.bucketBits
        let bucketMask = UInt32(bucketCount - 1)
        var buckets = [[Candidate]](repeating: [], count: bucketCount)
        for (index, row) in rows.enumerated() {
            let (mask, value) = row.maskAndValue
            let candidate = Candidate(mask: mask, value: value, row: Int32(index))
            let fixed = mask >> Self.bucketShift & bucketMask
            let base = value >> Self.bucketShift & bucketMask
            let free = ~fixed & bucketMask
            // All subsets of the free bits.
            var subset: UInt32 = 0
            repeat {
                buckets[Int(base | subset)].append(candidate)
                subset = (subset &- free) & free
            } while subset != 0
        }
        var candidates: [Candidate] = []
        var starts: [Int32] = [0]
        for bucket in buckets {
            candidates += bucket
            starts.append(Int32(candidates.count))
        }
        self.candidates = candidates
        self.starts = starts
    }

    /// The row that `word` belongs to, implemented or not; nil where there is none.
    func row(of word: UInt32) -> EncodingRow? {
        let bucket = Int(word >> Self.bucketShift & UInt32((1 << Self.bucketBits) - 1))
        for index in starts[bucket]..<starts[bucket + 1] {
            let candidate = candidates[Int(index)]
            if word & candidate.mask == candidate.value { return rows[Int(candidate.row)] }
        }
        return nil
    }

    /// Lowers `word` for a PE that has `features`; what is unallocated or unimplemented becomes `.undefined`.
    func decode(_ word: UInt32, _ features: CPUFeatureSet) -> Op {
        guard let row = row(of: word), row.requirement.isSubset(of: features) else { return .undefined(word) }
        return row.lower(Word(word))
    }
}
