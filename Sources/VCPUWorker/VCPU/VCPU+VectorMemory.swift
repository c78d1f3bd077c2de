import Shared

// Loads and stores of vector registers.

extension VCPU {
    /// Loads 1 << scale bytes into V<t>, the rest of which becomes zero. False on a fault.
    @inline(__always)
    mutating func loadVector(
        _ t: Int, scale: UInt8, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        let register = v + 2 * t
        switch scale {
        case 4:
            guard isQuadwordPermitted(va, .read, tlb) else { return false }
            guard let low = load(UInt64.self, va, tlb), let high = load(UInt64.self, va &+ 8, tlb) else { return false }
            register[0] = low
            register[1] = high
            return true
        case 3:
            guard let value = load(UInt64.self, va, tlb) else { return false }
            register[0] = value
        case 2:
            guard let value = load(UInt32.self, va, tlb) else { return false }
            register[0] = UInt64(value)
        case 1:
            guard let value = load(UInt16.self, va, tlb) else { return false }
            register[0] = UInt64(value)
        default:
            guard let value = load(UInt8.self, va, tlb) else { return false }
            register[0] = UInt64(value)
        }
        register[1] = 0
        return true
    }

    /// Stores the low 1 << scale bytes of V<t>. False on a fault.
    @inline(__always)
    mutating func storeVector(
        _ t: Int, scale: UInt8, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        let register = v + 2 * t
        switch scale {
        case 4:
            guard isQuadwordPermitted(va, .write, tlb) else { return false }
            return store(register[0], va, tlb) && store(register[1], va &+ 8, tlb)
        case 3: return store(register[0], va, tlb)
        case 2: return store(UInt32(truncatingIfNeeded: register[0]), va, tlb)
        case 1: return store(UInt16(truncatingIfNeeded: register[0]), va, tlb)
        default: return store(UInt8(truncatingIfNeeded: register[0]), va, tlb)
        }
    }

    /// Whether an access of 16 bytes may be made in two halves: one that is aligned to 8 bytes only has two aligned halves,
    /// but is not aligned where that is asked for. False on a fault.
    @inline(__always)
    private mutating func isQuadwordPermitted(
        _ va: UInt64, _ kind: MemoryAccess.Kind, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        va & 15 != 8 || isAlignmentUnchecked(va, kind, tlb)
            || translate(va, MemoryAccess(kind: kind, unprivileged: tlb == mmu.unprivileged), byteCount: 16) != nil
    }

    /// Whether the fast TLB has the page of `va`: only pages stand there whose accesses need not be aligned.
    @inline(__always)
    private func isAlignmentUnchecked(
        _ va: UInt64, _ kind: MemoryAccess.Kind, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        let entry = tlb + Int(truncatingIfNeeded: va &>> 12 & 255)
        return (kind == .read ? entry.pointee.readTag : entry.pointee.writeTag) == va & ~0xFFF
    }

    /// Loads two registers from consecutive memory; neither changes if either access faults.
    mutating func loadVectorPair(
        _ t: Int, _ t2: Int, scale: UInt8, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        let first = v + 2 * t
        let saved = (first[0], first[1])
        guard loadVector(t, scale: scale, va, tlb) else { return false }
        guard loadVector(t2, scale: scale, va &+ 1 &<< UInt64(scale), tlb) else {
            (first[0], first[1]) = saved
            return false
        }
        return true
    }

    mutating func storeVectorPair(
        _ t: Int, _ t2: Int, scale: UInt8, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        storeVector(t, scale: scale, va, tlb) && storeVector(t2, scale: scale, va &+ 1 &<< UInt64(scale), tlb)
    }

    /// LD1…LD4, ST1…ST4 and LD1R…LD4R, with their post-index. False on a fault; a load that faults half-way may have
    /// written some registers, as the architecture allows, but not its base.
    ///
    /// Source: Arm ARM "LD4 (multiple structures)", "LD4 (single structure)".
    mutating func transferStructures(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let word = Word(UInt32(truncatingIfNeeded: op.imm))
        let isLoad = word.isSet(22)
        let isSingle = word.isSet(24)
        let byteCount: UInt64? =
            isSingle
            ? transferSingle(word, isLoad: isLoad, x[Int(op.n)], tlb)
            : transferMultiple(word, isLoad: isLoad, x[Int(op.n)], tlb)
        guard let byteCount else { return false }
        if word.isSet(23) {
            x[Int(op.n)] = x[Int(op.n)] &+ (op.m == RegisterSlot.zero ? byteCount : x[Int(op.m)])
        }
        return true
    }

    /// Returns the bytes transferred, or nil on a fault.
    private mutating func transferMultiple(
        _ word: Word, isLoad: Bool, _ address: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> UInt64? {
        guard let shape = VectorStructure.multiple(opcode: word.bits(15, 12)) else { return nil }
        let t = Int(word.rt)
        let registerBytes = word.isSet(30) ? 16 : 8
        var va = address
        let scale = Int(word.bits(11, 10))
        if shape.elements == 1 {
            // Whole registers where that makes no difference: what must be aligned is an element.
            for r in 0..<shape.repeats {
                let register = (t + r) % 32
                let registerScale: UInt8 = registerBytes == 16 ? 4 : 3
                let isWhole =
                    va & UInt64(registerBytes - 1) == 0 || isAlignmentUnchecked(va, isLoad ? .read : .write, tlb)
                let done =
                    !isWhole
                    ? transferLanes(register, scale, registerBytes, isLoad: isLoad, va, tlb)
                    : isLoad
                        ? loadVector(register, scale: registerScale, va, tlb)
                        : storeVector(register, scale: registerScale, va, tlb)
                guard done else { return nil }
                va &+= UInt64(registerBytes)
            }
            return va &- address
        }
        let elementBytes = 1 << scale
        for lane in 0..<(registerBytes >> scale) {
            for element in 0..<shape.elements {
                guard transferLane((t + element) % 32, scale, lane, isLoad: isLoad, va, tlb) else { return nil }
                va &+= UInt64(elementBytes)
            }
        }
        if isLoad, registerBytes == 8 {
            for element in 0..<shape.elements { v[2 * ((t + element) % 32) + 1] = 0 }
        }
        return va &- address
    }

    /// Moves `byteCount` bytes of one register, element by element; the rest of a loaded one becomes zero. False on a fault.
    private mutating func transferLanes(
        _ register: Int, _ scale: Int, _ byteCount: Int, isLoad: Bool, _ va: UInt64,
        _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        for lane in 0..<(byteCount >> scale) {
            let address = va &+ UInt64(lane << scale)
            guard transferLane(register, scale, lane, isLoad: isLoad, address, tlb) else { return false }
        }
        if isLoad, byteCount == 8 { v[2 * register + 1] = 0 }
        return true
    }

    /// Returns the bytes transferred, or nil on a fault.
    private mutating func transferSingle(
        _ word: Word, isLoad: Bool, _ address: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> UInt64? {
        guard let shape = VectorStructure.single(word) else { return nil }
        let t = Int(word.rt)
        let elementBytes = 1 << shape.scale
        var va = address
        for element in 0..<shape.elements {
            let register = (t + element) % 32
            if let lane = shape.lane {
                guard transferLane(register, shape.scale, lane, isLoad: isLoad, va, tlb) else { return nil }
            } else {
                guard let value = loadElement(shape.scale, va, tlb) else { return nil }
                var pattern = value
                var bits = elementBytes * 8
                while bits < 64 {
                    pattern |= pattern << UInt64(bits)
                    bits *= 2
                }
                v[2 * register] = pattern
                v[2 * register + 1] = word.isSet(30) ? pattern : 0
            }
            va &+= UInt64(elementBytes)
        }
        return va &- address
    }

    /// Moves one element between memory and lane `lane` of V<register>.
    private mutating func transferLane(
        _ register: Int, _ scale: Int, _ lane: Int, isLoad: Bool, _ va: UInt64,
        _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        let bytes = UnsafeMutableRawPointer(v + 2 * register) + (lane << scale)
        if isLoad {
            guard let value = loadElement(scale, va, tlb) else { return false }
            switch scale {
            case 0: bytes.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            case 1: bytes.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
            case 2: bytes.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
            default: bytes.storeBytes(of: value, as: UInt64.self)
            }
            return true
        }
        switch scale {
        case 0: return store(bytes.load(as: UInt8.self), va, tlb)
        case 1: return store(bytes.load(as: UInt16.self), va, tlb)
        case 2: return store(bytes.load(as: UInt32.self), va, tlb)
        default: return store(bytes.load(as: UInt64.self), va, tlb)
        }
    }

    private mutating func loadElement(
        _ scale: Int, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> UInt64? {
        switch scale {
        case 0: return load(UInt8.self, va, tlb).map { UInt64($0) }
        case 1: return load(UInt16.self, va, tlb).map { UInt64($0) }
        case 2: return load(UInt32.self, va, tlb).map { UInt64($0) }
        default: return load(UInt64.self, va, tlb)
        }
    }
}
