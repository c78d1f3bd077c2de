import Shared

/// Who runs when, in lock-step: one vCPU at a time, for a slice of a random budget of instructions. The choices come from
/// the seed, and what is chosen among from the guest; the host has no part in either.
///
/// A slice ends when its budget is used up, when the guest gives way (YIELD, WFE, an SGI), when its vCPU has nothing to do
/// any more, and when another vCPU has something to do that had nothing before. An exit that is answered at once
/// does not end it.
final class LockstepSchedule {
    let clock: VMClock
    let hash = TraceHash()
    private(set) var sliceCount: UInt64 = 0

    /// The machine, which owns this and outlives it.
    private unowned(unsafe) let vm: VirtualMachine
    private var random: SplitMix64
    /// The vCPUs that can run, in the order in which they became able to.
    private var ready: [Int] = []
    /// Whose slice it is, and when it ends.
    private var current = -1
    private var sliceEnd: UInt64 = 0
    /// Somebody else became able to run in this slice.
    private var isContested = false

    init(_ vm: VirtualMachine, _ lockstep: Lockstep) {
        self.vm = vm
        clock = vm.clock
        random = SplitMix64(seed: lockstep.seed)
    }

    /// `vcpu` can run: it goes into the guest when its turn comes.
    func admit(_ vcpu: VCPU) {
        vcpu.state = .ready
        ready.append(vcpu.index)
        if vcpu.index != current { isContested = true }
    }

    /// Sends the next vCPU into the guest if none is there. False: the run is over.
    func advance() -> Bool {
        // Output that waits for its reader would show in the UART's flags. The guest waits instead.
        while vm.runningCount == 0, vm.outcome == nil, vm.console.blockedOutputDescriptor == nil {
            expire()
            if let vcpu = next() {
                start(vcpu)
            } else if case let deadline = deadline, deadline != .max {
                clock.skip(to: deadline)
            } else if vm.console.inputDescriptor != nil {
                return true
            } else {
                vm.end(.deadlock)
            }
        }
        return vm.outcome == nil
    }

    private func next() -> VCPU? {
        guard !ready.isEmpty else { return nil }
        let isOver = clock.now >= sliceEnd || isContested || current >= 0 && vm.vcpus[current].exit.givesWay
        if !isOver, let place = ready.lastIndex(of: current) {
            ready.remove(at: place)
            return vm.vcpus[current]
        }
        let isAlone = ready.count == 1
        let place = isAlone ? 0 : random.below(ready.count)
        current = ready[place]
        ready.swapAt(place, ready.count - 1)
        ready.removeLast()
        let budget = isAlone ? Lockstep.loneBudget : random.logarithmic(bitCount: Lockstep.budgetBitCount)
        sliceEnd = clock.now &+ budget
        sliceCount &+= 1
        return vm.vcpus[current]
    }

    private func start(_ vcpu: VCPU) {
        isContested = false
        let budget = min(sliceEnd, deadline) &- clock.now
        clock.allow(budget)
        vcpu.entry.time = clock.now
        vcpu.entry.budget = budget
        vcpu.state = .inCoordinator
        vm.enterGuest(vcpu)
    }

    // MARK: Time

    /// When the next thing happens by itself that is not a worker's.
    private var deadline: UInt64 { min(vm.timers.earliest, vm.physicalTimers.earliest, alarm) }

    /// When the clock's alarm goes off, as far as the last look at it says.
    private var alarm = UInt64.max

    private func expire() {
        let now = clock.now
        if deadline <= now { vm.expireTimers(at: now) }
        alarm = vm.pl031.nanosecondsToAlarm.map { now &+ $0 } ?? .max
    }
}
