/// An address that the guest's software uses, before stage-1 translation.
public struct VirtualAddress: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ value: UInt64) { rawValue = value }
}

/// An intermediate physical address: what stage 1 yields and stage 2 translates. The guest's physical address.
public struct IPA: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ value: UInt64) { rawValue = value }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    @inlinable public static func + (a: Self, byteCount: UInt64) -> Self { Self(a.rawValue &+ byteCount) }
}

/// An offset into the guest RAM file: what stage 2 yields. The machine's physical address.
public struct HostOffset: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ value: UInt64) { rawValue = value }
}

extension VirtualAddress: CustomStringConvertible {
    public var description: String { "0x" + String(rawValue, radix: 16) }
}

extension IPA: CustomStringConvertible {
    public var description: String { "0x" + String(rawValue, radix: 16) }
}
