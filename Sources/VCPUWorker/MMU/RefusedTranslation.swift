import Shared

/// The last page that stage 1 translated and for which stage 2 had nothing: what an access to a device is, time and again.
///
/// Of stage 2 only the way to the empty descriptor is kept, as a walk cache may; the descriptor itself is read each time.
/// A TLB may hold stage 1 alone. What forgets translations forgets this one.
struct RefusedTranslation {
    /// The VA page without its tag byte, or `TLB.Entry.invalid`.
    private var page = TLB.Entry.invalid
    private var unprivileged = false
    private var first = Stage1Translation(
        ipa: 0, rights: [], isUserAccessible: false, isGlobal: false, attributes: 0, shareability: 0, blockBits: 12,
        level: 0)
    /// Where the empty descriptor is.
    private var descriptor: UnsafeRawPointer?
    private var level = 0

    /// Why an access to `va` on `page` faults; nil: that takes a walk.
    @inline(__always)
    func fault(of va: UInt64, page: UInt64, _ request: WalkRequest) -> WalkFault? {
        guard page == self.page, request.access.unprivileged == unprivileged, let descriptor,
            Stage2Regime.isEmpty(descriptor: descriptor)
        else { return nil }
        return first.fault(request)
            ?? WalkFault(status: .translation(level: level), isStage2: true, ipa: first.ipa | va & 0xFFF)
    }

    /// After `first` had no translation at stage 2.
    mutating func remember(
        _ first: Stage1Translation, page: UInt64, unprivileged: Bool, in memory: PhysicalMemory, _ stage2: Stage2Regime
    ) {
        guard let found = stage2.emptyDescriptor(first.ipa, in: memory) else { return }
        self.first = first
        self.first.ipa &= ~0xFFF
        self.page = page
        self.unprivileged = unprivileged
        descriptor = found.place
        level = found.level
    }

    mutating func forget() { page = TLB.Entry.invalid }
}
