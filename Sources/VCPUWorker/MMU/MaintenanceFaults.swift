import CHost
import Shared

/// The worker's part of a fault plan: maintenance that other vCPUs broadcast is not applied, or not acknowledged. Off
/// it costs one branch for each look at the ring.
struct MaintenanceFaults {
    let isOn: Bool
    private var dropDVMAck: FaultDie
    private var skipInvalidate: FaultDie

    init(_ welcome: WelcomeFrame) {
        let vcpu = Int(welcome.vcpuIndex)
        dropDVMAck = FaultDie(
            .dropDVMAck, vcpu: vcpu, interval: welcome.dropDVMAckInterval, seed: welcome.faultSeed)
        skipInvalidate = FaultDie(
            .skipInvalidate, vcpu: vcpu, interval: welcome.skipInvalidateInterval, seed: welcome.faultSeed)
        isOn = dropDVMAck.isOn || skipInvalidate.isOn
    }

    mutating func skipsInvalidate(_ control: VCPUControl) -> Bool {
        guard skipInvalidate.strikes() else { return false }
        control.countStrike(of: .skipInvalidate)
        return true
    }

    mutating func dropsAcknowledgement(_ control: VCPUControl) -> Bool {
        guard dropDVMAck.strikes() else { return false }
        control.countStrike(of: .dropDVMAck)
        return true
    }
}
