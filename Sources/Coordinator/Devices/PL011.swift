/// The serial port: a PL011 r1p5, with FIFOs of 32 bytes.
///
/// What the guest sends is on its line at once, so the transmit FIFO is either empty or, while the line takes nothing,
/// full. What comes from the line waits there until the receive FIFO has room and CR.RXE is set. As in QEMU's model
/// CR.UARTEN is not asked for, so that a small guest needs no set-up.
///
/// Source: DDI 0183 "PrimeCell UART (PL011) Technical Reference Manual".
final class PL011: MMIODevice {
    private let line: any SerialLine
    private let interrupt: (Bool) -> Void

    private var receiveFIFO = ByteQueue(capacity: 32)
    private var ilpr: UInt32 = 0
    private var ibrd: UInt32 = 0
    private var fbrd: UInt32 = 0
    private var lcrH: UInt32 = 0
    private var cr = Control.reset
    private var ifls: UInt32 = 0x12
    private var imsc: UInt32 = 0
    private var ris: UInt32 = 0
    private var dmacr: UInt32 = 0
    private var rsr: UInt32 = 0
    private var level = false

    /// `interrupt` is called with the new level whenever the combined interrupt output UARTINTR changes.
    init(output line: any SerialLine, interrupt: @escaping (Bool) -> Void) {
        self.line = line
        self.interrupt = interrupt
    }

    /// The far end has sent bytes, or has room again.
    func lineChanged() {
        if line.isFull {
            ris &= ~Interrupt.transmit
        } else if transmitWaits {
            transmitWaits = false
            ris |= Interrupt.transmit
        }
        receive()
        updateInterrupt()
    }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 {
        switch Register(rawValue: offset & ~3) {
        case .dr: return UInt64(readData())
        case .rsr: return UInt64(rsr)
        case .fr: return UInt64(flags)
        case .ilpr: return UInt64(ilpr)
        case .ibrd: return UInt64(ibrd)
        case .fbrd: return UInt64(fbrd)
        case .lcrH: return UInt64(lcrH)
        case .cr: return UInt64(cr)
        case .ifls: return UInt64(ifls)
        case .imsc: return UInt64(imsc)
        case .ris: return UInt64(ris)
        case .mis: return UInt64(ris & imsc)
        case .icr: return 0
        case .dmacr: return UInt64(dmacr)
        case nil: return UInt64(PrimeCell.identification(offset: offset, peripheral: 0x0034_1011))
        }
    }

    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        let value = UInt32(truncatingIfNeeded: value)
        switch Register(rawValue: offset & ~3) {
        case .dr: writeData(UInt8(truncatingIfNeeded: value))
        case .rsr: rsr = 0
        case .ilpr: ilpr = value & 0xFF
        case .ibrd: ibrd = value & 0xFFFF
        case .fbrd: fbrd = value & 0x3F
        case .lcrH: lcrH = value & 0xFF
        case .cr: cr = value & Control.writable
        case .ifls: ifls = value & 0x3F
        case .imsc: imsc = value & Interrupt.all
        case .icr: ris &= ~value
        case .dmacr: dmacr = value & 7
        case .fr, .ris, .mis, nil: break
        }
        // Any of LCR_H.FEN, CR.RXE, IFLS and ICR can change what the receive FIFO takes or signals.
        receive()
        updateInterrupt()
    }

    // MARK: - Data

    private func readData() -> UInt32 {
        let byte = receiveFIFO.popFirst() ?? 0
        if receiveFIFO.count < receiveTrigger { ris &= ~Interrupt.receive }
        if receiveFIFO.isEmpty { ris &= ~Interrupt.receiveTimeout }
        receive()
        updateInterrupt()
        return UInt32(byte)
    }

    /// The guest wrote, and the transmit interrupt is due when the line has room again.
    private var transmitWaits = false

    private func writeData(_ byte: UInt8) {
        if cr & Control.loopback != 0 {
            if receiveFIFO.count < fifoDepth {
                receiveFIFO.append(byte)
                signalReceived(more: false)
            } else {
                rsr |= 8
                ris |= Interrupt.overrun
            }
        } else {
            line.put(byte)
        }
        transmitWaits = line.isFull
        if transmitWaits { ris &= ~Interrupt.transmit } else { ris |= Interrupt.transmit }
    }

    /// Takes what fits from the line.
    private func receive() {
        guard cr & Control.receiveEnable != 0, cr & Control.loopback == 0 else { return }
        var received = false
        while receiveFIFO.count < fifoDepth {
            guard let byte = line.next() else {
                if received { signalReceived(more: false) }
                return
            }
            receiveFIFO.append(byte)
            received = true
        }
        if received { signalReceived(more: true) }
    }

    /// Bytes have entered the FIFO. The timeout interrupt follows 32 bit times after the last one, which is now.
    private func signalReceived(more: Bool) {
        if receiveFIFO.count >= receiveTrigger { ris |= Interrupt.receive }
        if !more { ris |= Interrupt.receiveTimeout }
    }

    // MARK: - Status

    private var fifoDepth: Int { lcrH & 0x10 != 0 ? 32 : 1 }

    /// The receive interrupt is raised when the FIFO holds so many bytes. UARTIFLS.RXIFLSEL.
    private var receiveTrigger: Int {
        guard fifoDepth > 1 else { return 1 }
        switch ifls >> 3 & 7 {
        case 0: return 4
        case 1: return 8
        case 2: return 16
        case 3: return 24
        default: return 28
        }
    }

    private var flags: UInt32 {
        var flags = Flag.clearToSend | Flag.dataSetReady | Flag.carrierDetect
        if receiveFIFO.isEmpty { flags |= Flag.receiveEmpty }
        if receiveFIFO.count >= fifoDepth { flags |= Flag.receiveFull }
        flags |= line.isFull ? Flag.transmitFull | Flag.busy : Flag.transmitEmpty
        return flags
    }

    private func updateInterrupt() {
        let new = ris & imsc != 0
        guard new != level else { return }
        level = new
        interrupt(new)
    }

    private enum Register: UInt64 {
        case dr = 0x00
        case rsr = 0x04
        case fr = 0x18
        case ilpr = 0x20
        case ibrd = 0x24
        case fbrd = 0x28
        case lcrH = 0x2C
        case cr = 0x30
        case ifls = 0x34
        case imsc = 0x38
        case ris = 0x3C
        case mis = 0x40
        case icr = 0x44
        case dmacr = 0x48
    }

    private enum Flag {
        static let clearToSend: UInt32 = 1 << 0
        static let dataSetReady: UInt32 = 1 << 1
        static let carrierDetect: UInt32 = 1 << 2
        static let busy: UInt32 = 1 << 3
        static let receiveEmpty: UInt32 = 1 << 4
        static let transmitFull: UInt32 = 1 << 5
        static let receiveFull: UInt32 = 1 << 6
        static let transmitEmpty: UInt32 = 1 << 7
    }

    private enum Control {
        static let loopback: UInt32 = 1 << 7
        static let receiveEnable: UInt32 = 1 << 9
        static let reset: UInt32 = 0x300
        static let writable: UInt32 = 0xFF87
    }

    private enum Interrupt {
        static let receive: UInt32 = 1 << 4
        static let transmit: UInt32 = 1 << 5
        static let receiveTimeout: UInt32 = 1 << 6
        static let overrun: UInt32 = 1 << 10
        static let all: UInt32 = 0x7FF
    }
}
