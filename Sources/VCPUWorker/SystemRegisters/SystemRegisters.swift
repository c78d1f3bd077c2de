/// The system registers that hold state, by their architectural names.
struct SystemRegisters {
    var sctlr_EL1: UInt64 = 0x30D0_0980
    var tcr_EL1: UInt64 = 0
    var ttbr0_EL1: UInt64 = 0
    var ttbr1_EL1: UInt64 = 0
    var mair_EL1: UInt64 = 0
    var par_EL1: UInt64 = 0
    var vbar_EL1: UInt64 = 0
}
