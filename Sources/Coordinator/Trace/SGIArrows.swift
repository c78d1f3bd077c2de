import CHost
import Shared

// The way of a software generated interrupt: written by the sender's guest, pending at the receiver, and delivered by the
// first Entry whose list registers have it. An arrow is drawn at its delivery, so that it always has both ends; of
// several writes that become one interrupt it is the first one's.

extension Tracer {
    /// The sender's worker has sent an SGI frame, whose timestamp is no more than a claim.
    func sgiWritten(_ vcpu: VCPU, _ frame: SGIFrame) {
        let now = writer.now()
        beginHandling()
        // Within the slice in which it was written: the guest's, which is still open.
        let time = min(max(writer.time(frame.timestamp), vcpus[vcpu.index].since &+ 1), now)
        sgiSource = PendingSGI(isPending: true, sender: vcpu.index, time: time)
        let group = frame.group
        let value = frame.value
        writer.instant(.vcpu(vcpu.index), "sgi", at: time) { out in
            out.append("\"intid\":")
            out.append(decimal: UInt64(SGIRegister(value: value).intid))
            out.append(",\"group\":")
            out.append(decimal: UInt64(group))
            out.append(",\"value\":")
            out.append(hex: value)
        }
    }

    /// The SGI that was written last is for `vcpu` too.
    func sgiRaised(_ intid: UInt32, at vcpu: Int) {
        let place = vcpu &* 16 &+ Int(intid & 15)
        guard place < sgis.count, sgiSource.isPending, !sgis[place].isPending else { return }
        sgis[place] = sgiSource
    }

    func sgiHandled() {
        sgiSource.isPending = false
        handled("SGI")
    }

    /// An Entry at `time` carries an SGI that is pending.
    func delivered(_ intid: UInt32, to vcpu: Int, at time: UInt64) {
        let place = vcpu &* 16 &+ Int(intid & 15)
        guard place < sgis.count, sgis[place].isPending else { return }
        sgis[place].isPending = false
        arrowCount &+= 1
        // A nanosecond into the guest's slice: at its very beginning a viewer may take the slice before.
        writer.arrow(
            sgi: intid, id: arrowCount, from: .vcpu(sgis[place].sender), at: sgis[place].time, to: .vcpu(vcpu),
            at: time &+ 1)
    }
}
