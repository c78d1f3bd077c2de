import CWire
import Shared

extension MessagePool {
    mutating func message(_ value: VMDescription) -> UnsafeMutablePointer<Armada__Control__Description> {
        let message: UnsafeMutablePointer<Armada__Control__Description> = message(armada__control__description__init)
        message.pointee.protocol_version = value.protocolVersion
        message.pointee.version = string(value.version)
        message.pointee.pid = UInt32(truncatingIfNeeded: value.pid)
        message.pointee.state = Armada__Control__VMState(value.state.rawValue)
        message.pointee.uptime_nanoseconds = value.uptimeNanoseconds
        var vcpus: [UnsafeMutablePointer<Armada__Control__VCPUDescription>?] = []
        for vcpu in value.vcpus {
            vcpus.append(
                self.message(armada__control__vcpudescription__init) {
                    $0.index = UInt32(truncatingIfNeeded: vcpu.index)
                    $0.worker_pid = UInt32(truncatingIfNeeded: vcpu.workerPID)
                    $0.state = Armada__Control__VCPUState(vcpu.state.rawValue)
                })
        }
        message.pointee.n_vcpus = vcpus.count
        message.pointee.vcpus = array(vcpus)
        message.pointee.configuration = configuration(of: value)
        return message
    }

    private mutating func configuration(
        of value: VMDescription
    ) -> UnsafeMutablePointer<Armada__Control__Configuration> {
        let message: UnsafeMutablePointer<Armada__Control__Configuration> = message(
            armada__control__configuration__init)
        message.pointee.kernel = string(value.kernel)
        message.pointee.initrd = string(value.initrd)
        message.pointee.command_line = string(value.commandLine)
        message.pointee.memory_byte_count = value.memoryByteCount
        message.pointee.halt_poll_nanoseconds = value.haltPoll.nanoseconds
        message.pointee.halt_poll_fixed = value.haltPoll.isFixed ? 1 : 0
        message.pointee.pin = string(value.pin)
        message.pointee.list_register_count = UInt32(truncatingIfNeeded: value.listRegisterCount)
        message.pointee.external_workers = value.externalWorkers ? 1 : 0
        message.pointee.lockstep = value.lockstepSeed == nil ? 0 : 1
        message.pointee.lockstep_seed = value.lockstepSeed ?? 0
        return message
    }
}

extension ControlDecoder {
    static func decode(_ message: Armada__Control__Description) throws(ControlError) -> VMDescription {
        guard message.protocol_version == ControlProtocol.version else { throw .version(message.protocol_version) }
        try checkFields(message.base)
        guard let state = VMDescription.State(rawValue: message.state.rawValue) else {
            throw .outOfRange("state", UInt64(message.state.rawValue))
        }
        guard 1...WireProtocol.maximumVCPUCount ~= message.n_vcpus else {
            throw .outOfRange("vCPU count", UInt64(message.n_vcpus))
        }
        var vcpus: [VMDescription.VCPU] = []
        for position in 0..<message.n_vcpus {
            let vcpu = try body(message.vcpus[position])
            try checkFields(vcpu.base)
            guard let state = VMDescription.VCPUState(rawValue: vcpu.state.rawValue) else {
                throw .outOfRange("vCPU state", UInt64(vcpu.state.rawValue))
            }
            vcpus.append(
                VMDescription.VCPU(
                    index: try index(vcpu.index, at: position), workerPID: try pid(vcpu.worker_pid), state: state))
        }
        let configuration = try body(message.configuration)
        try checkFields(configuration.base)
        guard 1...CPUInterfaceState.maximumListRegisterCount ~= Int(configuration.list_register_count) else {
            throw .outOfRange("list register count", UInt64(configuration.list_register_count))
        }
        return VMDescription(
            protocolVersion: message.protocol_version, version: text(message.version), pid: try pid(message.pid),
            state: state, uptimeNanoseconds: message.uptime_nanoseconds, vcpus: vcpus,
            kernel: text(configuration.kernel), initrd: text(configuration.initrd),
            commandLine: text(configuration.command_line), memoryByteCount: configuration.memory_byte_count,
            haltPoll: HaltPoll(
                nanoseconds: configuration.halt_poll_nanoseconds, isFixed: configuration.halt_poll_fixed != 0),
            pin: text(configuration.pin),
            listRegisterCount: Int(configuration.list_register_count),
            externalWorkers: configuration.external_workers != 0,
            lockstepSeed: configuration.lockstep != 0 ? configuration.lockstep_seed : nil)
    }
}
