import Shared

extension VirtualMachine {
    /// An access to an address without memory: KVM's `io_mem_abort`. The guest's data is little-endian.
    func ioMemAbort(_ vcpu: VCPU, _ ipa: IPA) -> ExitAction {
        let esr = vcpu.exit.esr
        guard esr.isSyndromeValid else { return armNISV(vcpu, ipa) }
        let byteCount = esr.accessByteCount
        guard let window = bus.window(at: ipa, byteCount: byteCount) else {
            reportUnclaimed(vcpu, ipa, isWrite: esr.isWrite)
            // As on a board: nobody answers, and the interconnect returns an error.
            vcpu.injectDataAbort(vcpu.exit.far)
            return .resume
        }
        let offset = ipa.rawValue - bus.windows[window].base
        vcpu.reason = .mmio(write: esr.isWrite, side: bus.windows[window].side)
        if esr.isWrite {
            let mask: UInt64 = byteCount == 8 ? .max : 1 << UInt64(byteCount * 8) - 1
            let value = vcpu.exit.registers[0] & mask
            if let tracer { tracer.kvmMMIO(vcpu, isWrite: true, byteCount, ipa, value) }
            bus.windows[window].device.write(offset: offset, byteCount: byteCount, value: value, vcpu: vcpu.index)
        } else {
            let value = bus.windows[window].device.read(offset: offset, byteCount: byteCount, vcpu: vcpu.index)
            if let tracer { tracer.kvmMMIO(vcpu, isWrite: false, byteCount, ipa, value) }
            vcpu.write(register: esr.transferRegister, Self.extend(value, byteCount, esr))
        }
        vcpu.advancePC()
        return .resume
    }

    /// The value that lands in the register: sign-extended if SSE, to 64 or 32 bits as SF says.
    static func extend(_ value: UInt64, _ byteCount: Int, _ esr: ExceptionSyndrome) -> UInt64 {
        let shift = UInt64(64 - byteCount * 8)
        let extended =
            esr.isSignExtended
            ? UInt64(bitPattern: Int64(bitPattern: value << shift) >> Int64(shift)) : (value << shift) >> shift
        return esr.is64Bit ? extended : extended & 0xFFFF_FFFF
    }

    /// Once for each address, as long as there are not too many.
    private func reportUnclaimed(_ vcpu: VCPU, _ ipa: IPA, isWrite: Bool) {
        guard unclaimedAddresses.count < 64, unclaimedAddresses.insert(ipa.rawValue).inserted else { return }
        logger.warning(
            "no device at IPA \(ipa): external abort for the \(isWrite ? "write" : "read") by vCPU \(vcpu.index) at PC \(hexadecimal(vcpu.exit.pc))"
        )
    }
}
