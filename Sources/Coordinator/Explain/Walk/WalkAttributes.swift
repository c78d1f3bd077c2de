import Shared

/// What a stage-1 leaf permits and is, with the limits of the tables above it.
///
/// Source: Arm ARM "VMSAv8-64 Stage 1 attribute fields".
struct Stage1Attributes: Equatable {
    private let isReadOnly: Bool
    private let isUser: Bool
    private let isPXN: Bool
    private let isUXN: Bool
    private let isWXN: Bool
    private let descriptor: UInt64
    private let memoryType: UInt8

    /// `limits`: the descriptors of the tables above, or-ed.
    init(_ descriptor: UInt64, limits: UInt64, _ registers: WalkRegisters) {
        self.descriptor = descriptor
        isUser = descriptor & 1 << 6 != 0 && limits & 1 << 61 == 0
        isReadOnly = descriptor & 1 << 7 != 0 || limits & 1 << 62 != 0
        isPXN = descriptor & 1 << 53 != 0 || limits & 1 << 59 != 0
        isUXN = descriptor & 1 << 54 != 0 || limits & 1 << 60 != 0
        isWXN = registers.sctlr_EL1 & 1 << 19 != 0
        memoryType = UInt8(truncatingIfNeeded: registers.mair_EL1 >> ((descriptor >> 2 & 7) * 8))
    }

    /// Why `access` is refused; nil: it is not.
    func refusal(_ access: WalkedAccess, isPAN: Bool) -> String? {
        let isWritable = !isReadOnly
        switch (access.kind, access.isUnprivileged) {
        case (.fetch, true):
            if isUXN { return "UXN forbids execution at EL0" }
            return isWXN && isWritable && isUser ? "SCTLR_EL1.WXN forbids execution of what EL0 may write" : nil
        case (.fetch, false):
            if isPXN { return "PXN forbids execution at EL1" }
            if isWritable && isUser { return "EL1 never executes what EL0 may write" }
            return isWXN && isWritable ? "SCTLR_EL1.WXN forbids execution of what is writable" : nil
        case (_, true) where !isUser: return "AP gives EL0 no access"
        case (_, false) where isPAN && isUser: return "PSTATE.PAN keeps EL1 off what EL0 may access"
        case (.write, _) where isReadOnly: return "AP makes it read-only"
        default: return nil
        }
    }

    /// "EL1 RW- EL0 --- nG ISH AttrIndx 0 Normal".
    var text: String {
        func rights(_ isAccessible: Bool, _ isExecutable: Bool) -> String {
            (isAccessible ? "R" : "-") + (isAccessible && !isReadOnly ? "W" : "-") + (isExecutable ? "X" : "-")
        }
        func executes(_ isUnprivileged: Bool) -> Bool {
            refusal(WalkedAccess(address: 0, kind: .fetch, isUnprivileged: isUnprivileged), isPAN: false) == nil
        }
        let shareability = ["NSH", "SH reserved", "OSH", "ISH"][Int(descriptor >> 8 & 3)]
        let type = memoryType & 0xF0 == 0 ? Self.device(memoryType) : "Normal"
        return "EL1 \(rights(true, executes(false))) EL0 \(rights(isUser, executes(true))) "
            + "\(descriptor & 1 << 10 != 0 ? "AF " : "")\(descriptor & 1 << 11 != 0 ? "nG " : "")\(shareability) "
            + "AttrIndx \(descriptor >> 2 & 7) (\(type), \(hexadecimal(memoryType, digits: 2)))"
    }

    private static func device(_ type: UInt8) -> String {
        "Device-" + ["nGnRnE", "nGnRE", "nGRE", "GRE"][Int(type >> 2 & 3)]
    }

    /// What a table takes away from all below it: "" for nothing.
    static func limits(_ descriptor: UInt64) -> String {
        var words = ""
        if descriptor & 1 << 61 != 0 { words += ", EL0 has no access" }
        if descriptor & 1 << 62 != 0 { words += ", read-only" }
        if descriptor & 1 << 60 != 0 { words += ", UXN" }
        if descriptor & 1 << 59 != 0 { words += ", PXN" }
        return words
    }
}

/// What a stage-2 leaf permits and is.
struct Stage2Attributes: Equatable {
    private let descriptor: UInt64

    init(_ descriptor: UInt64) { self.descriptor = descriptor }

    func refusal(_ kind: WalkedAccess.Kind) -> String? {
        let permissions = Stage2Permissions(descriptor)
        switch kind {
        case .read: return permissions.contains(.read) ? nil : "S2AP forbids reading"
        case .write: return permissions.contains(.write) ? nil : "S2AP forbids writing"
        case .fetch where !permissions.contains(.read): return "S2AP forbids reading"
        case .fetch: return permissions.contains(.execute) ? nil : "XN forbids execution"
        }
    }

    var text: String {
        let permissions = Stage2Permissions(descriptor)
        var words = permissions.contains(.read) ? "R" : "-"
        words += permissions.contains(.write) ? "W" : "-"
        words += permissions.contains(.execute) ? "X" : "-"
        words += descriptor & Stage2Descriptor.accessFlag != 0 ? " AF" : ""
        return words + (descriptor & 0xC << 2 == 0 ? " Device" : " Normal")
    }
}
