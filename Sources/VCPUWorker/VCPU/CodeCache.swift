import Glibc

/// Decoded guest code, one array of 1,024 ops and a page-end op for each 4 KiB page of RAM that was executed from,
/// keyed by the page's offset in guest RAM; and, ahead of it, the fetch TLB from a virtual page to such an array.
///
/// Because an op stands at a fixed place for its instruction, a branch within the page is a pointer difference known at
/// decode, a not-taken branch falls through, and there is nothing to link or unlink. Ops are decoded when first
/// reached. Code is dropped only when the guest asks (IC, or its broadcast), as the architecture has it: CTR_EL0.DIC = 0.
struct CodeCache: ~Copyable {
    /// Most pages decoded at a time: 14 MiB of ops and 4 MiB of heat.
    static let pageCapacity = 900
    static let opsPerPage = 1024
    private static let headerByteCount = 64
    /// From a page's first op to its heat table: 1,024 ops, the page-end op, and room to a cache line.
    static let heatOffset = (opsPerPage + 4) * MemoryLayout<Op>.stride
    private static let pageStride = headerByteCount + heatOffset + opsPerPage * MemoryLayout<Int32>.stride
    private static let hashCapacity = 4096
    static let fetchEntryCount = 256

    /// Virtual page → ops, for EL0 and EL1; one is current.
    let fetchEL0: UnsafeMutablePointer<FetchEntry>
    let fetchEL1: UnsafeMutablePointer<FetchEntry>
    private let arena: UnsafeMutableRawPointer
    /// What the guarded page stands for: a virtual page, and the offset of its code.
    private var guarded: (page: UInt64, offset: UInt64)?
    /// For lock-step: every jump counts as hot, and a page stops at its end. Set before anything is decoded.
    var stopsAtEveryTarget = false
    private var usedPages = 0
    /// Pages of the arena that have been used since the start.
    private var touchedPages = 0
    /// Open addressing: RAM offset of the page | 1, and its index in the arena.
    private let hashKeys: UnsafeMutablePointer<UInt64>
    private let hashValues: UnsafeMutablePointer<Int32>

    init() {
        fetchEL0 = .allocate(capacity: Self.fetchEntryCount)
        fetchEL1 = .allocate(capacity: Self.fetchEntryCount)
        hashKeys = .allocate(capacity: Self.hashCapacity)
        hashValues = .allocate(capacity: Self.hashCapacity)
        hashKeys.initialize(repeating: 0, count: Self.hashCapacity)
        hashValues.initialize(repeating: 0, count: Self.hashCapacity)
        fetchEL0.initialize(repeating: FetchEntry(), count: Self.fetchEntryCount)
        fetchEL1.initialize(repeating: FetchEntry(), count: Self.fetchEntryCount)
        // Backed by the host as pages are decoded.
        let byteCount = (Self.pageCapacity + 2) * Self.pageStride
        let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        if let mapped, mapped != MAP_FAILED {
            arena = mapped
        } else {
            arena = .allocate(byteCount: byteCount, alignment: 64)
            memset(arena, 0, byteCount)
        }
    }

    deinit {
        munmap(arena, (Self.pageCapacity + 2) * Self.pageStride)
        fetchEL0.deallocate()
        fetchEL1.deallocate()
        hashKeys.deallocate()
        hashValues.deallocate()
    }

    /// The ops of the page at `offset` in guest RAM, whose bytes are at `hostPage`.
    mutating func ops(offset: UInt64, hostPage: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Op> {
        if let index = find(offset) { return opsOfPage(index) }
        if usedPages == Self.pageCapacity { removeAll() }
        let index = usedPages
        usedPages += 1
        insert(offset, index)
        let header = arena + index * Self.pageStride
        header.storeBytes(of: CodePageHeader(hostPage: hostPage, offset: offset), as: CodePageHeader.self)
        let ops = opsOfPage(index)
        // Who executes in a page while everything is forgotten goes on decoding into it until he leaves it.
        if index < touchedPages {
            ops.update(repeating: Op(.decode), count: Self.opsPerPage)
            Self.heat(ops).update(repeating: 0, count: Self.opsPerPage)
        }
        touchedPages = max(touchedPages, usedPages)
        ops[Self.opsPerPage] = Op(stopsAtEveryTarget ? .stop : .pageEnd)
        if stopsAtEveryTarget { Self.heat(ops).update(repeating: Heat.threshold, count: Self.opsPerPage) }
        return ops
    }

    /// A page of ops behind all others that stop at once and never get hot, but for the one of `slot`: to execute a single
    /// instruction of the page whose ops are `ops`.
    func single(_ op: Op, slot: Int, of ops: UnsafeMutablePointer<Op>) -> UnsafeMutablePointer<Op> {
        let page = opsOfPage(Self.pageCapacity)
        Self.mutableHeader(page).pointee = CodePageHeader(
            hostPage: Self.header(ops).pointee.hostPage, offset: Self.header(ops).pointee.offset)
        page.update(repeating: Op(.stop), count: Self.opsPerPage + 1)
        Self.heat(page).update(repeating: Heat.never, count: Self.opsPerPage)
        page[slot] = op
        return page
    }

    /// The copy for `page` of the page whose ops are `ops`, if it is there.
    func guardedPage(of ops: UnsafeMutablePointer<Op>, at page: UInt64) -> UnsafeMutablePointer<Op>? {
        guard let guarded, guarded.page == page, guarded.offset == Self.header(ops).pointee.offset else { return nil }
        return opsOfPage(Self.pageCapacity + 1)
    }

    /// A copy of the page whose ops are `ops` that never gets hot and holds no fused pair, so that each of its slots may
    /// be made to stop. There is one at a time; it is for the virtual page `page`.
    mutating func makeGuardedPage(of ops: UnsafeMutablePointer<Op>, at page: UInt64) -> UnsafeMutablePointer<Op> {
        let copy = opsOfPage(Self.pageCapacity + 1)
        let original = Self.header(ops).pointee
        Self.mutableHeader(copy).pointee = CodePageHeader(
            hostPage: original.hostPage, offset: original.offset, isGuarded: true)
        copy.update(repeating: Op(.decode), count: Self.opsPerPage)
        copy[Self.opsPerPage] = Op(.pageEnd)
        Self.heat(copy).update(repeating: Heat.never, count: Self.opsPerPage)
        guarded = (page, original.offset)
        return copy
    }

    mutating func forgetGuarded() { guarded = nil }

    /// The header of the page whose first op is `ops`.
    @inline(__always)
    static func header(_ ops: UnsafeMutablePointer<Op>) -> UnsafePointer<CodePageHeader> {
        UnsafeRawPointer(ops).advanced(by: -headerByteCount).assumingMemoryBound(to: CodePageHeader.self)
    }

    /// Forgets the decoded form of `byteCount` bytes of RAM from `offset`, which lie in one page.
    mutating func invalidate(offset: UInt64, byteCount: UInt64) {
        forgetGuarded()
        guard let index = find(offset & ~0xFFF) else { return }
        let ops = opsOfPage(index)
        let first = Int(offset & 0xFFF) >> 2
        let last = min(Int((offset & 0xFFF) &+ byteCount &+ 3) >> 2, Self.opsPerPage)
        forgetTranslations(of: ops)
        // Up to three ops before may be fused with the first one here.
        for slot in max(0, first - 3)..<max(first, last) { ops[slot] = Op(.decode) }
    }

    /// The heat of a page's slots: how often each was jumped to; `Heat` says what else.
    @inline(__always)
    static func heat(_ ops: UnsafeMutablePointer<Op>) -> UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(ops).advanced(by: heatOffset).assumingMemoryBound(to: Int32.self)
    }

    /// Notes that some slots of the page of `ops` have translations.
    func markTranslated(_ ops: UnsafeMutablePointer<Op>) {
        Self.mutableHeader(ops).pointee.hasTranslations = true
    }

    private func forgetTranslations(of ops: UnsafeMutablePointer<Op>) {
        guard Self.header(ops).pointee.hasTranslations else { return }
        Self.heat(ops).update(repeating: 0, count: Self.opsPerPage)
        Self.mutableHeader(ops).pointee.hasTranslations = false
    }

    /// Forgets that anything is translated; what is decoded stays.
    func forgetAllTranslations() {
        // Also those of a page that is forgotten but still executed from.
        for index in 0..<touchedPages { forgetTranslations(of: opsOfPage(index)) }
    }

    private static func mutableHeader(_ ops: UnsafeMutablePointer<Op>) -> UnsafeMutablePointer<CodePageHeader> {
        UnsafeMutableRawPointer(ops).advanced(by: -headerByteCount).assumingMemoryBound(to: CodePageHeader.self)
    }

    /// Forgets everything decoded. Ops that are being executed stay readable: they become undecoded.
    mutating func removeAll() {
        flushTranslations()
        forgetGuarded()
        for index in 0..<usedPages {
            opsOfPage(index).update(repeating: Op(.decode), count: Self.opsPerPage)
            Self.heat(opsOfPage(index)).update(repeating: 0, count: Self.opsPerPage)
        }
        hashKeys.update(repeating: 0, count: Self.hashCapacity)
        usedPages = 0
    }

    /// Forgets which virtual page holds which code.
    func flushTranslations() {
        fetchEL0.update(repeating: FetchEntry(), count: Self.fetchEntryCount)
        fetchEL1.update(repeating: FetchEntry(), count: Self.fetchEntryCount)
    }

    private func opsOfPage(_ index: Int) -> UnsafeMutablePointer<Op> {
        (arena + index * Self.pageStride + Self.headerByteCount).assumingMemoryBound(to: Op.self)
    }

    private static func hash(_ offset: UInt64) -> Int {
        Int(truncatingIfNeeded: ((offset >> 12) &* 0x9E37_79B9_7F4A_7C15) >> 52)
    }

    private func find(_ offset: UInt64) -> Int? {
        var place = Self.hash(offset)
        while hashKeys[place] != 0 {
            if hashKeys[place] == offset | 1 { return Int(hashValues[place]) }
            place = (place + 1) & (Self.hashCapacity - 1)
        }
        return nil
    }

    private func insert(_ offset: UInt64, _ index: Int) {
        var place = Self.hash(offset)
        while hashKeys[place] != 0 { place = (place + 1) & (Self.hashCapacity - 1) }
        hashKeys[place] = offset | 1
        hashValues[place] = Int32(index)
    }
}

/// What stands before a page's ops.
struct CodePageHeader {
    /// The page's bytes in guest RAM.
    var hostPage: UnsafeMutableRawPointer
    /// The page's offset in guest RAM.
    var offset: UInt64
    /// Some of its slots are translated to host code.
    var hasTranslations = false
    /// It is a copy with stops in it, which nothing may be fused across.
    var isGuarded = false
}

/// One entry of the fetch TLB.
struct FetchEntry {
    static let empty: UInt64 = ~0
    /// The virtual page; `empty` matches no aligned address.
    var tag: UInt64 = empty
    var ops: UnsafeMutablePointer<Op>?
}
