import CHost
import Glibc
import Shared
import Testing

@testable import Coordinator

/// The real loop against a worker on another thread.
@Suite(.serialized) struct VMEventLoopTests {
    private final class Script: @unchecked Sendable {
        let worker: ScriptedWorker
        let body: (ScriptedWorker) -> Void
        init(_ worker: ScriptedWorker, _ body: @escaping (ScriptedWorker) -> Void) {
            self.worker = worker
            self.body = body
        }
    }

    /// Runs the loop against one thread for each script, of vCPU 0, 1 and so on.
    func run(
        _ machine: TestMachine, processorCount: Int = 2, _ bodies: ((ScriptedWorker) -> Void)...
    ) throws -> VMOutcome? {
        let loop = EventLoop(machine.vm, try EventSet(), processorCount: processorCount)
        var threads: [pthread_t] = []
        for (index, body) in bodies.enumerated() {
            machine.vm.powerOn(machine.vm.vcpus[index], ResetState(pc: 0, x0: 0))
            machine.vm.wakeKicked()
            var thread = pthread_t()
            let script = Unmanaged.passRetained(Script(machine.workers[index], body))
            pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let script = Unmanaged<Script>.fromOpaque(argument).takeRetainedValue()
                    script.body(script.worker)
                    return nil
                }, script.toOpaque())
            threads.append(thread)
        }
        loop.run()
        // One that waits for an Entry after the run's end would wait for ever.
        for worker in machine.workers { shutdown(worker.socket, Int32(SHUT_RDWR)) }
        for thread in threads { pthread_join(thread, nil) }
        return machine.vm.outcome
    }

    static func hypercall(_ worker: ScriptedWorker, _ function: UInt64) -> ScriptedWorker.Order {
        worker.exit.code = .trap
        worker.exit.esr = ExceptionSyndrome(.hvc64)
        worker.exit.registers[0] = function
        worker.sendExit()
        return function == 0x8400_0008 ? .nothing : worker.next(waiting: .untilFrame)
    }

    @Test(arguments: [1, 2]) func `hypercalls are answered one by one until SYSTEM_OFF`(processorCount: Int) throws {
        let machine = try TestMachine()
        nonisolated(unsafe) var answers = 0
        let outcome = try run(machine, processorCount: processorCount) { worker in
            _ = worker.next(waiting: .untilFrame)
            for _ in 0..<500 where Self.hypercall(worker, 0x8400_0000) == .entry { answers += 1 }
            _ = Self.hypercall(worker, 0x8400_0008)
        }
        #expect(outcome == .poweredOff)
        #expect(answers == 500)
        #expect(machine.samples(ExitReason(.hvc64)) == 500)
        #expect((machine.vm.loopStatistics.haltAttemptedPoll > 0) == (processorCount == 2))
    }

    @Test func `SGIs in one packet with an Exit are all taken`() throws {
        let machine = try TestMachine()
        let outcome = try run(machine) { worker in
            _ = worker.next(waiting: .untilFrame)
            for _ in 0..<200 { worker.send(SGIFrame(value: 1 << 40, group: 1, timestamp: 0)) }
            _ = Self.hypercall(worker, 0x8400_0008)
        }
        #expect(outcome == .poweredOff)
        let sgis = machine.vm.vcpus[0].statistics.sgis
        #expect(sgis == 200)
    }

    @Test func `a closed channel is a lost worker, and the report names its last exit`() throws {
        let machine = try TestMachine()
        let outcome = try run(machine) { worker in
            _ = worker.next(waiting: .untilFrame)
            _ = Self.hypercall(worker, 0x8400_0000)
            armada_store32(machine.vm.vcpus[0].control.dvmActive, 1)
            shutdown(worker.socket, Int32(SHUT_RDWR))
        }
        guard case .workerLost(let vcpu, let detail) = outcome else { return #expect(Bool(false), "\(outcome as Any)") }
        #expect(vcpu == 0)
        #expect(detail.contains("HVC64"))
        #expect(armada_load32(machine.vm.vcpus[0].control.dvmGone) == 1)
    }

    @Test func `a broken frame ends the run and names the vCPU`() throws {
        let machine = try TestMachine()
        let outcome = try run(machine) { worker in
            _ = worker.next(waiting: .untilFrame)
            worker.sendRaw([3, 0, 0, 0, 0xFF, 0xFF, 0xFF])
        }
        guard case .failed(let text) = outcome else { return #expect(Bool(false), "\(outcome as Any)") }
        #expect(text.contains("vCPU 0"))
    }

    @Test func `the watchdog ends a guest that does nothing`() throws {
        let machine = try TestMachine(timeoutSeconds: 0.05)
        let outcome = try run(machine) { worker in _ = worker.next(waiting: .untilFrame) }
        #expect(outcome == .watchdog)
    }

    @Test func `a blocked vCPU's timer wakes it in time`() throws {
        let machine = try TestMachine()
        machine.enableTimers(vcpu: 0)
        nonisolated(unsafe) var early = false
        nonisolated(unsafe) var intid: UInt32 = 0
        let outcome = try run(machine) { worker in
            _ = worker.next(waiting: .untilFrame)
            worker.exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
            worker.exit.code = .trap
            worker.exit.esr = ExceptionSyndrome(.wfx)
            let deadline = armada_monotonic() + 5_000_000
            worker.exit.timer.physicalControl = 1
            worker.exit.timer.physicalCompare = deadline
            worker.sendExit()
            _ = worker.next(waiting: .untilFrame)
            early = armada_monotonic() < deadline
            intid = ListRegister(rawValue: worker.entry.cpuInterface.listRegisters[0]).virtualINTID
            _ = Self.hypercall(worker, 0x8400_0008)
        }
        #expect(outcome == .poweredOff)
        #expect(!early)
        #expect(intid == 30)
    }

    @Test func `a deadline that passes while the loop polls is not lost`() throws {
        let machine = try TestMachine(vcpuCount: 2, timeoutSeconds: 20)
        machine.enableTimers(vcpu: 1)
        let outcome = try run(
            machine, processorCount: 8,
            { worker in
                _ = worker.next(waiting: .untilFrame)
                // Keeps the window open, then says nothing more.
                for _ in 0..<200 {
                    guard Self.hypercall(worker, 0x8400_0000) == .entry else { return }
                    usleep(50)
                }
            },
            { worker in
                _ = worker.next(waiting: .untilFrame)
                for round in UInt64(0)..<300 {
                    worker.exit.code = .trap
                    worker.exit.esr = ExceptionSyndrome(.wfx)
                    worker.exit.timer.virtualControl = 1
                    worker.exit.timer.virtualCompare = armada_monotonic() + 20_000 + round * 500
                    worker.exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
                    worker.sendExit()
                    guard worker.next(waiting: .untilFrame) == .entry else { return }
                }
                _ = Self.hypercall(worker, 0x8400_0008)
            })
        #expect(outcome == .poweredOff)
    }
}
