import Shared

// Aborts: a fault of stage 1 goes to the guest, a fault of stage 2 to the coordinator.
//
// Source: Arm ARM "ISS encoding for an exception from a Data Abort", "AArch64.FaultSyndrome", "LSInstructionSyndrome".
extension VCPU {
    /// Raises `fault` for the access of `instruction` at `pc`. For an instruction fetch the word does not matter.
    mutating func raise(_ fault: MemoryFault, instruction: UInt32) -> Outcome {
        var iss = UInt32(fault.status.rawValue)
        if !fault.isFetch {
            // A stage-1 walk only reads; cache maintenance counts as a write.
            if fault.isCacheMaintenance { iss |= 1 << 8 | 1 << 6 }
            if fault.isWrite, !(fault.isStage2 && fault.isStage1Walk) { iss |= 1 << 6 }
        }
        guard fault.isStage2 else {
            let exceptionClass: ExceptionClass =
                switch (fault.isFetch, pstate.el == 0) {
                case (true, true): .iabtLow
                case (true, false): .iabtCurrent
                case (false, true): fault.status == .debug ? .watchpointLow : .dabtLow
                case (false, false): fault.status == .debug ? .watchpointCurrent : .dabtCurrent
                }
            return takeSynchronous(
                ExceptionSyndrome(exceptionClass, iss: iss), far: fault.address, returnAddress: pc)
        }
        if fault.isStage1Walk {
            iss |= 1 << 7
        } else if !fault.isFetch, !fault.isCacheMaintenance {
            iss |= Self.loadStoreSyndrome(instruction)
        }
        exit = PendingExit(
            code: .trap, esr: ExceptionSyndrome(fault.isFetch ? .iabtLow : .dabtLow, iss: iss), far: fault.address,
            hpfar: (fault.ipa >> 12) << 4 & 0xFFF_FFFF_FFF0, instruction: fault.isFetch ? 0 : instruction)
        return .exit
    }

    /// ISV, SAS, SSE, SRT, SF and AR of a load or store, in their places; 0 where the architecture gives no syndrome.
    ///
    /// A syndrome have only loads and stores of one general register without writeback and without exclusivity.
    static func loadStoreSyndrome(_ word: UInt32) -> UInt32 {
        let w = Word(word)
        let size = w.bits(31, 30)
        let isSyndrome: UInt32 = 1 << 24 | size << 22 | UInt32(w.rt) << 16
        // Load-acquire and store-release: LDAR, STLR and their limited-ordering forms (LDLAR, STLLR).
        if w.bits(29, 24) == 0b001000 {
            guard w.isSet(23), !w.isSet(21) else { return 0 }
            return isSyndrome | (size == 3 ? 1 << 15 : 0) | 1 << 14
        }
        // Load register (literal): LDR W, LDR X, LDRSW.
        if w.bits(29, 24) == 0b011000 {
            let transfer: UInt32 = 1 << 24 | UInt32(w.rt) << 16
            switch size {
            case 0: return transfer | 2 << 22
            case 1: return transfer | 3 << 22 | 1 << 15
            case 2: return transfer | 2 << 22 | 1 << 21 | 1 << 15
            default: return 0
            }
        }
        // Load/store register with an unsigned, unscaled or register offset, and the unprivileged ones.
        guard w.bits(29, 27) == 0b111, !w.isSet(26) else { return 0 }
        switch w.bits(25, 24) {
        case 0b01: break
        // LDAPR.
        case 0b00 where w.bits(23, 10) == 0b10_1111_1111_0000: return isSyndrome | (size == 3 ? 1 << 15 : 0) | 1 << 14
        case 0b00 where w.isSet(21) ? w.bits(11, 10) == 0b10 : w.bits(11, 10) & 1 == 0: break
        default: return 0
        }
        switch w.bits(23, 22) {
        case 0b00, 0b01: return isSyndrome | (size == 3 ? 1 << 15 : 0)
        case 0b10 where size != 3: return isSyndrome | 1 << 21 | 1 << 15
        case 0b11 where size < 2: return isSyndrome | 1 << 21
        default: return 0
        }
    }
}
