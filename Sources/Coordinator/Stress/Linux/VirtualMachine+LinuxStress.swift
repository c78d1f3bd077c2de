import Shared

// What a virtual machine does for a Linux guest under stress.
extension VirtualMachine {
    func attach(_ session: LinuxStressSession) {
        vgic.ledger = InterruptLedger(count: vgic.interruptCount)
        // The session lives as long as this machine.
        session.machine = LinuxStressSession.Machine(
            now: { [unowned self] in clock.now },
            books: { [unowned self] in sgiBooks },
            oversleeping: { [unowned self] in
                vcpus.filter {
                    $0.state == .blocked && !$0.isWaking
                        && vgic.hasPending(vcpu: $0.index, state: $0.entry.cpuInterface)
                }.map(\.index)
            },
            dump: { [unowned self] in stressDump },
            end: { [unowned self] in end(.failed("a rule was broken")) })
        let onOutput = console.onOutput
        console.onOutput = { [unowned session] byte in
            onOutput?(byte)
            session.take(byte)
        }
    }

    private var sgiBooks: SGIBooks {
        var books = SGIBooks(vcpuCount: vgic.vcpuCount)
        for vcpu in 0..<vgic.vcpuCount {
            for sgi in 0..<SGIBooks.sgiCount {
                guard let index = vgic.privateIndex(UInt32(sgi), vcpu: vcpu), let account = vgic.ledger?[index] else {
                    continue
                }
                let interrupt = vgic.interrupts + index
                let most = account.toBeTaken &- (interrupt.pointee.pendingLatch ? 1 : 0)
                books[vcpu, sgi] = .init(
                    sent: account.sent, raised: account.raised, coalesced: account.coalesced,
                    cleared: account.cleared,
                    leastTaken: most &- (interrupt.pointee.latchInListRegister ? 1 : 0), mostTaken: most)
            }
        }
        for case .sgi(let sender, let value, let group) in faults?.held.signals ?? [] {
            vgic.forEachSGI(from: sender, value: value, group: group) { index, vcpu in
                books[vcpu, Int(vgic.interrupts[index].intid)].held &+= 1
            }
        }
        return books
    }
}
