import Shared

extension VirtualMachine {
    /// With the registers that the vCPU has, and the tables as they are.
    func walk(vcpu index: Int, _ access: WalkedAccess) -> ControlAnswer {
        operate(on: index) { [unowned self] answer in
            let values = Dictionary(zip(answer.ids, answer.values)) { first, _ in first }
            func value(_ register: OneRegister) -> UInt64 { UInt64(truncatingIfNeeded: values[register.id] ?? 0) }
            var registers = WalkRegisters()
            registers.sctlr_EL1 = value(.system(SystemRegister.SCTLR_EL1.encoding))
            registers.tcr_EL1 = value(.system(SystemRegister.TCR_EL1.encoding))
            registers.ttbr0_EL1 = value(.system(SystemRegister.TTBR0_EL1.encoding))
            registers.ttbr1_EL1 = value(.system(SystemRegister.TTBR1_EL1.encoding))
            registers.mair_EL1 = value(.system(SystemRegister.MAIR_EL1.encoding))
            registers.isPAN = value(.pstate) & 1 << 22 != 0
            registers.vtcr_EL2 = stage2.geometry.vtcr
            registers.vttbr_EL2 = stage2Root
            let memory = WalkMemory(
                ram: UnsafeRawBufferPointer(start: ram.base, count: ram.byteCount),
                stage2Tables: UnsafeRawBufferPointer(start: stage2Mapping.base, count: stage2Mapping.byteCount))
            return .text(WalkExplanation(access, registers, memory).text)
        }
    }
}
