import CHost
import Shared

// Loads and stores of the interpreter: the fast TLB in line, everything else behind a call.

extension VCPU {
    /// Loads a value at `va`; nil when the access faults (`mmu.fault`).
    @inline(__always)
    mutating func load<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> T? {
        let entry = tlb + Int(truncatingIfNeeded: va &>> 12 & 255)
        // The last byte's page against the first byte's entry: an access that crosses a page misses.
        if _fastPath(entry.pointee.readTag == (va &+ UInt64(MemoryLayout<T>.size &- 1)) & ~0xFFF) {
            return hostPointer(va &+ entry.pointee.addend).loadUnaligned(as: T.self)
        }
        guard let value = loadSlow(va, byteCount: MemoryLayout<T>.size, unprivileged: tlb == mmu.unprivileged) else {
            return nil
        }
        return T(truncatingIfNeeded: value)
    }

    /// Stores `value` at `va`; false when the access faults (`mmu.fault`).
    @inline(__always)
    mutating func store<T: FixedWidthInteger & UnsignedInteger>(
        _ value: T, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        let entry = tlb + Int(truncatingIfNeeded: va &>> 12 & 255)
        if _fastPath(entry.pointee.writeTag == (va &+ UInt64(MemoryLayout<T>.size &- 1)) & ~0xFFF) {
            hostPointer(va &+ entry.pointee.addend).storeBytes(of: value, as: T.self)
            return true
        }
        return storeSlow(
            va, UInt64(truncatingIfNeeded: value), byteCount: MemoryLayout<T>.size,
            unprivileged: tlb == mmu.unprivileged)
    }

    @inline(__always)
    func hostPointer(_ bits: UInt64) -> UnsafeMutableRawPointer {
        // SAFETY: never nil: an addend is the host address of a mapped page less its virtual address.
        UnsafeMutableRawPointer(bitPattern: UInt(bits)).unsafelyUnwrapped
    }

    @inline(never)
    mutating func loadSlow(_ va: UInt64, byteCount: Int, unprivileged: Bool) -> UInt64? {
        let access = MemoryAccess(kind: .read, unprivileged: unprivileged)
        let room = 0x1000 - Int(va & 0xFFF)
        guard let first = translate(va, access, byteCount: byteCount) else { return nil }
        if byteCount <= room { return Self.load(first, byteCount) }
        guard let second = translate(va &+ UInt64(room), access, byteCount: 1) else { return nil }
        return Self.load(first, room) | Self.load(second, byteCount - room) << UInt64(room * 8)
    }

    @inline(never)
    mutating func storeSlow(_ va: UInt64, _ value: UInt64, byteCount: Int, unprivileged: Bool) -> Bool {
        let access = MemoryAccess(kind: .write, unprivileged: unprivileged)
        let room = 0x1000 - Int(va & 0xFFF)
        guard let first = translate(va, access, byteCount: byteCount) else { return false }
        if byteCount <= room {
            Self.store(first, value, byteCount)
            return true
        }
        guard let second = translate(va &+ UInt64(room), access, byteCount: 1) else { return false }
        Self.store(first, value, room)
        Self.store(second, value >> UInt64(room * 8), byteCount - room)
        return true
    }

    private static func load(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) -> UInt64 {
        switch byteCount {
        case 1: return UInt64(pointer.load(as: UInt8.self))
        case 2: return UInt64(pointer.loadUnaligned(as: UInt16.self))
        case 4: return UInt64(pointer.loadUnaligned(as: UInt32.self))
        case 8: return pointer.loadUnaligned(as: UInt64.self)
        default:
            var value: UInt64 = 0
            for index in 0..<byteCount {
                value |= UInt64(pointer.load(fromByteOffset: index, as: UInt8.self)) << UInt64(index * 8)
            }
            return value
        }
    }

    private static func store(_ pointer: UnsafeMutableRawPointer, _ value: UInt64, _ byteCount: Int) {
        switch byteCount {
        case 1: pointer.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case 2: pointer.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case 4: pointer.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        case 8: pointer.storeBytes(of: value, as: UInt64.self)
        default:
            for index in 0..<byteCount {
                pointer.storeBytes(
                    of: UInt8(truncatingIfNeeded: value >> UInt64(index * 8)), toByteOffset: index, as: UInt8.self)
            }
        }
    }

    /// One of the scalar accesses of `MemoryOperation`: loads into slot `register` or stores from it. False on a fault.
    mutating func perform(
        _ operation: MemoryOperation, register: UInt8, _ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> Bool {
        let slot = Int(register)
        switch operation {
        case .load8:
            guard let value = load(UInt8.self, va, tlb) else { return false }
            x[slot] = UInt64(value)
        case .load16:
            guard let value = load(UInt16.self, va, tlb) else { return false }
            x[slot] = UInt64(value)
        case .load32:
            guard let value = load(UInt32.self, va, tlb) else { return false }
            x[slot] = UInt64(value)
        case .load64:
            guard let value = load(UInt64.self, va, tlb) else { return false }
            x[slot] = value
        case .loadSigned8To32:
            guard let value = load(UInt8.self, va, tlb) else { return false }
            x[slot] = UInt64(UInt32(bitPattern: Int32(Int8(bitPattern: value))))
        case .loadSigned8To64:
            guard let value = load(UInt8.self, va, tlb) else { return false }
            x[slot] = UInt64(bitPattern: Int64(Int8(bitPattern: value)))
        case .loadSigned16To32:
            guard let value = load(UInt16.self, va, tlb) else { return false }
            x[slot] = UInt64(UInt32(bitPattern: Int32(Int16(bitPattern: value))))
        case .loadSigned16To64:
            guard let value = load(UInt16.self, va, tlb) else { return false }
            x[slot] = UInt64(bitPattern: Int64(Int16(bitPattern: value)))
        case .loadSigned32To64:
            guard let value = load(UInt32.self, va, tlb) else { return false }
            x[slot] = UInt64(bitPattern: Int64(Int32(bitPattern: value)))
        case .store8: return store(UInt8(truncatingIfNeeded: x[slot]), va, tlb)
        case .store16: return store(UInt16(truncatingIfNeeded: x[slot]), va, tlb)
        case .store32: return store(UInt32(truncatingIfNeeded: x[slot]), va, tlb)
        case .store64: return store(x[slot], va, tlb)
        case .prefetch: break
        }
        return true
    }
}
