import CHost
import Shared

/// The coordinator's place on the interconnect: it tells every vCPU that stage-2 translations are gone.
final class DVMBroadcast: Stage2Broadcast {
    private let ring: DVMRing
    private(set) var invalidationCount: UInt64 = 0

    init(controlPage: UnsafeMutableRawPointer, vcpuCount: Int) {
        ring = DVMRing(controlPage: controlPage, vcpuCount: vcpuCount)
    }

    func invalidate(_ ipa: IPA, byteCount: UInt64) -> UInt64 {
        invalidationCount &+= 1
        let ticket = ring.append(DVMOperation(.ipa, operand: ipa.rawValue, length: byteCount))
        ring.ringDoorbells()
        return ticket
    }

    /// Forget the decoded form of `byteCount` bytes of RAM from `offset`: IC IVAU, or IC IALLUIS where that is less to do.
    func invalidateInstructions(_ offset: HostOffset, byteCount: UInt64) {
        let first = offset.rawValue & ~63
        let lineCount = (offset.rawValue - first + byteCount + 63) / 64
        if lineCount > 16 {
            _ = ring.append(DVMOperation(.instructionCacheAll))
        } else {
            for line in 0..<lineCount {
                _ = ring.append(DVMOperation(.instructionCacheLine, operand: first + line * 64))
            }
        }
        ring.ringDoorbells()
    }

    func isComplete(_ ticket: UInt64) -> Bool { ring.isApplied(ticket) }

    /// A vCPU that is gone holds no translations: nobody waits for its answer, whatever its worker may still write.
    static func abandon(_ control: VCPUControl) {
        armada_store32(control.dvmGone, 1)
        armada_store32(control.dvmActive, 0)
        DVMRing.wakeWaiters(of: control)
    }
}
