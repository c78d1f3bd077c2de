import Shared

/// What a vCPU has been told from outside to take and has not been sent yet: one synchronous exception and one SError at
/// most. KVM's `struct kvm_vcpu_events`.
///
/// An Entry carries one exception, and its handler's own goes first: that belongs to the instruction that exited. Then the
/// synchronous one, then the SError, which the exceptions before it have masked anyway. What is left over calls the vCPU out
/// again at once.
struct PendingExceptions {
    var synchronous: InjectedException?
    /// HCR_EL2.VSE; the syndrome is VSESR_EL2. The worker keeps it while PSTATE.A masks it, and shows it in each Exit.
    var serror: InjectedException?

    var isEmpty: Bool { synchronous == nil && serror == nil }

    /// Gives `entry` the next one, if there is room.
    mutating func merge(into entry: inout EntryFrame) {
        guard entry.injected.kind == .none else { return }
        if let exception = synchronous {
            entry.injected = exception
            synchronous = nil
        } else if let exception = serror {
            entry.injected = exception
            serror = nil
        }
    }
}

extension VCPU {
    /// KVM's `kvm_vcpu_events.exception.serror_pending`. Of one in the guest: as it was at its last exit.
    var isSErrorPending: Bool {
        pendingExceptions.serror != nil || entry.injected.kind == .serror || channel.exit.isSErrorPending
    }

    /// It has something to take that no interrupt controller knows of: it does not stay in WFI. A masked SError ends WFI,
    /// too. Source: Arm ARM "WFI wake-up events".
    var hasExceptionToTake: Bool { !pendingExceptions.isEmpty || channel.exit.isSErrorPending }
}

extension VirtualMachine {
    /// The vCPU takes `exception` as soon as it can, whatever it is doing. nil, or why that cannot be.
    func inject(_ exception: InjectedException, into vcpu: VCPU) -> String? {
        guard vcpu.state != .poweredOff, vcpu.state != .lost else {
            return "vCPU \(vcpu.index) is \(vcpu.state == .lost ? "lost" : "off"): it takes no exception"
        }
        switch exception.kind {
        case .none: return nil
        case .serror: vcpu.pendingExceptions.serror = exception
        case .undefined, .dataAbort, .instructionAbort:
            guard vcpu.pendingExceptions.synchronous == nil else {
                return "vCPU \(vcpu.index) has not taken the exception before yet: try again, or resume it first"
            }
            vcpu.pendingExceptions.synchronous = exception
        }
        kick(vcpu, .unblock)
        if !wakes.isEmpty { wakeKicked() }
        return nil
    }
}
