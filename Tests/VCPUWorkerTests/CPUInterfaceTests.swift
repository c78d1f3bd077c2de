import Shared
import Testing

@testable import VCPUWorker

/// A CPU interface that expectations can change.
private final class Interface {
    private var value: VirtualCPUInterface

    init(_ value: VirtualCPUInterface) { self.value = value }

    var state: CPUInterfaceState {
        get { value.state }
        set { value.state = newValue }
    }
    var irqPending: Bool { value.irqPending }
    var fiqPending: Bool { value.fiqPending }
    var maintenancePending: Bool { value.maintenancePending }
    var runningPriority: UInt32 { value.runningPriority }
    func enter() { value.enter() }
    func refresh() { value.refresh() }
    func acknowledge(isGroup1: Bool) -> UInt32 { value.acknowledge(isGroup1: isGroup1) }
    func highestPendingINTID(isGroup1: Bool) -> UInt32 { value.highestPendingINTID(isGroup1: isGroup1) }
    func end(_ intid: UInt32, isGroup1: Bool) -> Bool { value.end(intid, isGroup1: isGroup1) }
    func deactivate(_ intid: UInt32) -> Bool { value.deactivate(intid) }
    func holds(_ intid: UInt32) -> Bool { value.holds(intid) }
    func read(_ rule: SystemRegisterRule) -> UInt64 { value.read(rule) }
    func write(_ rule: SystemRegisterRule, _ newValue: UInt64) { value.write(rule, newValue) }
    func register(_ index: Int) -> ListRegister { ListRegister(rawValue: value.state.listRegisters[index]) }
}

@Suite struct CPUInterfaceTests {
    /// Enabled, both groups, nothing masked, smallest binary points.
    private func interface(_ registers: [UInt64], hcr: UInt64 = 0) -> Interface {
        let interface = Interface(VirtualCPUInterface(listRegisterCount: 4))
        for (index, register) in registers.enumerated() { interface.state.listRegisters[index] = register }
        interface.state.hcr = ICH_HCR.en | hcr
        interface.state.vmcr = ICH_VMCR.reset | ICH_VMCR.veng0 | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
        interface.refresh()
        return interface
    }

    private func pending(_ intid: UInt32, priority: UInt8 = 0xA0, group1: Bool = true, eoi: Bool = false) -> UInt64 {
        var register = ListRegister.invalid
        register.virtualINTID = intid
        register.priority = priority
        register.isGroup1 = group1
        register.isPending = true
        register.wantsEOIMaintenance = eoi
        return register.rawValue
    }

    @Test func acknowledgeAndEnd() {
        let interface = interface([pending(40)])
        #expect(interface.irqPending && !interface.fiqPending)
        #expect(interface.acknowledge(isGroup1: true) == 40)
        #expect(!interface.irqPending)
        #expect(interface.register(0).isActive && !interface.register(0).isPending)
        #expect(interface.state.ap1r0 == 1 << (0xA0 >> 3))
        #expect(interface.runningPriority == 0xA0)
        #expect(interface.acknowledge(isGroup1: true) == 1023)
        #expect(interface.end(40, isGroup1: true))
        #expect(interface.register(0).isInvalid)
        #expect(interface.state.ap1r0 == 0)
        #expect(interface.runningPriority == 0xFF)
    }

    @Test func higherPriorityComesFirstAndPreempts() {
        let interface = interface([pending(40, priority: 0xA0), pending(41, priority: 0x80)])
        #expect(interface.acknowledge(isGroup1: true) == 41)
        #expect(!interface.irqPending, "0xA0 does not preempt 0x80")
        interface.state.listRegisters[2] = pending(42, priority: 0x40)
        interface.refresh()
        #expect(interface.acknowledge(isGroup1: true) == 42)
        #expect(interface.runningPriority == 0x40)
        #expect(interface.end(42, isGroup1: true))
        #expect(interface.runningPriority == 0x80)
        #expect(interface.end(41, isGroup1: true))
        #expect(interface.irqPending)
        #expect(interface.acknowledge(isGroup1: true) == 40)
    }

    @Test func binaryPointDecidesAboutPreemption() {
        let interface = interface([pending(40, priority: 0x48)])
        // Group priority is bits 7:6 only: 0x48 and 0x40 are one level.
        interface.write(.iccBPR1, 6)
        #expect(interface.acknowledge(isGroup1: true) == 40)
        #expect(interface.runningPriority == 0x40)
        interface.state.listRegisters[1] = pending(41, priority: 0x40)
        interface.refresh()
        #expect(!interface.irqPending)
        interface.write(.iccBPR1, 3)
        #expect(!interface.irqPending, "the active bit is still that of 0x40")
        #expect(interface.highestPendingINTID(isGroup1: true) == 41)
    }

    @Test func maskHoldsBackEqualPriority() {
        let interface = interface([pending(40, priority: 0xA0)])
        interface.write(.iccPMR, 0xA0)
        #expect(!interface.irqPending)
        #expect(interface.acknowledge(isGroup1: true) == 1023)
        #expect(interface.highestPendingINTID(isGroup1: true) == 40)
        interface.write(.iccPMR, 0xA8)
        #expect(interface.irqPending)
        interface.write(.iccPMR, 0xFF)
        #expect(interface.read(.iccPMR) == 0xF8)
    }

    @Test func groupsSignalFIQAndIRQ() {
        let interface = interface([pending(40, priority: 0x80, group1: false), pending(41, priority: 0xA0)])
        #expect(interface.fiqPending && !interface.irqPending)
        #expect(interface.acknowledge(isGroup1: true) == 1023)
        #expect(interface.highestPendingINTID(isGroup1: true) == 1023)
        interface.write(.iccIGRPEN0, 0)
        #expect(interface.irqPending && !interface.fiqPending)
        interface.write(.iccIGRPEN0, 1)
        #expect(interface.acknowledge(isGroup1: false) == 40)
        #expect(interface.state.ap0r0 == 1 << 16 && interface.state.ap1r0 == 0)
    }

    @Test func disabledInterfaceSignalsNothing() {
        let interface = interface([pending(40)])
        interface.state.hcr = 0
        interface.refresh()
        #expect(!interface.irqPending)
        #expect(interface.acknowledge(isGroup1: true) == 1023)
    }

    @Test func splitPriorityDropAndDeactivation() {
        let interface = interface([pending(40)])
        interface.write(.iccCTLR, 2)
        #expect(interface.acknowledge(isGroup1: true) == 40)
        #expect(!interface.end(40, isGroup1: true))
        #expect(interface.runningPriority == 0xFF)
        #expect(interface.register(0).isActive)
        #expect(interface.deactivate(40))
        #expect(interface.register(0).isInvalid)
        #expect(!interface.deactivate(40))
        #expect(interface.state.hcr & ICH_HCR.eoiCountMask == 1 << ICH_HCR.eoiCountShift)
    }

    @Test func deactivationWithoutSplitIsIgnored() {
        let interface = interface([pending(40)])
        #expect(interface.acknowledge(isGroup1: true) == 40)
        #expect(!interface.deactivate(40))
        #expect(interface.register(0).isActive)
    }

    @Test func pendingAndActiveStaysPending() {
        let interface = interface([pending(40)])
        #expect(interface.acknowledge(isGroup1: true) == 40)
        interface.state.listRegisters[0] |= 1 << 62
        interface.refresh()
        #expect(!interface.irqPending)
        #expect(interface.end(40, isGroup1: true))
        #expect(interface.register(0).isPending && interface.irqPending)
    }

    @Test func endWithoutListRegisterIsCounted() {
        let interface = interface([], hcr: ICH_HCR.lrenpie)
        #expect(!interface.end(40, isGroup1: true))
        #expect(interface.state.hcr & ICH_HCR.eoiCountMask == 0, "nothing was active")
        interface.state.ap1r0 = 1 << 20
        #expect(!interface.end(40, isGroup1: true))
        #expect(interface.state.hcr & ICH_HCR.eoiCountMask == 1 << ICH_HCR.eoiCountShift)
        #expect(interface.state.ap1r0 == 0)
        #expect(interface.maintenancePending)
        for _ in 0..<31 {
            interface.state.ap1r0 = 1
            _ = interface.end(40, isGroup1: true)
        }
        #expect(
            interface.state.hcr & ~ICH_HCR.eoiCountMask == ICH_HCR.en | ICH_HCR.lrenpie, "the count wraps in its field")
    }

    @Test func endOfTheWrongInterruptDropsThePriorityOnly() {
        let interface = interface([pending(40, priority: 0xA0), pending(41, priority: 0x80)])
        #expect(interface.acknowledge(isGroup1: true) == 41)
        interface.state.listRegisters[0] = interface.state.listRegisters[0] & ~(3 << 62) | 1 << 63
        #expect(!interface.end(40, isGroup1: true))
        #expect(interface.runningPriority == 0xFF)
        #expect(interface.register(0).isActive && interface.register(1).isActive)
        #expect(!interface.end(1023, isGroup1: true))
    }

    @Test func messageInterruptsHaveNoActiveState() {
        let interface = interface([pending(8200)])
        #expect(interface.acknowledge(isGroup1: true) == 8200)
        #expect(interface.register(0).isInvalid)
        #expect(interface.state.ap1r0 != 0)
        #expect(!interface.end(8200, isGroup1: true))
        #expect(interface.state.ap1r0 == 0)
        #expect(interface.state.hcr & ICH_HCR.eoiCountMask == 0)
    }

    @Test func largeINTIDsAreNotCut() {
        let interface = interface([pending(1019), pending(300)])
        #expect(interface.acknowledge(isGroup1: true) == 1019)
    }

    @Test func underflowIsSaidWhenAListRegisterIsFreed() {
        let interface = interface([pending(40), pending(41), pending(42)], hcr: ICH_HCR.uie)
        #expect(interface.acknowledge(isGroup1: true) == 40)
        #expect(interface.end(40, isGroup1: true))
        #expect(!interface.maintenancePending, "two are left")
        #expect(interface.acknowledge(isGroup1: true) == 41)
        #expect(!interface.maintenancePending)
        #expect(interface.end(41, isGroup1: true))
        #expect(interface.maintenancePending)
        interface.enter()
        #expect(!interface.maintenancePending, "entering with the condition met is no storm")
        #expect(interface.acknowledge(isGroup1: true) == 42)
        #expect(interface.end(42, isGroup1: true))
        #expect(interface.maintenancePending)
    }

    @Test func noPendingIsSaidWithoutAStorm() {
        let interface = interface([pending(40)], hcr: ICH_HCR.npie)
        #expect(!interface.maintenancePending)
        #expect(interface.acknowledge(isGroup1: true) == 40)
        #expect(interface.maintenancePending)
        interface.enter()
        #expect(!interface.maintenancePending, "all list registers active must not leave the guest at once")
    }

    @Test func endOfInterestIsSaid() {
        let interface = interface([pending(40, eoi: true)])
        #expect(interface.acknowledge(isGroup1: true) == 40)
        #expect(!interface.maintenancePending)
        #expect(interface.end(40, isGroup1: true))
        #expect(interface.maintenancePending)
    }

    @Test func registersShowTheControl() {
        let interface = interface([])
        #expect(interface.read(.iccCTLR) == 4 << 8 | 1 << 15 | 1 << 18)
        #expect(interface.read(.iccSRE) == 7)
        interface.write(.iccBPR0, 0)
        #expect(interface.read(.iccBPR0) == 2)
        interface.write(.iccBPR1, 0)
        #expect(interface.read(.iccBPR1) == 3)
        interface.write(.iccBPR0, 5)
        interface.write(.iccCTLR, 1)
        #expect(interface.read(.iccBPR1) == 6, "CBPR: BPR0 + 1")
        interface.write(.iccBPR1, 4)
        #expect(interface.read(.iccBPR1) == 6)
        interface.write(.iccCTLR, 0)
        #expect(interface.read(.iccBPR1) == 3)
        #expect(interface.read(.iccRPR) == 0xFF)
        interface.write(.iccIGRPEN1, 0)
        #expect(interface.read(.iccIGRPEN1) == 0 && interface.read(.iccIGRPEN0) == 1)
    }

    @Test func listRegistersBeyondTheCountAreNotThere() {
        let interface = Interface(VirtualCPUInterface(listRegisterCount: 1))
        interface.state = self.interface([]).state
        interface.state.listRegisters[1] = pending(40)
        interface.refresh()
        #expect(!interface.irqPending)
        #expect(!interface.holds(40))
        #expect(VirtualCPUInterface(listRegisterCount: 99).listRegisterCount == 16)
    }
}
