import CHost
import Shared

// Exclusives and LSE atomics: host atomics on the shared RAM, so that two workers' are atomic with each other.

/// The local exclusive monitor, which stands for the global one too: a store-exclusive succeeds if memory still holds what
/// the load-exclusive saw. A value that changed and changed back passes, where the architecture would have it fail.
struct ExclusiveMonitor {
    /// Host address of the marked bytes; 0: open access.
    var host: UInt = 0
    var byteCount = 0
    var low: UInt64 = 0
    var high: UInt64 = 0
}

extension VCPU {
    mutating func clearExclusiveMonitor() { monitor.host = 0 }

    /// The host address for an atomic access of `byteCount` bytes; nil when it faults (`mmu.fault`). Atomics need
    /// natural alignment whatever SCTLR_EL1.A says.
    mutating func atomicPointer(
        _ va: UInt64, byteCount: Int, kind: MemoryAccess.Kind, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> UnsafeMutableRawPointer? {
        guard va & UInt64(byteCount - 1) == 0 else {
            mmu.fault = MemoryFault(status: .alignment, address: va, isWrite: kind == .write)
            return nil
        }
        let entry = tlb + Int(truncatingIfNeeded: va >> 12 & 255)
        let page = va & ~0xFFF
        if entry.pointee.readTag == page, kind == .read || entry.pointee.writeTag == page {
            return hostPointer(va &+ entry.pointee.addend)
        }
        return translate(
            va, MemoryAccess(kind: kind, unprivileged: tlb == mmu.unprivileged), byteCount: byteCount)
    }

    /// The same for an access that reads and writes: what a read alone would fault on is reported as a read.
    mutating func readModifyWritePointer(
        _ va: UInt64, byteCount: Int, _ tlb: UnsafeMutablePointer<FastTLBEntry>
    ) -> UnsafeMutableRawPointer? {
        guard atomicPointer(va, byteCount: byteCount, kind: .read, tlb) != nil else { return nil }
        return atomicPointer(va, byteCount: byteCount, kind: .write, tlb)
    }

    /// LDXR, LDAXR. False on a fault.
    mutating func loadExclusive(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let byteCount = 1 << Int(op.a & 3)
        guard let host = atomicPointer(x[Int(op.n)], byteCount: byteCount, kind: .read, tlb) else { return false }
        let value: UInt64 =
            switch byteCount {
            case 1: UInt64(armada_load8(host))
            case 2: UInt64(armada_load16(host))
            case 4: UInt64(armada_load32(host))
            default: armada_load64(host)
            }
        monitor = ExclusiveMonitor(host: UInt(bitPattern: host), byteCount: byteCount, low: value)
        x[Int(op.d)] = value
        return true
    }

    /// STXR, STLXR. False on a fault.
    mutating func storeExclusive(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let byteCount = 1 << Int(op.a & 3)
        let address = x[Int(op.n)]
        let value = x[Int(op.d)]
        guard address & UInt64(byteCount - 1) == 0 else {
            mmu.fault = MemoryFault(status: .alignment, address: address, isWrite: true)
            return false
        }
        guard monitor.host != 0, monitor.byteCount == byteCount else {
            monitor.host = 0
            x[Int(op.m)] = 1
            return true
        }
        guard let host = atomicPointer(address, byteCount: byteCount, kind: .write, tlb) else { return false }
        var stored = false
        if monitor.host == UInt(bitPattern: host) {
            switch byteCount {
            case 1:
                var expected = UInt8(truncatingIfNeeded: monitor.low)
                stored = armada_compare_exchange8(host, &expected, UInt8(truncatingIfNeeded: value))
            case 2:
                var expected = UInt16(truncatingIfNeeded: monitor.low)
                stored = armada_compare_exchange16(host, &expected, UInt16(truncatingIfNeeded: value))
            case 4:
                var expected = UInt32(truncatingIfNeeded: monitor.low)
                stored = armada_compare_exchange32(host, &expected, UInt32(truncatingIfNeeded: value))
            default:
                var expected = monitor.low
                stored = armada_compare_exchange64(host, &expected, value)
            }
        }
        monitor.host = 0
        x[Int(op.m)] = stored ? 0 : 1
        return true
    }

    /// LDXP, LDAXP. False on a fault.
    mutating func loadExclusivePair(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let is64 = op.aux & 2 != 0
        let byteCount = is64 ? 16 : 8
        guard let host = atomicPointer(x[Int(op.n)], byteCount: byteCount, kind: .read, tlb) else { return false }
        if is64 {
            // The pair is single-copy atomic only together with a store that succeeds, which compares both halves.
            let low = armada_load64(host)
            let high = armada_load64(host + 8)
            monitor = ExclusiveMonitor(host: UInt(bitPattern: host), byteCount: 16, low: low, high: high)
            x[Int(op.d)] = low
            x[Int(op.a)] = high
        } else {
            let value = armada_load64(host)
            monitor = ExclusiveMonitor(host: UInt(bitPattern: host), byteCount: 8, low: value, high: 1)
            x[Int(op.d)] = value & 0xFFFF_FFFF
            x[Int(op.a)] = value >> 32
        }
        return true
    }

    /// STXP, STLXP. False on a fault.
    mutating func storeExclusivePair(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let is64 = op.aux & 2 != 0
        let byteCount = is64 ? 16 : 8
        let address = x[Int(op.n)]
        let first = x[Int(op.d)]
        let second = x[Int(op.a)]
        guard address & UInt64(byteCount - 1) == 0 else {
            mmu.fault = MemoryFault(status: .alignment, address: address, isWrite: true)
            return false
        }
        guard monitor.host != 0, monitor.byteCount == byteCount else {
            monitor.host = 0
            x[Int(op.m)] = 1
            return true
        }
        guard let host = atomicPointer(address, byteCount: byteCount, kind: .write, tlb) else { return false }
        var stored = false
        if monitor.host == UInt(bitPattern: host) {
            if is64 {
                var low = monitor.low
                var high = monitor.high
                stored = armada_compare_exchange128(host, &low, &high, first, second)
            } else {
                var expected = monitor.low
                stored = armada_compare_exchange64(host, &expected, first & 0xFFFF_FFFF | second << 32)
            }
        }
        monitor.host = 0
        x[Int(op.m)] = stored ? 0 : 1
        return true
    }

    /// LDAR. False on a fault.
    mutating func loadAcquire(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let byteCount = 1 << Int(op.a & 3)
        guard let host = atomicPointer(x[Int(op.n)], byteCount: byteCount, kind: .read, tlb) else { return false }
        x[Int(op.d)] =
            switch byteCount {
            case 1: UInt64(armada_load8(host))
            case 2: UInt64(armada_load16(host))
            case 4: UInt64(armada_load32(host))
            default: armada_load64(host)
            }
        return true
    }

    /// STLR: sequentially consistent, because a later LDAR must not overtake it. False on a fault.
    mutating func storeRelease(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let byteCount = 1 << Int(op.a & 3)
        let value = x[Int(op.d)]
        guard let host = atomicPointer(x[Int(op.n)], byteCount: byteCount, kind: .write, tlb) else { return false }
        switch byteCount {
        case 1: armada_store8(host, UInt8(truncatingIfNeeded: value))
        case 2: armada_store16(host, UInt16(truncatingIfNeeded: value))
        case 4: armada_store32(host, UInt32(truncatingIfNeeded: value))
        default: armada_store64(host, value)
        }
        return true
    }

    /// LDADD … LDUMIN, SWP. False on a fault.
    mutating func atomicReadModifyWrite(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let byteCount = 1 << Int(op.a & 3)
        let operand = x[Int(op.m)]
        guard let operation = AtomicOperation(rawValue: op.aux),
            let host = readModifyWritePointer(x[Int(op.n)], byteCount: byteCount, tlb)
        else { return false }
        switch byteCount {
        case 1: x[Int(op.d)] = UInt64(Self.update(host, UInt8(truncatingIfNeeded: operand), operation))
        case 2: x[Int(op.d)] = UInt64(Self.update(host, UInt16(truncatingIfNeeded: operand), operation))
        case 4: x[Int(op.d)] = UInt64(Self.update(host, UInt32(truncatingIfNeeded: operand), operation))
        default: x[Int(op.d)] = Self.update(host, operand, operation)
        }
        return true
    }

    private static func update<T: HostAtomic>(
        _ host: UnsafeMutableRawPointer, _ operand: T, _ operation: AtomicOperation
    ) -> T {
        switch operation {
        case .add: return T.fetchAdd(host, operand)
        case .clear: return T.fetchAnd(host, ~operand)
        case .exclusiveOr: return T.fetchXor(host, operand)
        case .set: return T.fetchOr(host, operand)
        case .swap: return T.exchange(host, operand)
        case .signedMaximum, .signedMinimum, .unsignedMaximum, .unsignedMinimum:
            var old = T.load(host)
            while true {
                let isLess: Bool =
                    operation == .signedMaximum || operation == .signedMinimum
                    ? T.signedLess(old, operand) : old < operand
                let wantsLarger = operation == .signedMaximum || operation == .unsignedMaximum
                if T.compareExchange(host, &old, isLess == wantsLarger ? operand : old) { return old }
            }
        }
    }

    /// CAS. False on a fault.
    mutating func compareAndSwap(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let byteCount = 1 << Int(op.a & 3)
        let expected = x[Int(op.m)]
        let desired = x[Int(op.d)]
        guard let host = readModifyWritePointer(x[Int(op.n)], byteCount: byteCount, tlb) else { return false }
        let found: UInt64
        switch byteCount {
        case 1:
            var old = UInt8(truncatingIfNeeded: expected)
            _ = armada_compare_exchange8(host, &old, UInt8(truncatingIfNeeded: desired))
            found = UInt64(old)
        case 2:
            var old = UInt16(truncatingIfNeeded: expected)
            _ = armada_compare_exchange16(host, &old, UInt16(truncatingIfNeeded: desired))
            found = UInt64(old)
        case 4:
            var old = UInt32(truncatingIfNeeded: expected)
            _ = armada_compare_exchange32(host, &old, UInt32(truncatingIfNeeded: desired))
            found = UInt64(old)
        default:
            var old = expected
            _ = armada_compare_exchange64(host, &old, desired)
            found = old
        }
        x[Int(op.aux)] = found
        return true
    }

    /// CASP: d and m are the even register numbers. False on a fault.
    mutating func compareAndSwapPair(_ op: Op, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let is64 = op.a == 3
        let s = Int(op.m)
        let t = Int(op.d)
        // Register 31 of a pair is the zero register.
        let sHigh = s == 30 ? Int(RegisterSlot.zero) : s + 1
        let tHigh = t == 30 ? Int(RegisterSlot.zero) : t + 1
        let sHighSink = s == 30 ? Int(RegisterSlot.sink) : s + 1
        guard let host = readModifyWritePointer(x[Int(op.n)], byteCount: is64 ? 16 : 8, tlb) else { return false }
        if is64 {
            var low = x[s]
            var high = x[sHigh]
            _ = armada_compare_exchange128(host, &low, &high, x[t], x[tHigh])
            x[s] = low
            x[sHighSink] = high
        } else {
            var old = x[s] & 0xFFFF_FFFF | x[sHigh] << 32
            _ = armada_compare_exchange64(host, &old, x[t] & 0xFFFF_FFFF | x[tHigh] << 32)
            x[s] = old & 0xFFFF_FFFF
            x[sHighSink] = old >> 32
        }
        return true
    }
}

/// The host's atomics by width.
private protocol HostAtomic: FixedWidthInteger, UnsignedInteger {
    static func load(_ host: UnsafeMutableRawPointer) -> Self
    static func fetchAdd(_ host: UnsafeMutableRawPointer, _ operand: Self) -> Self
    static func fetchAnd(_ host: UnsafeMutableRawPointer, _ operand: Self) -> Self
    static func fetchOr(_ host: UnsafeMutableRawPointer, _ operand: Self) -> Self
    static func fetchXor(_ host: UnsafeMutableRawPointer, _ operand: Self) -> Self
    static func exchange(_ host: UnsafeMutableRawPointer, _ operand: Self) -> Self
    static func compareExchange(_ host: UnsafeMutableRawPointer, _ expected: inout Self, _ desired: Self) -> Bool
    static func signedLess(_ a: Self, _ b: Self) -> Bool
}

extension UInt8: HostAtomic {
    fileprivate static func load(_ host: UnsafeMutableRawPointer) -> Self { armada_load8(host) }
    fileprivate static func fetchAdd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_add8(host, v) }
    fileprivate static func fetchAnd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_and8(host, v) }
    fileprivate static func fetchOr(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_or8(host, v) }
    fileprivate static func fetchXor(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_xor8(host, v) }
    fileprivate static func exchange(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_exchange8(host, v) }
    fileprivate static func compareExchange(
        _ host: UnsafeMutableRawPointer, _ expected: inout Self, _ desired: Self
    ) -> Bool { armada_compare_exchange8(host, &expected, desired) }
    fileprivate static func signedLess(_ a: Self, _ b: Self) -> Bool { Int8(bitPattern: a) < Int8(bitPattern: b) }
}

extension UInt16: HostAtomic {
    fileprivate static func load(_ host: UnsafeMutableRawPointer) -> Self { armada_load16(host) }
    fileprivate static func fetchAdd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_add16(host, v) }
    fileprivate static func fetchAnd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_and16(host, v) }
    fileprivate static func fetchOr(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_or16(host, v) }
    fileprivate static func fetchXor(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_xor16(host, v) }
    fileprivate static func exchange(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_exchange16(host, v) }
    fileprivate static func compareExchange(
        _ host: UnsafeMutableRawPointer, _ expected: inout Self, _ desired: Self
    ) -> Bool { armada_compare_exchange16(host, &expected, desired) }
    fileprivate static func signedLess(_ a: Self, _ b: Self) -> Bool { Int16(bitPattern: a) < Int16(bitPattern: b) }
}

extension UInt32: HostAtomic {
    fileprivate static func load(_ host: UnsafeMutableRawPointer) -> Self { armada_load32(host) }
    fileprivate static func fetchAdd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_add32(host, v) }
    fileprivate static func fetchAnd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_and32(host, v) }
    fileprivate static func fetchOr(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_or32(host, v) }
    fileprivate static func fetchXor(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_xor32(host, v) }
    fileprivate static func exchange(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_exchange32(host, v) }
    fileprivate static func compareExchange(
        _ host: UnsafeMutableRawPointer, _ expected: inout Self, _ desired: Self
    ) -> Bool { armada_compare_exchange32(host, &expected, desired) }
    fileprivate static func signedLess(_ a: Self, _ b: Self) -> Bool { Int32(bitPattern: a) < Int32(bitPattern: b) }
}

extension UInt64: HostAtomic {
    fileprivate static func load(_ host: UnsafeMutableRawPointer) -> Self { armada_load64(host) }
    fileprivate static func fetchAdd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_add64(host, v) }
    fileprivate static func fetchAnd(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_and64(host, v) }
    fileprivate static func fetchOr(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_or64(host, v) }
    fileprivate static func fetchXor(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_fetch_xor64(host, v) }
    fileprivate static func exchange(_ host: UnsafeMutableRawPointer, _ v: Self) -> Self { armada_exchange64(host, v) }
    fileprivate static func compareExchange(
        _ host: UnsafeMutableRawPointer, _ expected: inout Self, _ desired: Self
    ) -> Bool { armada_compare_exchange64(host, &expected, desired) }
    fileprivate static func signedLess(_ a: Self, _ b: Self) -> Bool { Int64(bitPattern: a) < Int64(bitPattern: b) }
}
