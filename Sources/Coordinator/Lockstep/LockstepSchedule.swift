import Shared

/// Who runs when, in lock-step: one vCPU at a time, for a slice of a random budget of instructions. The choices come from
/// the seed, and what is chosen among from the guest; the host has no part in either.
///
/// A slice ends when its budget is used up, when the guest waits for another vCPU (WFE, YIELD), when its own vCPU has
/// nothing to do any more, and when another one has that had nothing before. An exit that is answered at once does not
/// end it.
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
    /// Of each vCPU: its last slice ended because it waits for another.
    private var waits: [Bool]

    init(_ vm: VirtualMachine, _ lockstep: Lockstep) {
        self.vm = vm
        clock = vm.clock
        random = SplitMix64(seed: lockstep.seed)
        waits = Array(repeating: false, count: vm.configuration.vcpuCount)
    }

    /// `vcpu` can run: it goes into the guest when its turn comes.
    func admit(_ vcpu: VCPU) {
        vcpu.state = .ready
        ready.append(vcpu.index)
        if vcpu.index == current {
            waits[current] = vcpu.exit.givesWay
        } else {
            waits[vcpu.index] = false
            isContested = true
        }
    }

    /// Sends the next vCPU into the guest if none is there. False: the run is over.
    func advance() -> Bool {
        // Output that waits for its reader would show in the UART's flags. The guest waits instead.
        while vm.runningCount == 0, vm.outcome == nil, vm.console.blockedOutputDescriptor == nil {
            expire()
            if isEverybodyWaiting {
                pause()
            } else if let vcpu = next() {
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
        if !isContested, clock.now < sliceEnd, current >= 0, !waits[current],
            let place = ready.lastIndex(of: current)
        {
            ready.remove(at: place)
            return vm.vcpus[current]
        }
        let place = choose()
        current = ready[place]
        let budget = ready.count == 1 ? Lockstep.loneBudget : random.logarithmic(bitCount: Lockstep.budgetBitCount)
        sliceEnd = clock.now &+ budget
        ready.swapAt(place, ready.count - 1)
        ready.removeLast()
        sliceCount &+= 1
        return vm.vcpus[current]
    }

    /// A place in `ready`: not that of one who has just given way, if there is another.
    private func choose() -> Int {
        guard ready.count > 1 else { return 0 }
        guard current >= 0, waits[current], let own = ready.lastIndex(of: current) else {
            return random.below(ready.count)
        }
        let place = random.below(ready.count - 1)
        return place < own ? place : place + 1
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

    private var isEverybodyWaiting: Bool {
        current >= 0 && waits[current] && !ready.isEmpty && ready.allSatisfy { waits[$0] }
    }

    /// Lets a moment pass, since only that can bring anyone on, but not beyond the next timer.
    private func pause() {
        var end = min(clock.now &+ Lockstep.pause, deadline)
        for index in ready {
            waits[index] = false
            let own = vm.timerDeadlines(vm.vcpus[index])
            for time in [own.virtual, own.physical] where time > clock.now { end = min(end, time) }
        }
        clock.skip(to: end)
    }

    /// When the next thing happens by itself that is not a worker's.
    private var deadline: UInt64 {
        var deadline = min(vm.timers.earliest, vm.physicalTimers.earliest, alarm)
        if let stress = vm.stressDeadline { deadline = min(deadline, stress) }
        guard let faults = vm.faults else { return deadline }
        return min(deadline, faults.deadline)
    }

    /// When the clock's alarm goes off, as far as the last look at it says.
    private var alarm = UInt64.max

    private func expire() {
        let now = clock.now
        if deadline <= now { vm.expireTimers(at: now) }
        alarm = vm.pl031.nanosecondsToAlarm.map { now &+ $0 } ?? .max
    }
}
