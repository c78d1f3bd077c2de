import Shared

/// Draws operations: few interrupts, so that they meet.
struct GICGenerator {
    let shape: GICShape
    var random: SplitMix64

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
    private mutating func chance(_ one: Int) -> Bool { below(one) == 0 }

    mutating func next() -> GICOperation {
        let vcpu = below(shape.vcpus)
        switch below(64) {
        case 0..<13: return drawnWrite(by: vcpu)
        case 13..<19: return drawnLine()
        case 19..<22: return drawnSGI(from: vcpu)
        case 22..<31: return .enter(vcpu)
        case 31: return .leave(vcpu)
        case 32..<43: return .acknowledge(vcpu, group: chance(4) ? 0 : 1)
        case 43..<51: return .end(vcpu)
        case 51..<55: return .deactivate(vcpu, of: chance(3) ? below(shape.vcpus) : vcpu, which: below(4))
        case 55: return .mask(vcpu, chance(3) ? UInt32(below(32)) << 3 : 0xF8)
        case 56: return .groups(vcpu, chance(2) ? 3 : UInt32(below(4)))
        case 57:
            return .binaryPoints(vcpu, UInt32(2 + below(6)), UInt32(3 + below(5)), isShared: chance(2))
        case 58: return .endMode(vcpu, isSplit: shape.splitsEnd ?? chance(2))
        case 59: return chance(3) ? .distributor(UInt32(below(4)), by: vcpu) : .distributor(3, by: vcpu)
        case 60: return chance(4) ? .reset(vcpu) : .backOut(vcpu)
        case 61: return .backOut(vcpu)
        case 62: return .settle
        default: return chance(4) ? .registers : .settle
        }
    }

    /// An SPI, or a private interrupt of some vCPU.
    private mutating func drawnInterrupt() -> (intid: UInt32, of: Int?) {
        if shape.spis > 0, chance(2) { return (UInt32(32 + below(shape.spis)), nil) }
        return (GICShape.privateINTIDs[below(GICShape.privateINTIDs.count)], below(shape.vcpus))
    }

    private mutating func drawnWrite(by vcpu: Int) -> GICOperation {
        let (intid, pe) = drawnInterrupt()
        switch below(12) {
        case 0, 1: return .priority(intid, of: pe, value: UInt32(below(256)), by: vcpu)
        case 2 where pe == nil: return .configuration(intid, isEdge: chance(2), by: vcpu)
        case 3 where pe == nil:
            let route: GICModel.Route =
                chance(8) ? .nowhere : chance(3) ? .any : .pe(below(shape.vcpus))
            return .route(intid, to: route, by: vcpu)
        default:
            // Enabled more often than not.
            let banks: [GICBank] = [
                .setEnable, .setEnable, .setEnable, .setEnable, .clearEnable, .setPending, .setPending, .clearPending,
                .setActive, .clearActive, .clearActive, .group,
            ]
            let bank = banks[below(banks.count)]
            var value: UInt32 = 1 << (intid % 32)
            // Most of a group register is written with what it should keep.
            if bank == .group || bank == .setEnable { value |= UInt32.random(in: 0 ... .max, using: &random) }
            if chance(4) { value |= UInt32.random(in: 0 ... .max, using: &random) }
            return .write(bank, of: pe, first: intid / 32 * 32, value: value & shape.known(of: pe), by: vcpu)
        }
    }

    private mutating func drawnLine() -> GICOperation {
        let (intid, pe) = drawnInterrupt()
        // SGIs have none.
        guard intid >= 16 else { return .line(16, of: pe, chance(2)) }
        return .line(intid, of: pe, chance(2))
    }

    private mutating func drawnSGI(from vcpu: Int) -> GICOperation {
        let intids: [UInt64] = [0, 1, 15]
        var value = intids[below(3)] << 24
        if chance(6) {
            value |= 1 << 40
        } else {
            value |= UInt64.random(in: 0...0xFFFF, using: &random)
            value |= UInt64(below(shape.vcpus / 16 + 1)) << 16
            if chance(8) { value |= UInt64(1 + below(15)) << 44 }
            if chance(16) { value |= 1 << (chance(2) ? 32 : 48) }
        }
        return .sgi(from: vcpu, value: value, group: chance(4) ? 0 : 1)
    }
}
