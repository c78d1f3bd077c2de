import Shared

// The pieces of a line of a trace: JSON without allocation.

extension OutputFile {
    func append(decimal value: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var place = 20
            repeat {
                place &-= 1
                digits[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest != 0
            append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[place...]))
        }
    }

    /// `"0x…"`: a string, as JSON's numbers don't hold 64 bits.
    func append(hex value: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { digits in
            var rest = value
            var place = 16
            repeat {
                place &-= 1
                let digit = UInt8(truncatingIfNeeded: rest & 15)
                digits[place] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10
                rest >>= 4
            } while rest != 0
            append("\"0x")
            append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[place...]))
            append(byte: UInt8(ascii: "\""))
        }
    }

    /// Microseconds with three decimals.
    func append(microsecondsOf nanoseconds: UInt64) {
        append(decimal: nanoseconds / 1000)
        append(byte: UInt8(ascii: "."))
        let fraction = nanoseconds % 1000
        append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: fraction / 100))
        append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: fraction / 10 % 10))
        append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: fraction % 10))
    }
}
