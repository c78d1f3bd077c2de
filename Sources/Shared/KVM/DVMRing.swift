import CHost

/// A TLB or instruction-cache maintenance operation as the interconnect broadcasts it.
package struct DVMOperation: Hashable, Sendable {
    package enum Kind: UInt32, Sendable {
        /// TLBI VMALLE1IS: everything of this VMID's stage 1.
        case allE1 = 1
        /// TLBI ASIDE1IS: operand = ASID.
        case asid = 2
        /// TLBI VAE1IS / VALE1IS: operand = the TLBI's Xt (ASID in 63:48, VA[55:12] in 43:0).
        case va = 3
        /// TLBI VAAE1IS / VAALE1IS: operand = the TLBI's Xt.
        case vaAllASIDs = 4
        /// The coordinator changed stage 2: operand = first IPA, `length` = bytes (0: everything).
        case ipa = 5
        /// IC IALLUIS.
        case instructionCacheAll = 6
        /// IC IVAU: operand = offset into guest RAM of the line.
        case instructionCacheLine = 7

        var isInstructionCache: Bool { self == .instructionCacheAll || self == .instructionCacheLine }
    }

    package var kind: Kind
    package var operand: UInt64
    package var length: UInt64

    package init(_ kind: Kind, operand: UInt64 = 0, length: UInt64 = 0) {
        self.kind = kind
        self.operand = operand
        self.length = length
    }
}

/// The ring in the control page on which workers and coordinator broadcast maintenance to every vCPU.
///
/// ```
///  +0       head: 64 bits, the number of operations that have been given a ticket
///  +0x40    64 bits: instruction-cache operations that were begun, before their ticket
///  +0x80    64 bits: those that were published
///  +0x1000  256 slots of 16 bytes, the operation with ticket t in slot t mod 256:
///             word 0   bits 31:0 sequence, the low half of t + 1; 39:32 kind; 63:40 length in 4 KiB pages (0: everything)
///             word 1   operand
/// ```
///
/// Any number of producers, and every vCPU reads everything at a position of its own. A slot changes by one 16-byte
/// compare-and-swap, and its sequence only ever grows, so that nobody sees half an operation and no one waits for a producer that died or
/// was scheduled away. Whoever falls back by more than the ring holds, or meets a ticket that is taken but not
/// published yet, forgets *everything* instead and goes on from the head he read before; that is never too little,
/// since what any operation before that head stands for happened before its ticket was taken.
package struct DVMRing: Sendable {
    package static let slotCount: UInt64 = 256
    private static let slotsOffset = 0x1000
    private static let slotByteCount = 16

    // SAFETY: the control page stays mapped as long as the process lives; every access to it is atomic.
    private nonisolated(unsafe) let page: UnsafeMutableRawPointer
    private let vcpuCount: Int

    package init(controlPage page: UnsafeMutableRawPointer, vcpuCount: Int) {
        self.page = page
        self.vcpuCount = vcpuCount
    }

    private var headWord: UnsafeMutableRawPointer { page + ControlPage.dvmOffset }

    private func slot(_ ticket: UInt64) -> UnsafeMutableRawPointer {
        page + ControlPage.dvmOffset + Self.slotsOffset + Int(ticket & (Self.slotCount - 1)) * Self.slotByteCount
    }

    /// The ticket that the next operation will get.
    package var head: UInt64 { armada_load64(headWord) }

    /// How many instruction-cache operations have been begun, and how many were published.
    ///
    /// Who reads `published` and then the head, and much later another head and then finds `begun` still equal to that
    /// number, knows that no ticket between the two heads is an instruction-cache operation: one that was counted as
    /// published had its ticket below the first head, and each one below the second head was counted as begun.
    package var begunInstructionCacheOperations: UInt64 { armada_load64(headWord + 0x40) }
    package var publishedInstructionCacheOperations: UInt64 { armada_load64(headWord + 0x80) }

    /// Broadcasts `operation`, and returns its ticket. It is a full fence. Doorbells are rung apart: `ringDoorbells`.
    package func append(_ operation: DVMOperation) -> UInt64 {
        guard operation.kind.isInstructionCache else { return publish(operation) }
        _ = armada_fetch_add64(headWord + 0x40, 1)
        let ticket = publish(operation)
        _ = armada_fetch_add64(headWord + 0x80, 1)
        return ticket
    }

    private func publish(_ operation: DVMOperation) -> UInt64 {
        let ticket = armada_fetch_add64(headWord, 1)
        let sequence = UInt32(truncatingIfNeeded: ticket &+ 1)
        let pages = operation.length > ~0xFFF ? 0 : (operation.length + 0xFFF) >> 12
        let low =
            UInt64(sequence) | UInt64(operation.kind.rawValue) << 32 | (pages < 1 << 24 ? pages << 40 : 0)
        let slot = slot(ticket)
        var foundLow = armada_load_acquire64(slot)
        var foundHigh = armada_load_acquire64(slot + 8)
        // A slot that holds a later ticket means that readers have been lapped, and know it.
        while Int32(bitPattern: UInt32(truncatingIfNeeded: foundLow) &- sequence) < 0 {
            if armada_compare_exchange128(slot, &foundLow, &foundHigh, low, operation.operand) { break }
        }
        armada_fence()
        return ticket
    }

    /// What stands at a position.
    package enum Reading: Equatable {
        case operation(DVMOperation)
        /// Not published yet, overwritten since, or nonsense: forget everything.
        case unknown
    }

    /// Reads the operation with `ticket`, which is below a head that was read.
    package func read(_ ticket: UInt64) -> Reading {
        let slot = slot(ticket)
        let sequence = UInt32(truncatingIfNeeded: ticket &+ 1)
        var low = armada_load_acquire64(slot)
        // Its producer may be between ticket and slot at this moment.
        var patience = 64
        while Int32(bitPattern: UInt32(truncatingIfNeeded: low) &- sequence) < 0, patience > 0 {
            armada_spin_hint()
            low = armada_load_acquire64(slot)
            patience -= 1
        }
        let operand = armada_load_acquire64(slot + 8)
        guard UInt32(truncatingIfNeeded: low) == sequence, armada_load_acquire64(slot) == low,
            let kind = DVMOperation.Kind(rawValue: UInt32(truncatingIfNeeded: low >> 32 & 0xFF))
        else { return .unknown }
        return .operation(DVMOperation(kind, operand: operand, length: (low >> 40) << 12))
    }

    /// Tells each vCPU in the guest, but `issuer`, that the ring has something new. Call it after `append`.
    ///
    /// A doorbell that rings already is left alone: its owner clears it with a full fence before he reads the head.
    package func ringDoorbells(except issuer: Int? = nil) {
        for index in 0..<vcpuCount where index != issuer {
            let control = VCPUControl(page: page, vcpu: index)
            guard armada_load32(control.dvmActive) != 0 else { continue }
            guard armada_load32(control.doorbell) & Doorbell.dvm == 0 else { continue }
            _ = armada_fetch_or32(control.doorbell, Doorbell.dvm)
        }
    }

    /// Whether vCPU `index` has applied the operation with `ticket`, or will before it uses a translation again, or is lost.
    package func isApplied(_ ticket: UInt64, by index: Int) -> Bool {
        let control = VCPUControl(page: page, vcpu: index)
        guard armada_load32(control.dvmActive) != 0 else { return true }
        let acknowledged = armada_load32(control.dvmAcknowledged)
        return Int32(bitPattern: acknowledged &- UInt32(truncatingIfNeeded: ticket &+ 1)) >= 0
            || armada_load32(control.dvmGone) != 0
    }

    /// Whether every vCPU but `issuer` has: the operation is complete.
    package func isApplied(_ ticket: UInt64, except issuer: Int? = nil) -> Bool {
        for index in 0..<vcpuCount where index != issuer && !isApplied(ticket, by: index) { return false }
        return true
    }

    /// Sleeps until vCPU `index` acknowledges something or leaves the guest, at most a millisecond.
    package func waitForAcknowledgement(of ticket: UInt64, by index: Int) {
        let control = VCPUControl(page: page, vcpu: index)
        _ = armada_fetch_add32(control.dvmWaiters, 1)
        let acknowledged = armada_load32(control.dvmAcknowledged)
        if !isApplied(ticket, by: index) {
            _ = armada_futex_wait(control.dvmAcknowledged, acknowledged, 1_000_000)
        }
        _ = armada_fetch_add32(control.dvmWaiters, ~0)
    }

    /// Publishes that the vCPU of `control` has applied everything below `position`.
    package static func acknowledge(_ position: UInt64, by control: VCPUControl) {
        armada_store32(control.dvmAcknowledged, UInt32(truncatingIfNeeded: position))
        wakeWaiters(of: control)
    }

    /// Wakes who waits for the vCPU of `control`.
    package static func wakeWaiters(of control: VCPUControl) {
        armada_fence()
        if armada_load32(control.dvmWaiters) != 0 { _ = armada_futex_wake(control.dvmAcknowledged, Int32.max) }
    }
}
