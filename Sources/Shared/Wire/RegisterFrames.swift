// KVM_GET_ONE_REG and KVM_SET_ONE_REG on the wire. Not on the way of an exit: these frames may allocate.

/// Coordinator → worker, while the vCPU is outside the guest.
package struct RegisterAccessFrame: Sendable {
    /// The answer has the same.
    package var number: UInt64 = 0
    /// What is left of the exit, done before the access: KVM's `__kvm_adjust_pc`. Without a CPU interface.
    package var pending = EntryFrame()
    /// To write, with their values; without any, all registers are read.
    package var ids: [UInt64] = []
    package var values: [UInt128] = []
    /// KVM_ARM_SET_COUNTER_OFFSET: the offset of both counters from here on; nothing is read or written then. nil: as it is.
    package var counterOffset: UInt64?

    package init() {}
}

/// Why registers could not be read or written; nothing has changed then.
package enum RegisterProblem: UInt32, Sendable {
    /// There is no such register.
    case unknown = 1
    /// It holds another value for ever.
    case readOnly = 2
    /// It cannot hold the value.
    case unfit = 3
}

/// Worker → coordinator: the answer to `RegisterAccessFrame`.
package struct RegisterAnswerFrame: Sendable {
    package var number: UInt64 = 0
    package var problem: RegisterProblem?
    /// Of the id with the problem, and its bits that are at fault.
    package var position = 0
    package var bits: UInt64 = 0
    /// Of a read: all registers, rising by id.
    package var ids: [UInt64] = []
    package var values: [UInt128] = []
    /// As after what was pending and the access.
    package var timer = TimerState()
    /// CNTVCT_EL0 is CNTPCT_EL0 less this: KVM's CNTVOFF_EL2 without the offset that both counters have.
    package var virtualOffset: UInt64 = 0
    package var isSErrorPending = false
    package var serrorSyndrome: UInt64 = 0
    /// With the world switch nvhe only.
    package var context = RegisterContext()

    package init() {}
}
