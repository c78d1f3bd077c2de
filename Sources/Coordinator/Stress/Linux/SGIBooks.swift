/// What the vGIC knows of every vCPU's SGIs at one moment.
struct SGIBooks: Equatable {
    struct Entry: Equatable {
        /// So often have vCPUs sent it, so many of these are held back by a fault, and so often was it raised.
        var sent: UInt64 = 0
        var held: UInt64 = 0
        var raised: UInt64 = 0
        var coalesced: UInt64 = 0
        var cleared: UInt64 = 0
        /// So often it has been taken, at least and at most: whether a running vCPU has taken what its list registers hold
        /// is not known before it comes out.
        var leastTaken: UInt64 = 0
        var mostTaken: UInt64 = 0
        var isPending: Bool { leastTaken != raised &- coalesced &- cleared }
    }

    static let sgiCount = 16
    private(set) var entries: [Entry]
    let vcpuCount: Int

    init(vcpuCount: Int) {
        self.vcpuCount = vcpuCount
        entries = Array(repeating: Entry(), count: vcpuCount * Self.sgiCount)
    }

    subscript(vcpu: Int, sgi: Int) -> Entry {
        get { entries[vcpu * Self.sgiCount + sgi] }
        set { entries[vcpu * Self.sgiCount + sgi] = newValue }
    }
}
