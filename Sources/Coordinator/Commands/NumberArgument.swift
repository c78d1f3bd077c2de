import ArgumentParser

/// A number on the command line: decimal, or hexadecimal with 0x.
struct NumberArgument: ExpressibleByArgument {
    let value: UInt128

    init?(argument: String) {
        let digits = argument.lowercased()
        let number = digits.hasPrefix("0x") ? UInt128(digits.dropFirst(2), radix: 16) : UInt128(digits)
        guard let number, digits.first != "+" else { return nil }
        value = number
    }
}

/// A number of up to 64 bits, as `NumberArgument`.
struct WordArgument: ExpressibleByArgument {
    let value: UInt64

    init?(argument: String) {
        guard let number = NumberArgument(argument: argument), let value = UInt64(exactly: number.value) else {
            return nil
        }
        self.value = value
    }
}
