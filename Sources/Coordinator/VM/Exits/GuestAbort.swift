import Shared

extension VirtualMachine {
    /// A stage-2 abort: KVM's `kvm_handle_guest_abort`, in its order.
    func handleGuestAbort(_ vcpu: VCPU) -> ExitAction {
        let esr = vcpu.exit.esr
        let status = esr.faultStatus
        let isFetch = esr.exceptionClass == .iabtLow
        let far = vcpu.exit.far

        // 1. Nothing here makes external aborts; one that comes all the same is the guest's.
        if status.isExternalAbort {
            vcpu.injectSError()
            return .resume
        }
        // 2. HPFAR_EL2.FIPA[47:12] in bits 43:4.
        let ipa = IPA((vcpu.exit.hpfar & 0xFFF_FFFF_FFF0) << 8 | far & 0xFFF)
        if ipa.rawValue >= stage2.geometry.ipaLimit || status.isAddressSize {
            inject(vcpu, isFetch: isFetch, far)
            return .resume
        }
        // 3.
        if logsFaults { logFault(vcpu, ipa) }
        if let tracer { tracer.kvmGuestFault(vcpu, ipa) }
        // 4.
        guard status.isTranslation || status.isAccessFlag || status.isPermission else {
            end(
                .failed(
                    "vCPU \(vcpu.index): unsupported stage-2 fault: ESR_EL2 \(hexadecimal(UInt64(esr.rawValue), digits: 8)), "
                        + "IPA \(ipa), PC \(hexadecimal(vcpu.exit.pc))"))
            return .leave
        }
        // 5. A walk's update of the access flag or dirty state is a write to the table, which S1PTW with WnR says; a plain
        // walk is a read.
        let isWrite = !isFetch && esr.isWrite
        guard let slot = slots.index(of: ipa), !(isWrite && slots[slot].isReadOnly) else {
            if isFetch {
                vcpu.injectInstructionAbort(far)
            } else if esr.isStage1Walk {
                vcpu.injectDataAbort(far)
            } else if esr.isCacheMaintenance {
                vcpu.advancePC()
            } else {
                return ioMemAbort(vcpu, ipa)
            }
            return .resume
        }
        // 6.
        vcpu.reason = isFetch ? .instructionUserMemory : .dataUserMemory
        if status.isAccessFlag {
            if let tracer { tracer.kvmAccessFault(vcpu, ipa) }
            _ = stage2.makeYoung(ipa)
            return .resume
        }
        return userMemAbort(vcpu, ipa, slot: slot, isWrite: isWrite)
    }

    private func logFault(_ vcpu: VCPU, _ ipa: IPA) {
        let exit = vcpu.exit
        logger.trace(
            "kvm_guest_fault: ipa \(ipa), hsr \(hexadecimal(UInt64(exit.esr.rawValue))), far \(hexadecimal(exit.far)), pc \(hexadecimal(exit.pc))"
        )
    }

    private func inject(_ vcpu: VCPU, isFetch: Bool, _ address: UInt64) {
        if isFetch { vcpu.injectInstructionAbort(address) } else { vcpu.injectDataAbort(address) }
    }

    /// The page has a slot but no suitable translation: KVM's `user_mem_abort`.
    private func userMemAbort(_ vcpu: VCPU, _ ipa: IPA, slot index: Int, isWrite: Bool) -> ExitAction {
        let logs = slots[index].dirtyPages != nil
        // Under dirty logging a page becomes writable with the write that is noted.
        let isWritable = !slots[index].isReadOnly && (isWrite || !logs)
        if logs, isWrite { slots.markDirty(slot: index, ipa) }
        let level = logs ? Stage2Geometry.lastLevel : blockLevel(slots[index], ipa)
        let permissions: Stage2Permissions = isWritable ? .all : [.read, .execute]
        switch stage2.map(ipa, to: slots[index].output(of: ipa), level: level, permissions) {
        case .mapped, .unchanged:
            // Unchanged: another vCPU's fault was there first.
            return .resume
        case .outOfTables:
            end(.failed("vCPU \(vcpu.index): the stage-2 tables are full at IPA \(ipa)"))
            return .leave
        }
    }

    /// The lowest level (largest block) whose block around `ipa` lies in the slot, with IPA and output equally aligned.
    func blockLevel(_ slot: MemorySlot, _ ipa: IPA) -> Int {
        var level = max(stage2BlockLevel, stage2.geometry.largestBlockLevel)
        while level < Stage2Geometry.lastLevel {
            let size = stage2.geometry.blockByteCount(level: level)
            let start = ipa.rawValue & ~(size - 1)
            if (slot.base.rawValue ^ slot.output.rawValue) & (size - 1) == 0, start >= slot.base.rawValue,
                slot.end - start >= size
            {
                break
            }
            level += 1
        }
        return level
    }
}
