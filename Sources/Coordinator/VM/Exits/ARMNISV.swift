import Shared

extension VirtualMachine {
    /// A device access by an instruction for which the architecture gives no syndrome: KVM_EXIT_ARM_NISV. Who wants to know
    /// what was accessed must decode the instruction; nobody does.
    ///
    /// Source: Linux, "The Definitive KVM API Documentation", KVM_EXIT_ARM_NISV; Arm ARM "ISS encoding for an exception from a
    /// Data Abort", ISV.
    func armNISV(_ vcpu: VCPU, _ ipa: IPA) -> ExitAction {
        vcpu.reason = .armNISV
        if let tracer { tracer.kvmMMIONISV(vcpu, ipa) }
        switch configuration.nisv {
        case nil:
            end(
                .failed(
                    "vCPU \(vcpu.index): load/store instruction decoding not implemented: \(place(vcpu)), IPA \(ipa)"))
            return .leave
        case .stop:
            end(.failed("vCPU \(vcpu.index): \(fields(vcpu, ipa))"))
            return .leave
        case .report:
            reportNISV(vcpu, ipa)
        case .inject:
            break
        }
        vcpu.injectDataAbort(vcpu.exit.far)
        return .resume
    }

    /// Once for each instruction, as long as there are not too many.
    private func reportNISV(_ vcpu: VCPU, _ ipa: IPA) {
        guard undecodedPCs.count < 64, undecodedPCs.insert(vcpu.exit.pc).inserted else { return }
        logger.warning("vCPU \(vcpu.index): \(fields(vcpu, ipa)): external abort")
    }

    /// `esr_iss` has what KVM lets through: CM, WnR and the fault status.
    private func fields(_ vcpu: VCPU, _ ipa: IPA) -> String {
        let iss = vcpu.exit.esr.rawValue & (1 << 8 | 1 << 6 | 0x3F)
        return "ARM_NISV: esr_iss \(hexadecimal(UInt64(iss))), fault_ipa \(ipa), \(place(vcpu))"
    }

    private func place(_ vcpu: VCPU) -> String {
        let word = vcpu.exit.instruction
        return
            "instruction \(hexadecimal(UInt64(word), digits: 8)) (\(Disassembly.text(word, at: vcpu.exit.pc))) at PC "
            + hexadecimal(vcpu.exit.pc)
    }
}
