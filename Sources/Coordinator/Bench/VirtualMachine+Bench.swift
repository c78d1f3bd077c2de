import CHost
import Shared

// What a virtual machine does for the bench's device.
extension VirtualMachine {
    func attach(_ device: BenchDevice) {
        bus.attach(device, at: BenchDevice.address, byteCount: BenchDevice.byteCount, name: "bench")
        // The device lives as long as this machine.
        device.machine = BenchDevice.Machine(
            setLine: { [unowned self] level in vgic.setSPI(BenchDevice.intid, level: level) },
            blockedCount: { [unowned self] in vcpus.count { $0.state == .blocked } },
            setBlockLevel: { [unowned self] level in stage2BlockLevel = level },
            unmap: { [unowned self] ipa, byteCount in unmap(ipa, byteCount) },
            words: { [unowned self] ipa, count in guestWords(ipa, count) },
            exitTime: { [unowned self] vcpu in vcpus[vcpu].exit.timestamp },
            counter: { [unowned self] time in time &- counterOffset })
        bench?.traffic = { [unowned self] vcpu in
            (vcpus[vcpu].channel.traffic.registersMoved, vcpus[vcpu].statistics.exits)
        }
        bench?.setObserved = { [unowned self] isOn in setObserved(isOn) }
    }

    /// Stamps the exits of the first vCPUs, or no longer.
    private func setObserved(_ isOn: Bool) {
        guard let bench else { return }
        armada_store32(controlPage.base + ControlPage.observationOffset, isOn ? 1 : 0)
        for (vcpu, observation) in zip(vcpus, bench.observations) {
            observation.pointee.end()
            vcpu.observation = isOn ? observation : nil
        }
    }

    /// The backend, or the other machine, has signalled at `time`; nil: it is gone, and with it this run.
    func benchSignalled(_ time: UInt64?) {
        guard let time else { return end(.poweredOff) }
        benchDevice?.raise(since: time)
        if !wakes.isEmpty { wakeKicked() }
    }

    private func unmap(_ ipa: IPA, _ byteCount: UInt64) {
        guard let index = slots.index(of: ipa), slots[index].end - ipa.rawValue >= byteCount else { return }
        _ = stage2.unmap(ipa, byteCount: byteCount)
    }

    /// The words of guest memory from `ipa` on; fewer than asked for at the end of memory.
    func guestWords(_ ipa: IPA, _ count: Int) -> UnsafeBufferPointer<UInt64> {
        guard count > 0, ipa.rawValue & 7 == 0, let index = slots.index(of: ipa) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        let available = Int(clamping: (slots[index].end - ipa.rawValue) / 8)
        let start = ram.base + Int(slots[index].output(of: ipa).rawValue)
        return UnsafeBufferPointer(
            start: start.assumingMemoryBound(to: UInt64.self), count: min(count, available))
    }
}
