import Shared

/// What stage 2 lets the guest do.
struct Stage2Permissions: OptionSet, Hashable {
    let rawValue: UInt8
    static let read = Self(rawValue: 1)
    static let write = Self(rawValue: 2)
    static let execute = Self(rawValue: 4)
    static let all: Self = [.read, .write, .execute]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ descriptor: UInt64) {
        var value: Self = []
        if descriptor & Stage2Descriptor.read != 0 { value.insert(.read) }
        if descriptor & Stage2Descriptor.write != 0 { value.insert(.write) }
        if descriptor & Stage2Descriptor.executeNever == 0 { value.insert(.execute) }
        self = value
    }

    var descriptorBits: UInt64 {
        (contains(.read) ? Stage2Descriptor.read : 0) | (contains(.write) ? Stage2Descriptor.write : 0)
            | (contains(.execute) ? 0 : Stage2Descriptor.executeNever)
    }
}
