import Shared

/// The guest's ledger as it stands in guest memory: `struct ledger` of Guests/stress/stress.h.
///
/// A view: valid while nobody writes there, which is so when the guest asks for the verdict.
struct StressLedger {
    static let maximumVCPUCount = 64
    static let slotCount = 64
    /// Latencies that an account keeps.
    static let sampleCapacity = 1024

    // In 64-bit words.
    private static let headerCount = 8
    private static let accountCount = 1168
    private static let raisedOffset = headerCount + maximumVCPUCount * accountCount
    private static let seenOffset = raisedOffset + maximumVCPUCount * maximumVCPUCount
    static let wordCount = seenOffset + maximumVCPUCount * maximumVCPUCount

    private let words: UnsafeBufferPointer<UInt64>
    let vcpuCount: Int

    /// nil: there are not as many words, or they are no ledger of `vcpuCount` vCPUs.
    init?(_ words: UnsafeBufferPointer<UInt64>, vcpuCount: Int) {
        guard words.count >= Self.wordCount, words[0] == UInt64(vcpuCount), vcpuCount <= Self.maximumVCPUCount else {
            return nil
        }
        self.words = words
        self.vcpuCount = vcpuCount
    }

    private func word(_ vcpu: Int, _ offset: Int) -> UInt64 {
        words[Self.headerCount + vcpu * Self.accountCount + offset]
    }

    /// Slots: INTID 0…31, then the device's lines.
    func taken(vcpu: Int, slot: Int) -> UInt64 { word(vcpu, slot) }
    func ended(vcpu: Int, slot: Int) -> UInt64 { word(vcpu, Self.slotCount + slot) }
    func spurious(vcpu: Int) -> UInt64 { word(vcpu, 128) }
    func complaints(vcpu: Int, _ complaint: StressComplaint) -> (count: UInt64, detail: UInt64) {
        (word(vcpu, 129 + 2 * complaint.rawValue), word(vcpu, 130 + 2 * complaint.rawValue))
    }
    /// Timers that were armed, writes of ICC_SGI1R_EL1, bits written to GICD_ISPENDR.
    func armed(vcpu: Int) -> UInt64 { word(vcpu, 139) }
    func sgis(vcpu: Int) -> UInt64 { word(vcpu, 140) }
    func pended(vcpu: Int) -> UInt64 { word(vcpu, 141) }

    /// Latencies so far, and the last of them: number `index`.
    func sampleCount(vcpu: Int) -> UInt64 { word(vcpu, 142) }
    func sample(vcpu: Int, _ index: UInt64) -> UInt64 {
        word(vcpu, 143 + Int(index % UInt64(Self.sampleCapacity)))
    }

    func raised(sender: Int, target: Int) -> UInt64 {
        words[Self.raisedOffset + sender * Self.maximumVCPUCount + target]
    }
    func seen(sender: Int, target: Int) -> UInt64 {
        words[Self.seenOffset + sender * Self.maximumVCPUCount + target]
    }

    /// The SGI that `sender` uses to `target`.
    static func sgi(sender: Int, target: Int) -> Int { (sender + target) % 8 }
}
