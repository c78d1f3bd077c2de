/// What became of every edge and SGI in the vGIC: raised, merged with one that was pending already, or cleared by software.
/// What is left has been taken by a vCPU, or is pending.
final class InterruptLedger {
    struct Account: Equatable {
        /// Of an SGI: so often have vCPUs sent it to this one. What a fault holds back is not raised yet.
        var sent: UInt64 = 0
        var raised: UInt64 = 0
        /// Legal: one that is pending cannot become so again.
        var coalesced: UInt64 = 0
        var cleared: UInt64 = 0

        /// How often it has been taken, when it is not pending any more.
        var toBeTaken: UInt64 { raised &- coalesced &- cleared }
    }

    private let accounts: UnsafeMutablePointer<Account>
    private let count: Int

    /// - Parameter count: As many interrupts as the vGIC has; accounts are numbered as its interrupts are.
    init(count: Int) {
        self.count = count
        accounts = .allocate(capacity: count)
        accounts.initialize(repeating: Account(), count: count)
    }

    deinit { accounts.deallocate() }

    subscript(index: Int) -> Account { accounts[index] }

    func sent(_ index: Int) { accounts[index].sent &+= 1 }

    func raised(_ index: Int, wasPending: Bool) {
        accounts[index].raised &+= 1
        if wasPending { accounts[index].coalesced &+= 1 }
    }

    /// One that comes back from a list register meets one that was raised meanwhile.
    func merged(_ index: Int) { accounts[index].coalesced &+= 1 }

    func cleared(_ index: Int) { accounts[index].cleared &+= 1 }
}
