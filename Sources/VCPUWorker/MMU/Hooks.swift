// What the code cache does when translations or code change. Empty until the cache is there.

extension VCPU {
    /// Forgets the fetch side's translations; decoded code stays.
    mutating func flushFetchTranslations() {}

    /// Forgets code decoded from `byteCount` bytes of guest RAM at `offset`.
    mutating func invalidateCode(offset: UInt64, byteCount: UInt64) {}

    /// Forgets all decoded code.
    mutating func invalidateAllCode() {}
}
