/// The serial port. Source: DDI 0183 "PrimeCell UART (PL011) Technical Reference Manual".
final class PL011: MMIODevice {
    private let line: any SerialLine
    private let interrupt: (Bool) -> Void

    /// `interrupt` is called with the new level whenever the combined interrupt output UARTINTR changes.
    init(output line: any SerialLine, interrupt: @escaping (Bool) -> Void) {
        self.line = line
        self.interrupt = interrupt
    }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 { 0 }
    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        if offset == 0 { line.put(UInt8(truncatingIfNeeded: value)) }
    }

    /// The far end has sent bytes, or has room again.
    func lineChanged() {}
}
