import CHost
import Glibc
import Shared

// What crosses between PEs without the coordinator.
extension VCPU {
    /// SEV: an event to every PE, this one included.
    mutating func sendEvent() {
        eventRegister = true
        for other in 0..<count where other != index {
            armada_store_release32(VCPUControl(page: controlPage, vcpu: other).event, 1)
        }
    }

    /// SEVL: an event to this PE.
    mutating func sendEventLocal() { eventRegister = true }

    /// Takes the event that another PE has sent, if there is one.
    func takeRemoteEvent() -> Bool {
        // The load first: a locked operation in each turn of a waiting loop would take the line from its writer.
        armada_load_relaxed32(control.event) != 0 && armada_exchange32(control.event, 0) != 0
    }

    func yieldProcessor() { sched_yield() }

    /// YIELD: the guest spins, maybe on a vCPU that waits for this processor. Not at each turn: most spinning is short.
    @inline(never)
    mutating func spinHint() {
        guard count > 1 else { return }
        if lockstep.isOn { return giveWaySoon() }
        spinCount &+= 1
        if spinCount & 15 == 0 { yieldProcessor() }
    }
}
