/// One thing that happens to a GIC: an access, a wire, or what the guest on a vCPU does to its CPU interface. One that makes no
/// sense at its place does nothing, so that any part of a sequence is a sequence.
enum GICOperation {
    /// A write by vCPU `by` of the register of `bank` that has the bit of INTID `first`, of vCPU `of`'s redistributor or, for
    /// nil, the distributor.
    case write(GICBank, of: Int?, first: UInt32, value: UInt32, by: Int)
    /// GICD_IPRIORITYR, GICR_IPRIORITYR, one byte.
    case priority(UInt32, of: Int?, value: UInt32, by: Int)
    /// GICD_ICFGR.
    case configuration(UInt32, isEdge: Bool, by: Int)
    /// GICD_IROUTER.
    case route(UInt32, to: GICModel.Route, by: Int)
    /// GICD_CTLR: the group enables.
    case distributor(UInt32, by: Int)
    /// The wire of an SPI, or of vCPU `of`'s PPI.
    case line(UInt32, of: Int?, Bool)
    /// ICC_SGI1R_EL1, or ICC_SGI0R_EL1.
    case sgi(from: Int, value: UInt64, group: UInt32)

    case enter(Int)
    case leave(Int)
    /// List registers are filled and taken back at once.
    case backOut(Int)
    /// CPU_OFF and CPU_ON.
    case reset(Int)
    /// Every kick arrives.
    case settle

    /// ICC_IAR0_EL1, ICC_IAR1_EL1.
    case acknowledge(Int, group: UInt32)
    /// ICC_EOIR0_EL1 or ICC_EOIR1_EL1 for what was acknowledged last.
    case end(Int)
    /// ICC_DIR_EL1 for one that vCPU `of` has dropped and not deactivated, modulo their number.
    case deactivate(Int, of: Int, which: Int)
    /// ICC_PMR_EL1.
    case mask(Int, UInt32)
    /// ICC_IGRPEN0_EL1 (bit 0), ICC_IGRPEN1_EL1 (bit 1).
    case groups(Int, UInt32)
    /// ICC_BPR0_EL1, ICC_BPR1_EL1, ICC_CTLR_EL1.CBPR.
    case binaryPoints(Int, UInt32, UInt32, isShared: Bool)
    /// ICC_CTLR_EL1.EOImode.
    case endMode(Int, isSplit: Bool)
    /// Every vCPU comes out, and all registers are read.
    case registers
}

extension GICModel.Route: CustomDebugStringConvertible {
    /// As in source code.
    var debugDescription: String {
        switch self {
        case .pe(let pe): ".pe(\(pe))"
        case .any: ".any"
        case .nowhere: ".nowhere"
        }
    }
}

extension [GICOperation] {
    /// As an array literal, for a regression test.
    var source: String { "[\n" + map { "    .\($0),\n" }.joined() + "]" }
}
