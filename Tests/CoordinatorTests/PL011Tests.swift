import Testing

@testable import Coordinator

/// A far end that remembers what was sent and sends what it is told to.
private final class TestLine: SerialLine {
    var isFull = false
    var sent: [UInt8] = []
    var waiting: [UInt8] = []

    func put(_ byte: UInt8) { sent.append(byte) }
    func next() -> UInt8? { waiting.isEmpty ? nil : waiting.removeFirst() }
}

@Suite final class PL011Tests {
    private let line = TestLine()
    private var interrupts: [Bool] = []
    private lazy var uart = PL011(output: line) { [unowned self] in interrupts.append($0) }

    private func read(_ offset: UInt64) -> UInt64 { uart.read(offset: offset, byteCount: 4, vcpu: 0) }
    private func write(_ offset: UInt64, _ value: UInt64) {
        uart.write(offset: offset, byteCount: 4, value: value, vcpu: 0)
    }
    private func arrive(_ bytes: some Sequence<UInt8>) {
        line.waiting += bytes
        uart.lineChanged()
    }

    private let dr: UInt64 = 0, fr: UInt64 = 0x18, lcrH: UInt64 = 0x2C, cr: UInt64 = 0x30, ifls: UInt64 = 0x34
    private let imsc: UInt64 = 0x38, ris: UInt64 = 0x3C, mis: UInt64 = 0x40, icr: UInt64 = 0x44

    @Test func resetValues() {
        #expect(read(fr) & 0xF8 == 0x90)
        #expect(read(cr) == 0x300)
        #expect(read(ifls) == 0x12)
        #expect(read(imsc) == 0)
        #expect(read(ris) == 0)
        #expect((0..<8).map { read(0xFE0 + 4 * $0) } == [0x11, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1])
        #expect(interrupts.isEmpty)
    }

    /// Each register keeps the bits that it has and no others.
    private static let bits: [(UInt64, UInt64)] = [
        (0x20, 0xFF), (0x24, 0xFFFF), (0x28, 0x3F), (0x2C, 0xFF), (0x30, 0xFF87), (0x34, 0x3F),
        (0x38, 0x7FF), (0x48, 7), (0x18, 0x97), (0x40, 0), (0x4C, 0), (0xFE0, 0x11), (0x800, 0),
    ]

    @Test(arguments: bits) func writableBits(offset: UInt64, bits: UInt64) {
        write(offset, offset == 0x30 ? 0xFFFF_FF7F : 0xFFFF_FFFF)
        #expect(read(offset) | (offset == 0x30 ? 0x80 : 0) == bits)
    }

    @Test func transmits() {
        for byte in "hi\n".utf8 { write(dr, UInt64(byte)) }
        #expect(line.sent == Array("hi\n".utf8))
        write(dr, 0x1241)
        #expect(line.sent.last == 0x41)
    }

    @Test func transmitInterrupt() {
        write(imsc, 1 << 5)
        #expect(interrupts.isEmpty)
        write(dr, 0x41)
        #expect(interrupts == [true])
        write(icr, 1 << 5)
        #expect(interrupts == [true, false])
        write(imsc, 0)
        write(dr, 0x41)
        #expect(interrupts.count == 2)
        #expect(read(ris) == 1 << 5)
        #expect(read(mis) == 0)
    }

    /// A line that takes nothing shows as a full FIFO, and its relief as the transmit interrupt.
    @Test func fullLine() {
        write(imsc, 1 << 5)
        line.isFull = true
        write(dr, 0x41)
        #expect(interrupts.isEmpty)
        #expect(read(fr) & 0xA8 == 0x28)
        line.isFull = false
        uart.lineChanged()
        #expect(interrupts == [true])
        #expect(read(fr) & 0xA8 == 0x80)
    }

    @Test func receivesOneByOneWithoutFIFO() {
        write(imsc, 1 << 4)
        arrive("abc".utf8)
        #expect(line.waiting.count == 2)
        #expect(read(fr) & 0x50 == 0x40)
        #expect(interrupts == [true])
        #expect(read(dr) == 0x61)
        #expect(read(dr) == 0x62)
        #expect(read(dr) == 0x63)
        #expect(read(fr) & 0x50 == 0x10)
        #expect(read(dr) == 0)
        #expect(interrupts.last == false)
    }

    @Test func bytesWaitWhileTheFIFOIsFull() {
        write(lcrH, 0x10)
        arrive((0..<100).map { UInt8($0) })
        #expect(line.waiting.count == 68)
        #expect((0..<100).map { _ in read(dr) } == (0..<100).map { UInt64($0) })
        #expect(line.waiting.isEmpty)
    }

    /// The receive interrupt follows the level in UARTIFLS; fewer bytes raise the timeout interrupt.
    @Test(arguments: [(0, 4), (1, 8), (2, 16), (3, 24), (4, 28)] as [(UInt64, Int)]) func triggerLevels(
        select: UInt64, level: Int
    ) {
        write(lcrH, 0x10)
        write(ifls, select << 3)
        arrive(repeatElement(0x55, count: level - 1))
        #expect(read(ris) == 1 << 6)
        arrive([0x55])
        #expect(read(ris) == 1 << 6 | 1 << 4)
        _ = read(dr)
        #expect(read(ris) == 1 << 6)
        for _ in 1..<level { _ = read(dr) }
        #expect(read(ris) == 0)
    }

    @Test func timeoutInterrupt() {
        write(lcrH, 0x10)
        write(imsc, 1 << 6)
        arrive([0x41])
        #expect(interrupts == [true])
        write(icr, 1 << 6)
        #expect(interrupts == [true, false])
        arrive([0x42])
        #expect(interrupts == [true, false, true])
        _ = read(dr)
        #expect(interrupts.last == true)
        _ = read(dr)
        #expect(interrupts.last == false)
    }

    @Test func receiverThatIsOff() {
        write(cr, 0x101)
        arrive([0x41])
        #expect(read(fr) & 0x10 != 0)
        write(cr, 0x301)
        #expect(read(dr) == 0x41)
    }

    @Test func loopback() {
        write(lcrH, 0x10)
        write(cr, 0x381)
        for byte in UInt64(0)..<40 { write(dr, byte) }
        #expect(line.sent.isEmpty)
        #expect(read(ris) & 1 << 10 != 0)
        #expect(read(4) == 8)
        #expect((0..<32).map { _ in read(dr) } == (0..<32).map { UInt64($0) })
        write(4, 0)
        #expect(read(4) == 0)
    }
}

@Suite final class PL031Tests {
    private var time: UInt64 = 1_700_000_000_500_000_000
    private var interrupts: [Bool] = []
    private lazy var clock = PL031(
        interrupt: { [unowned self] in interrupts.append($0) }, now: { [unowned self] in time })

    private func read(_ offset: UInt64) -> UInt64 { clock.read(offset: offset, byteCount: 4, vcpu: 0) }
    private func write(_ offset: UInt64, _ value: UInt64) {
        clock.write(offset: offset, byteCount: 4, value: value, vcpu: 0)
    }

    @Test func tellsTheTime() {
        #expect(read(0) == 1_700_000_000)
        time += 5_000_000_000
        #expect(read(0) == 1_700_000_005)
        #expect(read(0xC) == 1)
        #expect((0..<8).map { read(0xFE0 + 4 * $0) } == [0x31, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1])
    }

    @Test func canBeSet() {
        write(8, 1000)
        #expect(read(0) == 1000)
        #expect(read(8) == 1000)
        time += 3_000_000_000
        #expect(read(0) == 1003)
    }

    @Test func alarm() {
        write(0x10, 1)
        write(4, read(0) + 3)
        #expect(clock.nanosecondsToAlarm == 2_500_000_000)
        time += 2_400_000_000
        clock.tick()
        #expect(interrupts.isEmpty)
        time += 100_000_000
        #expect(clock.nanosecondsToAlarm == 0, "due, until someone has looked")
        clock.tick()
        #expect(interrupts == [true])
        #expect(clock.nanosecondsToAlarm == nil)
        #expect(read(0x18) == 1)
        write(0x1C, 1)
        #expect(interrupts == [true, false])
        #expect(read(0x14) == 0)
    }

    @Test func alarmNow() {
        write(0x10, 1)
        write(4, read(0))
        #expect(interrupts == [true])
    }

    @Test func maskedAlarmIsSeenRaw() {
        write(4, read(0) + 1)
        #expect(clock.nanosecondsToAlarm == nil)
        time += 9_000_000_000
        #expect(read(0x14) == 1)
        #expect(read(0x18) == 0)
        #expect(interrupts.isEmpty)
        write(0x10, 1)
        #expect(interrupts == [true])
    }
}
