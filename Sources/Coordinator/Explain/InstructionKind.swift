/// The group of an A64 instruction.
///
/// Source: Arm ARM "A64 instruction set encoding".
enum InstructionKind: Equatable {
    case reserved, unallocated, sme, sve, dataProcessingImmediate, branch, exceptionGeneration, hintOrBarrier
    case pstate, systemInstruction, systemRegister, loadStore, dataProcessingRegister, vector

    init(_ word: UInt32) {
        switch word >> 25 & 0xF {
        case 0b0000: self = word >> 31 == 1 ? .sme : .reserved
        case 0b0010: self = .sve
        case 0b1000, 0b1001: self = .dataProcessingImmediate
        case 0b1010, 0b1011: self = Self.branchOrSystem(word)
        case 0b0100, 0b0110, 0b1100, 0b1110: self = .loadStore
        case 0b0101, 0b1101: self = .dataProcessingRegister
        case 0b0111, 0b1111: self = .vector
        default: self = .unallocated
        }
    }

    private static func branchOrSystem(_ word: UInt32) -> Self {
        if word >> 24 == 0b1101_0100 { return .exceptionGeneration }
        guard word >> 22 == 0b11_0101_0100 else { return .branch }
        switch (word >> 19 & 3, word >> 12 & 0xF) {
        case (0, 2), (0, 3): return .hintOrBarrier
        case (0, 4): return .pstate
        case (0, _): return .unallocated
        case (1, _): return .systemInstruction
        default: return .systemRegister
        }
    }

    var name: String {
        switch self {
        case .reserved: "reserved; UDF is the only one that is defined, and it is UNDEFINED"
        case .unallocated: "unallocated"
        case .sme: "SME"
        case .sve: "SVE"
        case .dataProcessingImmediate: "data processing, immediate"
        case .branch: "branch"
        case .exceptionGeneration: "exception generation"
        case .hintOrBarrier: "hint or barrier"
        case .pstate: "PSTATE: MSR (immediate) or the flags"
        case .systemInstruction: "system instruction"
        case .systemRegister: "system register move"
        case .loadStore: "load or store"
        case .dataProcessingRegister: "data processing, register"
        case .vector: "floating point and Advanced SIMD"
        }
    }
}
