import CHost
import Shared

// Broadcast maintenance: TLBI …IS, IC IALLUIS, IC IVAU, and the DSB that completes them.
//
// Why no invalidation can be missed. The issuer I writes its descriptor, takes a ticket t, publishes the operation
// and passes a full fence; at the DSB it looks at every other vCPU V until V is inactive or has acknowledged past t.
// V's translations come from its TLBs, which only V itself fills, and only between `beginGuestExecution` and
// `endGuestExecution`.
//
// 1. I sees V inactive. V's next entry stores dvmActive = 1, passes a full fence, and then reads the head. I's order is: head,
//    fence, dvmActive. One of the two must see the other's store, and I did not, so V reads a head beyond t and applies
//    the operation before it uses a translation.
// 2. I sees V's acknowledgement past t. V stores it after it has applied everything below it, and fills its TLBs from
//    then on only by walks that come after reading a head beyond t, hence after I's descriptor was written.
// 3. V gives up on reading (lapped, or a slot not published yet): it forgets everything after it read the head, and
//    goes on from that head. Same as 2. Decoded code it keeps if no instruction-cache operation can be among those missed.
// 4. V is in the guest and does not look. I rang its doorbell after the append, or found it ringing; V clears a
//    doorbell with a full fence before it reads the head, so a ring that I found was not yet answered with an older head.
//
// Nobody waits for ever: whoever waits is inactive himself, so that two who wait let each other go; a kick takes the
// waiter out of the guest before the DSB, which runs again afterwards; and the coordinator makes a vCPU inactive when its
// process has died. A vCPU that leaves drains the ring after it became inactive: a waiter that saw it active has its
// ticket below that head, so either the futex word changes or the ticket had been acknowledged before.

extension VCPU {
    private var dvmRing: DVMRing { DVMRing(controlPage: controlPage, vcpuCount: count) }

    /// From here on translations and decoded code may be used: call it on every way into the guest.
    mutating func beginGuestExecution() {
        armada_store_relaxed32(control.dvmActive, 1)
        armada_fence()
        drainDVM()
    }

    /// No translation is used from here until `beginGuestExecution`: call it on every way out of the guest, WFI included.
    mutating func endGuestExecution() {
        armada_store_release32(control.dvmActive, 0)
        armada_fence()
        drainDVM()
        DVMRing.wakeWaiters(of: control)
    }

    /// Applies everything new in the ring and acknowledges it. Called when the doorbell has `Doorbell.dvm`, which it clears.
    mutating func drainDVM() {
        if armada_load_relaxed32(control.doorbell) & Doorbell.dvm != 0 {
            _ = armada_fetch_and32(control.doorbell, ~Doorbell.dvm)
        }
        let ring = dvmRing
        let published = ring.publishedInstructionCacheOperations
        let head = ring.head
        guard head != mmu.dvmPosition else { return }
        if maintenanceFaults.isOn, maintenanceFaults.skipsInvalidate(control) {
            // Acknowledged below all the same.
        } else if head &- mmu.dvmPosition > DVMRing.slotCount {
            forgetMissed(ring)
        } else {
            applyDVM(from: ring, upTo: head)
        }
        mmu.instructionCacheOperations = published
        mmu.dvmPosition = head
        if maintenanceFaults.isOn, maintenanceFaults.dropsAcknowledgement(control) { return }
        DVMRing.acknowledge(head, by: control)
    }

    private mutating func applyDVM(from ring: DVMRing, upTo head: UInt64) {
        var position = mmu.dvmPosition
        while position != head {
            guard case .operation(let operation) = ring.read(position) else {
                forgetMissed(ring)
                return
            }
            applyDVM(operation)
            control.increment(.dvmApplied)
            position &+= 1
        }
    }

    /// Does `operation` on this PE alone.
    mutating func applyDVM(_ operation: DVMOperation) {
        switch operation.kind {
        case .allE1, .ipa:
            // Entries combine both stages and do not remember their IPA.
            forgetTranslations()
        case .asid:
            forgetTranslations(.asid(UInt16(truncatingIfNeeded: operation.operand) & mmu.regime.stage1.asidMask))
        case .va:
            let asid = UInt16(truncatingIfNeeded: operation.operand >> 48) & mmu.regime.stage1.asidMask
            forgetTranslations(.page(Self.page(ofTLBI: operation.operand), asid: asid))
        case .vaAllASIDs:
            forgetTranslations(.pageOfAllASIDs(Self.page(ofTLBI: operation.operand)))
        case .instructionCacheAll:
            invalidateAllCode()
        case .instructionCacheLine:
            invalidateCode(offset: operation.operand & ~63, byteCount: 64)
        }
    }

    /// The page in a TLBI's Xt: VA[55:12] in bits 43:0, the rest copied from bit 55.
    private static func page(ofTLBI operand: UInt64) -> UInt64 {
        UInt64(bitPattern: Int64(bitPattern: operand &<< 20) &>> 8) & ~0xFFF
    }

    private mutating func forgetTranslations(_ scope: TLB.Scope) {
        mmu.refused.forget()
        let fast = mmu.fast
        var wasFetched = false
        mmu.tlb.remove(scope) { removed in
            fast.forget(page: removed.page)
            if removed.isFetched { wasFetched = true }
        }
        if wasFetched { forgetFetchSide() }
    }

    /// Operations were missed: forgets all that they may have been about. Decoded code is worth keeping: a vCPU that
    /// slept while the others were busy finds the ring full of TLBIs each time.
    private mutating func forgetMissed(_ ring: DVMRing) {
        forgetTranslations()
        if ring.begunInstructionCacheOperations != mmu.instructionCacheOperations { invalidateAllCode() }
    }

    /// Does `operation` here and tells the other vCPUs; `synchronizeDVM` completes it.
    mutating func broadcastDVM(_ operation: DVMOperation) {
        applyDVM(operation)
        guard count > 1 else { return }
        let ring = dvmRing
        let ticket = ring.append(operation)
        control.increment(.dvmSent)
        mmu.dvmTicket = ticket
        mmu.isDVMPending = true
        if ticket == mmu.dvmPosition {
            mmu.dvmPosition = ticket &+ 1
            DVMRing.acknowledge(ticket &+ 1, by: control)
        }
        ring.ringDoorbells(except: index)
    }

    /// What a DSB does after a broadcast: waits until every other vCPU has applied it.
    ///
    /// Returns false when a kick came first. The DSB has not been done then: leave the guest with `pc` at it, so that
    /// it runs again.
    mutating func synchronizeDVM() -> Bool {
        guard mmu.isDVMPending else { return true }
        let ring = dvmRing
        let ticket = mmu.dvmTicket
        var patience = 64
        while patience > 0 {
            if ring.isApplied(ticket, except: index) {
                mmu.isDVMPending = false
                return true
            }
            armada_spin_hint()
            patience -= 1
        }
        endGuestExecution()
        defer { beginGuestExecution() }
        for other in 0..<count where other != index {
            while !ring.isApplied(ticket, by: other) {
                if armada_load32(control.doorbell) & Doorbell.kick != 0 { return false }
                ring.waitForAcknowledgement(of: ticket, by: other)
                ring.ringDoorbells(except: index)
            }
        }
        mmu.isDVMPending = false
        return true
    }
}
