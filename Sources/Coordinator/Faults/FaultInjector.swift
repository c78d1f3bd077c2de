import CHost
import Shared

/// Injects a plan's faults into one VM: throws the dice, keeps what is held back, and counts what it did.
///
/// A VM without faults has none, so that each place where one may strike costs it one branch. Source: docs/faults.md.
final class FaultInjector {
    /// How long a vCPU is left outside at most, and how long a worker is stopped, in nanoseconds.
    private static let starvationNanoseconds: UInt64 = 8_000_000
    private static let stopNanoseconds: UInt64 = 5_000_000
    /// When after its entry a worker is stopped at the latest.
    private static let stopDelayNanoseconds: UInt64 = 500_000

    let plan: FaultPlan
    private let vcpuCount: Int
    private let now: () -> UInt64
    /// One die for each fault and vCPU, and one more of each for the devices.
    private var dice: [FaultDie] = []
    /// How often each fault has struck.
    private var counts = [UInt64](repeating: 0, count: Fault.allCases.count)

    var held = HeldInterrupts()
    /// vCPUs that are left outside the guest, and until when.
    var starved: DeadlineQueue
    /// vCPUs whose workers are to be stopped or continued, and when.
    var stops: DeadlineQueue
    var isStopped: [Bool]
    /// vCPUs whose next second check of the requests is left out.
    private var skipsSecondCheck: [Bool]
    /// Brings a vCPU to its next entry, in whose window an interrupt waits.
    var summon: (Int) -> Void = { _ in }

    /// - Parameters:
    ///   - plan: Not empty.
    ///   - vcpuCount: 1…512.
    ///   - now: The clock of everything that is held back, in nanoseconds.
    init(_ plan: FaultPlan, vcpuCount: Int, now: @escaping () -> UInt64 = armada_monotonic) {
        self.plan = plan
        self.vcpuCount = vcpuCount
        self.now = now
        starved = DeadlineQueue(count: vcpuCount)
        stops = DeadlineQueue(count: vcpuCount)
        isStopped = Array(repeating: false, count: vcpuCount)
        skipsSecondCheck = Array(repeating: false, count: vcpuCount)
        dice.reserveCapacity(Fault.allCases.count * (vcpuCount + 1))
        for fault in Fault.allCases {
            for vcpu in 0...vcpuCount {
                dice.append(FaultDie(fault, vcpu: vcpu, interval: plan[fault], seed: plan.seed))
            }
        }
    }

    /// The die of the devices stands behind those of the vCPUs.
    private func place(_ fault: Fault, _ vcpu: Int) -> Int {
        fault.number * (vcpuCount + 1) + (0..<vcpuCount ~= vcpu ? vcpu : vcpuCount)
    }

    /// Whether `fault` strikes `vcpu` at this opportunity. Anything but a vCPU's index means a device.
    func strikes(_ fault: Fault, _ vcpu: Int) -> Bool {
        guard dice[place(fault, vcpu)].strikes() else { return false }
        counts[fault.number] &+= 1
        return true
    }

    private func duration(_ fault: Fault, _ vcpu: Int, upTo limit: UInt64) -> UInt64 {
        dice[place(fault, vcpu)].duration(upTo: limit)
    }

    /// How often `fault` has struck in the coordinator.
    func count(_ fault: Fault) -> UInt64 { counts[fault.number] }

    // MARK: Interrupts on their way to the vGIC

    /// Whether `signal`, which has just been sent, is held back. If so `release` delivers it later.
    ///
    /// - Parameters:
    ///   - target: The vCPU that it is for, the first one if there are several.
    ///   - vgic: Gets what can be held no longer because of it.
    func holds(_ signal: InterruptSignal, target: Int?, vgic: VGIC) -> Bool {
        let sender = signal.sender
        let now = now()
        // Every die is thrown, whatever the others say: the streams do not depend on one another.
        var due = now
        if strikes(.delay, sender) { due = max(due, now &+ duration(.delay, sender, upTo: 2_000_000)) }
        if strikes(.reorder, sender) { due = max(due, now &+ 200_000) }
        let waitsForTwin = strikes(.coalesce, sender)
        if waitsForTwin { due = max(due, now &+ 1_000_000) }
        let opensWindow = strikes(.window, sender)
        let skipsCheck = strikes(.skipSecondCheck, sender)
        var window: Int?
        if opensWindow || skipsCheck, let target, 0..<vcpuCount ~= target {
            window = target
            due = max(due, now &+ 2_000_000)
        }

        if let twin = held.twinSource(of: signal) {
            // Together, so that they merge.
            release(from: twin, to: vgic)
            release(from: signal.source, to: vgic)
            return false
        }
        let isBehind = held.holds(source: signal.source)
        guard due > now || isBehind else { return false }
        if held.isFull {
            while let signal = held.takeFirst() { vgic.deliver(signal) }
            return false
        }
        held.append(signal, due: due, waitsForTwin: waitsForTwin, window: window, skipsCheck: skipsCheck)
        if let window { summon(window) }
        return true
    }

    private func release(from source: Int, to vgic: VGIC) {
        while let signal = held.takeFirst(of: source) { vgic.deliver(signal) }
    }

    /// Delivers what has been held back until `now`.
    func release(at now: UInt64, to vgic: VGIC) {
        while let signal = held.takeDue(
            at: now,
            choosing: { count in plan[.reorder] == 0 ? 0 : Int(dice[place(.reorder, -1)].below(UInt64(count))) })
        {
            vgic.deliver(signal)
        }
    }

    /// The moment between the first and the second check of a vCPU's requests: delivers what has waited for it.
    func openWindow(of vcpu: Int, to vgic: VGIC) {
        while let waiting = held.source(waitingFor: vcpu) {
            if waiting.skipsCheck { skipsSecondCheck[vcpu] = true }
            release(from: waiting.source, to: vgic)
        }
    }

    /// Whether the second check is left out this time.
    func takeSkippedCheck(of vcpu: Int) -> Bool {
        let skips = skipsSecondCheck[vcpu]
        skipsSecondCheck[vcpu] = false
        return skips
    }

    // MARK: Entries

    /// The list registers that an entry of `vcpu` has, of `count`.
    func listRegisterCount(of vcpu: Int, _ count: Int) -> Int {
        guard count > 1, strikes(.reduce, vcpu) else { return count }
        return 1 + Int(dice[place(.reduce, vcpu)].below(UInt64(count - 1)))
    }

    /// Whether `vcpu` must stay outside the guest for now.
    func starves(_ vcpu: Int) -> Bool {
        guard strikes(.starve, vcpu) else { return false }
        starved.set(vcpu, now() &+ duration(.starve, vcpu, upTo: Self.starvationNanoseconds))
        return true
    }

    /// Decides whether the worker of `vcpu`, which is in the guest now, will be stopped.
    func planStop(of vcpu: Int) {
        guard !isStopped[vcpu], strikes(.stop, vcpu) else { return }
        stops.set(vcpu, now() &+ duration(.stop, vcpu, upTo: Self.stopDelayNanoseconds))
    }

    /// The worker of `vcpu` has been stopped: it must be continued soon.
    func planContinuation(of vcpu: Int) {
        isStopped[vcpu] = true
        stops.set(vcpu, now() &+ duration(.stop, vcpu, upTo: Self.stopNanoseconds))
    }

    /// A vCPU for a kick without a reason, if the entry of `vcpu` brings one.
    func spuriousKick(at vcpu: Int) -> Int? {
        guard strikes(.spurious, vcpu) else { return nil }
        return Int(dice[place(.spurious, vcpu)].below(UInt64(vcpuCount)))
    }

    /// Nothing is due for `vcpu` any more: it is lost.
    func forget(_ vcpu: Int) {
        starved.remove(vcpu)
        stops.remove(vcpu)
        isStopped[vcpu] = false
    }

    /// When something that is held back is due; `UInt64.max`: nothing is.
    var deadline: UInt64 { min(held.earliest, starved.earliest, stops.earliest) }
}
