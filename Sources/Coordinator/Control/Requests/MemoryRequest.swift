import Shared

// The guest's physical memory, as the VMM of a KVM guest has it mapped: it may be read and written at any time.

extension VirtualMachine {
    func readMemory(_ address: IPA, byteCount: Int) -> ControlReply {
        guard let pieces = slots.pieces(address, byteCount: UInt64(byteCount)) else {
            return .failure(noMemory(address, byteCount: UInt64(byteCount)))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        for piece in pieces {
            let start = ram.base + Int(truncatingIfNeeded: piece.offset.rawValue)
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: Int(piece.byteCount)))
        }
        return .memory(bytes)
    }

    /// Nothing is written unless `wholeByteCount` bytes from `address` on are memory.
    func writeMemory(_ address: IPA, _ bytes: [UInt8], wholeByteCount: UInt64) -> ControlReply {
        guard slots.pieces(address, byteCount: wholeByteCount) != nil,
            let pieces = slots.pieces(address, byteCount: UInt64(bytes.count))
        else { return .failure(noMemory(address, byteCount: wholeByteCount)) }
        var position = 0
        for piece in pieces {
            let count = Int(piece.byteCount)
            let start = ram.base + Int(truncatingIfNeeded: piece.offset.rawValue)
            start.copyMemory(from: Array(bytes[position..<position + count]), byteCount: count)
            position += count
            markDirty(piece.ipa, byteCount: piece.byteCount)
            // What the workers have decoded of it is stale.
            dvm.invalidateInstructions(piece.offset, byteCount: piece.byteCount)
        }
        return .done
    }

    private func noMemory(_ address: IPA, byteCount: UInt64) -> String {
        let last = IPA(address.rawValue &+ byteCount &- 1)
        var hole = address
        while let slot = slots.index(of: hole) { hole = IPA(slots[slot].end) }
        return "no memory slot holds \(hole), so \(address)-\(last) cannot be had: armada ctl slots lists the memory"
    }
}
