import Shared

extension VGIC {
    /// What goes wrong with an interrupt whose list register has just been folded: `lose-eoi` and `duplicate`.
    ///
    /// - Parameters:
    ///   - isPending, isActive: The state that came back in the list register.
    ///   - wasActive: The interrupt was active at the entry.
    func corrupt(
        _ interrupt: UnsafeMutablePointer<VGICInterrupt>, isPending: Bool, isActive: Bool, wasActive: Bool,
        _ faults: FaultInjector
    ) {
        let wasPending = interrupt.pointee.pendingInListRegister
        guard !isPending, wasPending || wasActive, interrupt.pointee.activeOverride == .none else { return }
        let vcpu = Int(interrupt.pointee.queuedOn)
        if wasPending, interrupt.pointee.latchInListRegister, faults.strikes(.duplicate, vcpu) {
            interrupt.pointee.pendingLatch = true
        }
        // A timer's interrupt that was not active may have been taken back by the worker, and was not ended then.
        if !isActive, wasActive || !isWatchedByWorker(interrupt), faults.strikes(.loseEOI, vcpu) {
            interrupt.pointee.isActive = true
        }
    }
}
