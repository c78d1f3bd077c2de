import CHost
import Shared

/// What of a VM can be looked at.
enum VMPart: UInt32, CaseIterable, Sendable {
    case vgic = 0
    case vcpus = 1
    case slots = 2
    case stage2 = 3
}

extension VirtualMachine {
    /// As it is now; what a running vCPU has in its list registers is as it was at its last entry.
    func inspect(_ part: VMPart) -> String {
        switch part {
        case .vgic: vgic.dump()
        case .vcpus: vcpuDump
        case .slots: slotDump
        case .stage2: stage2.dump()
        }
    }

    /// Where each vCPU is: its mode, requests and doorbell, its last exit, and its list registers.
    var vcpuDump: String {
        vcpus.map { vcpu in
            let mode = VCPUMode(rawValue: armada_load32(vcpu.control.mode)).map { "\($0)" } ?? "?"
            let requests = hexadecimal(UInt64(armada_load32(vcpu.control.requests)))
            let doorbell = hexadecimal(UInt64(armada_load32(vcpu.control.doorbell)))
            let registers = (0..<configuration.listRegisterCount).map {
                hexadecimal(vcpu.entry.cpuInterface.listRegisters[$0])
            }
            let state = vcpu.isSuspended ? "\(vcpu.state), suspended" : "\(vcpu.state)"
            return "vCPU \(vcpu.index): \(state), mode \(mode), requests \(requests), doorbell \(doorbell), "
                + "\(vcpu.lastExitDescription); list registers at the last entry \(registers.joined(separator: " "))\n"
        }.joined()
    }

    private var slotDump: String {
        var out = "slot".left(6) + "IPA".left(29) + "size".right(10) + "  offset".left(16) + "access".left(8)
        out += "dirty log\n"
        for slot in slots.slots {
            let range = "\(slot.base)-\(IPA(slot.end - 1))"
            out += "\(slot.id)".left(6) + range.left(29) + MemorySize(byteCount: slot.byteCount).description.right(10)
            out += "  " + hexadecimal(slot.output.rawValue).left(14) + (slot.isReadOnly ? "ro" : "rw").left(8)
            out += (slot.dirtyPages.map { "on, \($0.count) of \($0.pageCount) pages" } ?? "off") + "\n"
        }
        return out
    }
}
