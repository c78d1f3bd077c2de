/// The far end of a UART's cable: what the guest sends goes in, what it receives comes out.
///
/// Whoever implements it tells the UART, by `PL011.lineChanged()`, that new bytes have come or that a full line has
/// room again.
protocol SerialLine: AnyObject {
    /// The line takes no byte for now; the UART shows its transmit FIFO as full.
    var isFull: Bool { get }
    /// Sends one byte to the far end.
    func put(_ byte: UInt8)
    /// The next byte from the far end, if there is one. Bytes wait here while the UART's receive FIFO is full.
    func next() -> UInt8?
}
