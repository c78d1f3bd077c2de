/// The pages of a slot that were written: KVM's `dirty_bitmap`, one bit for each page, the lowest bit first.
struct DirtyPages: Equatable, Sendable {
    let pageCount: Int
    private(set) var words: [UInt64]

    /// None of them.
    init(pageCount: Int) {
        self.pageCount = pageCount
        words = Array(repeating: 0, count: (pageCount + 63) / 64)
    }

    /// As `words` say. nil: that is not as many words as the pages need, or there is a bit beyond the last page.
    init?(pageCount: Int, words: [UInt64]) {
        guard pageCount >= 0, words.count == (pageCount + 63) / 64 else { return nil }
        if let last = words.last, pageCount % 64 != 0, last >> UInt64(pageCount % 64) != 0 { return nil }
        self.pageCount = pageCount
        self.words = words
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
    mutating func insert(_ page: Int) { words[page / 64] |= 1 << UInt64(page % 64) }

    mutating func takeAll() -> Self {
        let all = self
        self = Self(pageCount: pageCount)
        return all
    }

    /// Adds the pages of another log of the same slot; of a slot that was another size meanwhile, nothing.
    mutating func formUnion(_ other: Self) {
        guard other.pageCount == pageCount else { return }
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// The pages, as ranges in rising order.
    var ranges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                let low = rest.trailingZeroBitCount
                let length = (~(rest >> UInt64(low))).trailingZeroBitCount
                let start = index * 64 + low
                if let last = ranges.last, last.upperBound == start {
                    ranges[ranges.count - 1] = last.lowerBound..<start + length
                } else {
                    ranges.append(start..<start + length)
                }
                if low + length == 64 { break }
                rest &= .max << UInt64(low + length)
            }
        }
        return ranges
    }
}
