import Shared

@testable import VCPUWorker

/// The system registers and instructions that are compared as registers and memory are.
enum SystemOperands {
    /// NZCV, FPCR, FPSR as MRS and MSR name them, less the direction and the general register.
    private static let registers: [UInt32] = [0xD51B_4200, 0xD51B_4400, 0xD51B_4420]
    /// DC ZVA, DC CVAC, DC CVAU, DC CIVAC, IC IVAU.
    private static let byAddress: [UInt32] = [0xD50B_7420, 0xD50B_7A20, 0xD50B_7B20, 0xD50B_7E20, 0xD50B_7520]

    static func isByAddress(_ w: Word) -> Bool { byAddress.contains(w.raw & ~31) }

    /// A word of the rows MRS, MSR (register) and SYS that can be compared; nil: any word of the row can be.
    static func word(of row: EncodingRow, using generator: inout SplitMix64) -> UInt32? {
        let random = generator.next()
        let t = UInt32(truncatingIfNeeded: random) & 31
        let choice = Int(random >> 32 & 0xFFFF)
        return switch row.name.description {
        case "MRS": registers[choice % registers.count] | 1 << 21 | t
        case "MSR (register)": registers[choice % registers.count] | t
        // The zero register holds no address of the data.
        case "SYS": byAddress[choice % byAddress.count] | (t == 31 ? 0 : t)
        default: nil
        }
    }

    /// Gives the general register of `w` a value that fits.
    static func prepare(_ w: Word, _ state: inout MachineState, _ generator: inout SplitMix64) {
        guard w.rt != 31 else { return }
        if isByAddress(w) {
            state.x[Int(w.rt)] =
                InterpreterMachine.data &+ (generator.next() & UInt64(InterpreterMachine.dataByteCount - 1))
        }
        switch w.raw & ~31 {
        case 0xD51B_4400: state.x[Int(w.rt)] &= RandomStates.controlBits
        case 0xD51B_4420: state.x[Int(w.rt)] &= 0x0800_009F
        default: break
        }
    }
}
