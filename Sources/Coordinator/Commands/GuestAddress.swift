import ArgumentParser

/// An address as the user writes it: `0x40000000`, or decimal.
struct GuestAddress: ExpressibleByArgument, Equatable {
    var rawValue: UInt64

    init?(argument: String) {
        let isHexadecimal = argument.hasPrefix("0x") || argument.hasPrefix("0X")
        let digits = isHexadecimal ? argument.dropFirst(2) : argument[...]
        // UInt64(_:radix:) takes a sign.
        guard digits.allSatisfy(\.isHexDigit), let value = UInt64(digits, radix: isHexadecimal ? 16 : 10) else {
            return nil
        }
        rawValue = value
    }
}
