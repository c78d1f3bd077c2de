import CHost
import Glibc
import Shared

/// What a VM is and how it does.
struct VMDescription: Equatable, Sendable {
    enum State: UInt32, Sendable {
        /// It has an outcome, and its vCPUs are being brought out of the guest.
        case ending = 0
        case running = 1

        var name: String {
            switch self {
            case .ending: "ending"
            case .running: "running"
            }
        }
    }

    enum VCPUState: UInt32, Sendable {
        case poweredOff = 0
        case inCoordinator = 1
        case inGuest = 2
        case blocked = 3
        case paused = 4
        case lost = 5

        var name: String {
            switch self {
            case .poweredOff: "off"
            case .inCoordinator: "in coordinator"
            case .inGuest: "in guest"
            case .blocked: "blocked"
            case .paused: "paused"
            case .lost: "lost"
            }
        }
    }

    struct VCPU: Equatable, Sendable {
        var index: Int
        var workerPID: Int
        var state: VCPUState
    }

    var protocolVersion = ControlProtocol.version
    /// Of the program.
    var version = Armada.version
    var pid: Int
    var state: State
    var uptimeNanoseconds: UInt64
    var vcpus: [VCPU]
    var kernel: String
    /// Empty: none.
    var initrd: String
    var commandLine: String
    var memoryByteCount: UInt64
    var haltPoll: HaltPoll
    var pin: String
    var listRegisterCount: Int
    var externalWorkers: Bool
    /// nil: it runs free.
    var lockstepSeed: UInt64?
}

extension VirtualMachine {
    func describe() -> VMDescription {
        VMDescription(
            pid: Int(getpid()), state: outcome == nil ? .running : .ending,
            uptimeNanoseconds: clock.now &- startTime, vcpus: vcpus.map(\.description),
            kernel: configuration.kernelPath, initrd: configuration.initrdPath ?? "",
            commandLine: configuration.commandLine, memoryByteCount: configuration.memoryByteCount,
            haltPoll: configuration.haltPoll, pin: configuration.pin.rawValue,
            listRegisterCount: configuration.listRegisterCount,
            externalWorkers: configuration.externalWorkersPath != nil, lockstepSeed: configuration.lockstep?.seed)
    }
}

extension VCPU {
    fileprivate var description: VMDescription.VCPU {
        let state: VMDescription.VCPUState =
            switch state {
            case .poweredOff: .poweredOff
            case .inCoordinator, .ready: .inCoordinator
            case .running: .inGuest
            case .blocked: .blocked
            case .paused: .paused
            case .lost: .lost
            }
        return VMDescription.VCPU(index: index, workerPID: Int(channel.pid), state: state)
    }
}
