import Shared

/// A translation of a virtual address through both stages, descriptor by descriptor, in words. It does what the walker of a
/// worker does, and a test holds the two together.
///
/// Source: Arm ARM "The VMSAv8-64 address translation system".
struct WalkExplanation {
    private(set) var lines: [String] = []
    /// The offset into guest RAM, or why there is none.
    private(set) var result: Result<UInt64, WalkProblem> = .success(0)

    private let registers: WalkRegisters
    private let memory: WalkMemory
    private let access: WalkedAccess

    init(_ access: WalkedAccess, _ registers: WalkRegisters, _ memory: WalkMemory) {
        self.access = access
        self.registers = registers
        self.memory = memory
        lines.append("VA \(hexadecimal(access.address)), \(access.name)")
        do throws(WalkProblem) {
            let ipa = try stage1()
            lines.append("IPA \(hexadecimal(ipa))")
            let offset = try stage2(ipa, describes: true)
            lines.append("permitted: offset \(hexadecimal(offset)) of guest RAM")
            result = .success(offset)
        } catch {
            lines += describe(error)
            result = .failure(error)
        }
    }

    var text: String { lines.map { $0 + "\n" }.joined() }

    // MARK: Stage 1

    private mutating func stage1() throws(WalkProblem) -> UInt64 {
        let va = access.address
        let half = Int(va >> 55 & 1)
        let isTagged = registers.tcr_EL1 & 1 << UInt64(37 + half) != 0
        guard registers.sctlr_EL1 & 1 != 0 else {
            lines.append("stage 1: off (SCTLR_EL1.M = 0), Device-nGnRnE")
            let ipa = isTagged ? va & (1 << 56 - 1) : va
            guard ipa >> UInt64(registers.physicalAddressBits) == 0 else {
                throw WalkProblem(
                    status: .addressSize(level: 0),
                    why: "the address has more than \(registers.physicalAddressBits) bits")
            }
            return ipa
        }
        let address = isTagged ? UInt64(bitPattern: Int64(bitPattern: va << 8) >> 8) : va
        let name = "TTBR\(half)_EL1 \(hexadecimal(half == 0 ? registers.ttbr0_EL1 : registers.ttbr1_EL1))"
        guard let geometry = registers.stage1Geometry(half: half) else {
            throw noWalk("TCR_EL1.T\(half)SZ is out of range")
        }
        lines.append("stage 1: \(name), \(geometry.text)\(isTagged ? ", top byte ignored" : "")")
        if registers.tcr_EL1 & 1 << UInt64(half == 0 ? 7 : 23) != 0 { throw noWalk("TCR_EL1.EPD\(half) forbids walks") }
        guard UInt64(bitPattern: Int64(bitPattern: address) >> Int64(geometry.inputBits)) == (half == 0 ? 0 : ~0) else {
            throw noWalk("the address has more than \(geometry.inputBits) bits")
        }
        let isPrevented = registers.tcr_EL1 & 1 << UInt64(55 + half) != 0
        if access.isUnprivileged, isPrevented { throw noWalk("TCR_EL1.E0PD\(half) keeps EL0 out of this half") }
        guard !geometry.exceedsOutput(geometry.table) else {
            throw WalkProblem(status: .addressSize(level: 0), why: "the table lies beyond TCR_EL1.IPS")
        }
        let leaf = try stage1Leaf(address, geometry)
        if let refusal = leaf.attributes.refusal(access, isPAN: registers.isPAN) {
            throw WalkProblem(status: .permission(level: leaf.level), why: refusal)
        }
        return leaf.output
    }

    private func noWalk(_ why: String) -> WalkProblem { WalkProblem(status: .translation(level: 0), why: why) }

    private mutating func stage1Leaf(
        _ address: UInt64, _ geometry: WalkGeometry
    ) throws(WalkProblem) -> (output: UInt64, level: Int, attributes: Stage1Attributes) {
        var limits: UInt64 = 0
        var table = geometry.table
        var level = geometry.startLevel
        while true {
            let index = geometry.index(of: address, level: level)
            let place = table + index * 8
            let descriptor = try stage1Descriptor(at: place)
            let next = geometry.address(in: descriptor)
            if descriptor & 3 == 3, level < 3 {
                add(
                    level, table, index, descriptor,
                    "table at \(hexadecimal(next))" + Stage1Attributes.limits(descriptor))
                guard !geometry.exceedsOutput(next) else {
                    throw WalkProblem(
                        status: .addressSize(level: level), why: "the next table lies beyond TCR_EL1.IPS")
                }
                limits |= descriptor
                table = next
                level += 1
                continue
            }
            let attributes = Stage1Attributes(descriptor, limits: limits, registers)
            let block = try leaf(descriptor, level, table, index, geometry, "IPA", attributes.text, "TCR_EL1.IPS")
            return (block | address & (1 << UInt64(geometry.blockBits(level)) - 1), level, attributes)
        }
    }

    private mutating func stage1Descriptor(at ipa: UInt64) throws(WalkProblem) -> UInt64 {
        do throws(WalkProblem) {
            let offset = try stage2(ipa, describes: false)
            // The offset is within RAM.
            return WalkMemory.word(memory.ram, at: offset & ~7) ?? 0
        } catch {
            lines.append("  the descriptor at IPA \(hexadecimal(ipa)) cannot be read:")
            // Again, for its lines.
            do throws(WalkProblem) { _ = try stage2(ipa, describes: true) } catch {}
            var problem = error
            problem.isStage1Walk = true
            throw problem
        }
    }

    // MARK: Stage 2

    /// The offset into RAM. Of the address of a stage-1 descriptor nothing is described.
    private mutating func stage2(_ ipa: UInt64, describes: Bool) throws(WalkProblem) -> UInt64 {
        let before = lines.count
        do throws(WalkProblem) {
            let offset = try stage2Offset(ipa, kind: describes ? access.kind : .read)
            if !describes { lines.removeLast(lines.count - before) }
            return offset
        } catch {
            if !describes { lines.removeLast(lines.count - before) }
            var problem = error
            problem.isStage2 = true
            problem.ipa = ipa
            throw problem
        }
    }

    private mutating func stage2Offset(_ ipa: UInt64, kind: WalkedAccess.Kind) throws(WalkProblem) -> UInt64 {
        guard let geometry = registers.stage2Geometry else { throw noWalk("VTCR_EL2.T0SZ and SL0 do not fit together") }
        lines.append("stage 2: VTTBR_EL2 \(hexadecimal(registers.vttbr_EL2)), \(geometry.text)")
        guard ipa >> UInt64(geometry.inputBits) == 0 else {
            throw noWalk("the IPA has more than \(geometry.inputBits) bits")
        }
        var table = geometry.table
        var level = geometry.startLevel
        while true {
            let index = geometry.index(of: ipa, level: level)
            guard let descriptor = WalkMemory.word(memory.stage2Tables, at: table + index * 8) else {
                throw WalkProblem(
                    status: .translation(level: level), why: "the table lies outside the stage-2 memory file")
            }
            let next = geometry.address(in: descriptor)
            if descriptor & 3 == 3, level < 3 {
                add(level, table, index, descriptor, "table at \(hexadecimal(next))")
                guard !geometry.exceedsOutput(next) else {
                    throw WalkProblem(status: .addressSize(level: level), why: "the next table lies beyond VTCR_EL2.PS")
                }
                table = next
                level += 1
                continue
            }
            let attributes = Stage2Attributes(descriptor)
            let block = try leaf(descriptor, level, table, index, geometry, "RAM", attributes.text, "VTCR_EL2.PS")
            let offset = block | ipa & (1 << UInt64(geometry.blockBits(level)) - 1)
            guard offset | 0xFFF < UInt64(memory.ram.count) else {
                throw WalkProblem(status: .translation(level: level), why: "its output lies outside guest RAM")
            }
            if let refusal = attributes.refusal(kind) {
                throw WalkProblem(status: .permission(level: level), why: refusal)
            }
            return offset
        }
    }

    // MARK: Both

    /// The output of a block or page. Yields an error for a descriptor that is none.
    private mutating func leaf(
        _ descriptor: UInt64, _ level: Int, _ table: UInt64, _ index: UInt64, _ geometry: WalkGeometry,
        _ space: String, _ attributes: String, _ limit: String
    ) throws(WalkProblem) -> UInt64 {
        let isLeaf = level == 3 ? descriptor & 3 == 3 : descriptor & 3 == 1 && geometry.allowsBlock(level)
        guard isLeaf else {
            let isReserved = descriptor & 1 != 0
            add(level, table, index, descriptor, isReserved ? "reserved" : "invalid")
            let why = isReserved ? "there are no blocks at level \(level) of this granule" : "its valid bit is 0"
            throw WalkProblem(
                status: .translation(level: level),
                why: level == 3 && isReserved ? "at level 3 its bit 1 must be 1" : why)
        }
        let bits = geometry.blockBits(level)
        let output = geometry.address(in: descriptor) & ~((1 << UInt64(bits)) - 1)
        let kind = level == 3 ? "page" : "block"
        let size = MemorySize(byteCount: 1 << UInt64(bits))
        add(level, table, index, descriptor, "\(kind) of \(size) at \(space) \(hexadecimal(output)): \(attributes)")
        guard !geometry.exceedsOutput(output) else {
            throw WalkProblem(status: .addressSize(level: level), why: "its output lies beyond \(limit)")
        }
        guard descriptor & 1 << 10 != 0 else {
            throw WalkProblem(status: .accessFlag(level: level), why: "its access flag is 0")
        }
        return output
    }

    private mutating func add(_ level: Int, _ table: UInt64, _ index: UInt64, _ descriptor: UInt64, _ meaning: String) {
        let place = "\(hexadecimal(table)) [\(index)]"
        lines.append("  level \(level)  table \(place.left(20)) \(hexadecimal(descriptor, digits: 16))  \(meaning)")
    }

    private func describe(_ problem: WalkProblem) -> [String] {
        let stage = problem.isStage2 ? 2 : 1
        let kind =
            switch problem.status {
            case let status where status.isTranslation: "translation"
            case let status where status.isPermission: "permission"
            case let status where status.isAccessFlag: "access flag"
            default: "address size"
            }
        let walk = problem.isStage1Walk ? ", on the walk of stage 1 (S1PTW)" : ""
        let code = hexadecimal(problem.status.rawValue, digits: 2)
        let taker =
            problem.isStage2
            ? "the hypervisor (HPFAR_EL2 names IPA \(hexadecimal(problem.ipa & ~0xFFF)))" : "the guest's EL1"
        return [
            "\(kind) fault, level \(problem.status.level), stage \(stage)\(walk): \(problem.why)",
            "fault status \(code), taken to \(taker)",
        ]
    }
}
