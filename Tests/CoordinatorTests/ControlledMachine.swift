import CHost
import Foundation
import Shared
import Testing

@testable import Coordinator

/// A machine with a control socket and a client.
final class ControlledMachine {
    let machine: TestMachine
    let events: EventSet
    let client: ControlClient
    var vm: VirtualMachine { machine.vm }
    var worker: ScriptedWorker { machine.workers[0] }

    init(vcpuCount: Int = 1, worldSwitch: WorldSwitch = .vhe, vcpuLoss: VCPULossPolicy = .stop) throws {
        machine = try TestMachine(vcpuCount: vcpuCount, worldSwitch: worldSwitch, vcpuLoss: vcpuLoss)
        events = try EventSet()
        let path = "/tmp/armada-registers-test-\(getpid())-\(UUID().uuidString.prefix(8)).sock"
        nonisolated(unsafe) let vm = machine.vm
        vm.control = try ControlServer(path: path, events: events) { [unowned vm] in vm.answer($0) }
        client = try ControlClient(path: path)
        turn()
    }

    /// Does what the control socket has.
    func turn() {
        for index in 0..<events.wait(nanoseconds: 0) {
            switch events.event(at: index) {
            case .control: vm.control?.accept()
            case .controlClient(let slot): vm.control?.serve(slot)
            default: break
            }
        }
    }

    func ask(_ request: ControlRequest) throws {
        try client.send(request)
        turn()
    }

    /// The text of the failure that came, if one did.
    func failure() -> String? {
        guard case .failure(let text) = reply() else { return nil }
        return text
    }

    /// nil: none yet.
    func reply() -> ControlReply? {
        var request = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 0) > 0 else { return nil }
        return (try? client.receive()).flatMap { try? ControlDecoder.reply($0) }
    }

    /// Boots vCPU 0 and parks it with an exit under way.
    func park() {
        machine.boot()
        vm.pause(0..<1)
        machine.exit(ExceptionSyndrome(.hvc64), registers: [0x8400_0000])
        #expect(vm.vcpus[0].state == .paused)
    }

    /// The worker answers the access that it has been sent.
    func answer(vcpu index: Int = 0, _ change: (inout RegisterAnswerFrame) -> Void = { _ in }) {
        let worker = machine.workers[index]
        #expect(worker.next() == .registerAccess)
        var answer = RegisterAnswerFrame()
        answer.number = worker.access.number
        change(&answer)
        worker.send(answer)
        receive(vcpu: index)
    }

    func receive(vcpu index: Int = 0) {
        switch vm.vcpus[index].channel.receive() {
        case .registerAnswer: vm.registersAnswered(vm.vcpus[index])
        case .closed: vm.lost(vm.vcpus[index], .gone)
        case .violation(let error): vm.end(.failed("\(error)"))
        default: Issue.record("something else came")
        }
    }
}
