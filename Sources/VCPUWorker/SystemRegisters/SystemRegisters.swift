/// The system registers that hold state, by their architectural names.
struct SystemRegisters {
    var sctlr_EL1: UInt64 = 0x30D0_0980
    var vbar_EL1: UInt64 = 0
}
