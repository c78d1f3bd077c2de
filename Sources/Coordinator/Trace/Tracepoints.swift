import CHost
import Shared

// KVM's tracepoints, with its names and arguments: arch/arm64/kvm/trace_arm.h, trace_handle_exit.h, vgic/trace.h, and
// include/trace/events/kvm.h of Linux.

extension Tracer {
    func kvmGuestFault(_ vcpu: VCPU, _ ipa: IPA) {
        let exit = vcpu.channel.exit
        writer.instant(.vcpu(vcpu.index), "kvm_guest_fault", at: writer.now()) { out in
            out.append("\"vcpu_pc\":")
            out.append(hex: exit.pc)
            out.append(",\"hsr\":")
            out.append(hex: UInt64(exit.esr.rawValue))
            out.append(",\"hxfar\":")
            out.append(hex: exit.far)
            out.append(",\"ipa\":")
            out.append(hex: ipa.rawValue)
        }
    }

    func kvmAccessFault(_ vcpu: VCPU, _ ipa: IPA) {
        writer.instant(.vcpu(vcpu.index), "kvm_access_fault", at: writer.now()) { out in
            out.append("\"ipa\":")
            out.append(hex: ipa.rawValue)
        }
    }

    /// Once for each access, with its value: of a read KVM traces the question too.
    func kvmMMIO(_ vcpu: VCPU, isWrite: Bool, _ byteCount: Int, _ ipa: IPA, _ value: UInt64) {
        writer.instant(.vcpu(vcpu.index), "kvm_mmio", at: writer.now()) { out in
            out.append(isWrite ? "\"type\":\"write\",\"len\":" : "\"type\":\"read\",\"len\":")
            out.append(decimal: UInt64(byteCount))
            out.append(",\"gpa\":")
            out.append(hex: ipa.rawValue)
            out.append(",\"val\":")
            out.append(hex: value)
        }
    }

    func kvmMMIONISV(_ vcpu: VCPU, _ ipa: IPA) {
        let exit = vcpu.channel.exit
        writer.instant(.vcpu(vcpu.index), "kvm_mmio_nisv", at: writer.now()) { out in
            out.append("\"vcpu_pc\":")
            out.append(hex: exit.pc)
            out.append(",\"esr\":")
            out.append(hex: UInt64(exit.esr.rawValue))
            out.append(",\"far\":")
            out.append(hex: exit.far)
            out.append(",\"ipa\":")
            out.append(hex: ipa.rawValue)
        }
    }

    func kvmWFx(_ vcpu: VCPU) {
        let exit = vcpu.channel.exit
        writer.instant(.vcpu(vcpu.index), "kvm_wfx_arm64", at: writer.now()) { out in
            out.append("\"vcpu_pc\":")
            out.append(hex: exit.pc)
            out.append(exit.esr.isWFE ? ",\"is_wfe\":1" : ",\"is_wfe\":0")
        }
    }

    func kvmHVC(_ vcpu: VCPU) {
        let exit = vcpu.channel.exit
        writer.instant(.vcpu(vcpu.index), "kvm_hvc_arm64", at: writer.now()) { out in
            out.append("\"vcpu_pc\":")
            out.append(hex: exit.pc)
            out.append(",\"r0\":")
            out.append(hex: exit.registers[0])
            out.append(",\"imm\":")
            out.append(hex: UInt64(exit.esr.immediate))
        }
    }

    /// The input wire of `intid` has changed: a timer's if it is a PPI, a device's if not.
    func lineChanged(_ intid: UInt32, vcpu: Int, level: Bool) {
        let time = writer.now()
        let isPrivate = intid < 32
        let track = isPrivate ? TraceWriter.Track.vcpu(vcpu) : .coordinator
        if isPrivate {
            writer.instant(track, "kvm_timer_update_irq", at: time) { out in
                Self.append(vcpu: vcpu, irq: intid, level: level, to: out)
            }
        } else {
            writer.instant(track, "kvm_irq_line", at: time) { out in
                // KVM_ARM_IRQ_TYPE_SPI.
                out.append("\"type\":1,\"vcpu_idx\":0,\"irq_num\":")
                out.append(decimal: UInt64(intid))
                out.append(level ? ",\"level\":1" : ",\"level\":0")
            }
        }
        writer.instant(track, "vgic_update_irq_pending", at: time) { out in
            Self.append(vcpu: isPrivate ? vcpu : 0, irq: intid, level: level, to: out)
        }
    }

    private static func append(vcpu: Int, irq: UInt32, level: Bool, to out: OutputFile) {
        out.append("\"vcpu_id\":")
        out.append(decimal: UInt64(vcpu))
        out.append(",\"irq\":")
        out.append(decimal: UInt64(irq))
        out.append(level ? ",\"level\":1" : ",\"level\":0")
    }
}
