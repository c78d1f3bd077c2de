import CHost
import Shared

/// The device of `Guests/programs/exits.c`: it says what to measure, takes the samples, raises interrupts, and unmaps memory.
///
/// ```
///  00  IDENTITY       RO   "armadaex"
///  08  OPERATION      RO   the next operation, from 1 on; 0: the end
///  10  COUNT          RO   samples wanted
///  18  LIMIT          RO   nanoseconds after which there are enough
///  20  SAMPLES        WO   the address of the samples, behind their number; the measuring begins
///  28  DONE           WO   the measuring has ended
///  30  SCRATCH        RW
///  38  RAISE          WO   raises the interrupt in so many nanoseconds
///  40  RAISE_BACKEND  WO   the same, by the device's backend, a thread beside the loop
///  48  LOWER          WO   lowers it
///  50  DOORBELL       WO   stamps its arrival
///  58  STAMP          RO   CNTVCT_EL0 when the interrupt was raised, or at the doorbell, or at the hand-over
///  60  BLOCKED        RO   vCPUs that sleep in WFI
///  68  BLOCK_LEVEL    WO   memory is mapped with blocks of level 1, 2 or 3 at most
///  70  UNMAP          WO   takes the translations of 64 MiB from this address away
///  78  SWITCH         WO   hands over to the other virtual machine
/// ```
final class BenchDevice: MMIODevice {
    /// What the device asks of its machine.
    struct Machine {
        var setLine: (Bool) -> Void
        var blockedCount: () -> Int
        var setBlockLevel: (Int) -> Void
        var unmap: (_ ipa: IPA, _ byteCount: UInt64) -> Void
        /// The words of guest memory from `ipa` on; fewer than asked for at the end of memory.
        var words: (_ ipa: IPA, _ count: Int) -> UnsafeBufferPointer<UInt64>
        /// When the vCPU left the guest for the access under way, in nanoseconds of CLOCK_MONOTONIC.
        var exitTime: (_ vcpu: Int) -> UInt64
        /// CNTVCT_EL0 at a time of CLOCK_MONOTONIC.
        var counter: (_ time: UInt64) -> UInt64
    }

    static let address = IPA(0x0B00_0000)
    static let byteCount: UInt64 = 0x1000
    static let intid: UInt32 = 132
    private static let identity: UInt64 = 0x7865_6164_616D_7261
    private static let regionByteCount: UInt64 = 64 << 20

    var machine: Machine?
    private let session: BenchSession
    private var scratch: UInt64 = 0
    private var stamp: UInt64 = 0
    private var samples: IPA?
    /// When the interrupt is to be raised, as CLOCK_MONOTONIC nanoseconds.
    private(set) var deadline = UInt64.max

    init(session: BenchSession) { self.session = session }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 {
        switch offset {
        case 0x00: return Self.identity
        case 0x08: return session.next()
        case 0x10: return UInt64(session.sampleCount)
        case 0x18: return session.limitNanoseconds
        case 0x30: return scratch
        case 0x58: return stamp
        case 0x60: return UInt64(machine?.blockedCount() ?? 0)
        default: return 0
        }
    }

    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        switch offset {
        case 0x20:
            samples = IPA(value)
            session.begin()
        case 0x28:
            session.finish(takeSamples())
            samples = nil
        case 0x30: scratch = value
        case 0x38: deadline = armada_monotonic() &+ min(value, 1_000_000_000)
        case 0x40: session.backend?.order(afterNanoseconds: value)
        case 0x48: machine?.setLine(false)
        case 0x50: stamp = machine?.counter(armada_monotonic()) ?? 0
        case 0x68: if (1...3).contains(value) { machine?.setBlockLevel(Int(value)) }
        case 0x70: machine?.unmap(IPA(value), Self.regionByteCount)
        case 0x78: session.handOver(since: machine?.exitTime(vcpu) ?? 0)
        default: break
        }
    }

    /// Raises the interrupt, which somebody has wanted since `time`.
    func raise(since time: UInt64) {
        deadline = .max
        stamp = machine?.counter(time) ?? 0
        machine?.setLine(true)
    }

    /// Raises the interrupt if it is due.
    func tick(at now: UInt64) { if deadline <= now { raise(since: now) } }

    /// The samples that the guest has taken, of an operation under way as well.
    func takeSamples() -> [UInt64] {
        guard let samples, let machine, let count = machine.words(samples, 1).first else { return [] }
        let wanted = Int(min(count, UInt64(session.sampleCount)))
        return Array(machine.words(samples, wanted + 1).dropFirst())
    }
}
