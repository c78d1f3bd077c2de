import Testing

@testable import Shared

/// The ids against the definitions in Linux's `kvm.h`, put together here once more.
@Suite struct OneRegisterTests {
    private static let arm64: UInt64 = 0x6000_0000_0000_0000
    private static let u32: UInt64 = 0x0020_0000_0000_0000
    private static let u64: UInt64 = 0x0030_0000_0000_0000
    private static let u128: UInt64 = 0x0040_0000_0000_0000

    /// KVM_REG_ARM_CORE_REG: an offset into `struct kvm_regs` in words of 4 bytes.
    private static func core(_ size: UInt64, byteOffset: UInt64) -> UInt64 {
        arm64 | size | 0x10 << 16 | byteOffset / 4
    }

    /// ARM64_SYS_REG.
    private static func system(_ op0: UInt64, _ op1: UInt64, _ crn: UInt64, _ crm: UInt64, _ op2: UInt64) -> UInt64 {
        arm64 | u64 | 0x13 << 16 | op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
    }

    @Test func coreRegistersStandInKVMRegs() {
        // struct user_pt_regs { regs[31], sp, pc, pstate }, sp_el1, elr_el1, spsr[5], and at a multiple of 16 the vectors.
        let spsr: UInt64 = 34 * 8 + 16
        let vectors = (spsr + 5 * 8 + 15) & ~15
        let expected: [(OneRegister, UInt64)] = [
            (.x(0), Self.core(Self.u64, byteOffset: 0)), (.x(30), Self.core(Self.u64, byteOffset: 30 * 8)),
            (.sp_EL0, Self.core(Self.u64, byteOffset: 31 * 8)), (.pc, Self.core(Self.u64, byteOffset: 32 * 8)),
            (.pstate, Self.core(Self.u64, byteOffset: 33 * 8)), (.sp_EL1, Self.core(Self.u64, byteOffset: 34 * 8)),
            (.elr_EL1, Self.core(Self.u64, byteOffset: 35 * 8)), (.spsr(.el1), Self.core(Self.u64, byteOffset: spsr)),
            (.spsr(.fiq), Self.core(Self.u64, byteOffset: spsr + 32)),
            (.v(0), Self.core(Self.u128, byteOffset: vectors)),
            (.v(31), Self.core(Self.u128, byteOffset: vectors + 31 * 16)),
            (.fpsr, Self.core(Self.u32, byteOffset: vectors + 512)),
            (.fpcr, Self.core(Self.u32, byteOffset: vectors + 516)),
        ]
        for (register, id) in expected { #expect(register.id == id, "\(register)") }
        #expect(OneRegister.x(0).id == 0x6030_0000_0010_0000)
        #expect(OneRegister.v(0).id == 0x6040_0000_0010_0054)
        #expect(OneRegister.fpsr.id == 0x6020_0000_0010_00D4)
    }

    @Test func systemRegistersAreTheirEncodings() {
        #expect(OneRegister.system(SystemRegister.MPIDR_EL1.encoding).id == 0x6030_0000_0013_C005)
        #expect(OneRegister.system(SystemRegister.TTBR0_EL1.encoding).id == Self.system(3, 0, 2, 0, 0))
        #expect(Self.system(3, 0, 2, 0, 0) == 0x6030_0000_0013_C100)
        #expect(OneRegister.psciVersion.id == 0x6030_0000_0014_0000)
    }

    /// KVM_REG_ARM_TIMER_CVAL and KVM_REG_ARM_TIMER_CNT have each other's encoding.
    @Test func theVirtualTimersIdsAreSwapped() {
        #expect(OneRegister.timer(.virtualControl).id == Self.system(3, 3, 14, 3, 1))
        #expect(OneRegister.timer(.virtualCounter).id == Self.system(3, 3, 14, 3, 2))
        #expect(OneRegister.timer(.virtualCompare).id == Self.system(3, 3, 14, 0, 2))
        #expect(OneRegister.timer(.physicalControl).id == Self.system(3, 3, 14, 2, 1))
        #expect(OneRegister.timer(.physicalCompare).id == Self.system(3, 3, 14, 2, 2))
        #expect(OneRegister.timer(.physicalCounter).id == Self.system(3, 3, 14, 0, 1))
        #expect(OneRegister(name: "cntvct_el0") == .timer(.virtualCounter))
        #expect(OneRegister(name: "TIMER_CVAL") == OneRegister(name: "CNTV_CVAL_EL0"))
    }

    @Test func idsAndNamesLeadBack() {
        var registers: [OneRegister] = (0..<31).map { .x($0) } + (0..<32).map { .v($0) }
        registers += [.sp_EL0, .pc, .pstate, .sp_EL1, .elr_EL1, .fpsr, .fpcr, .psciVersion]
        registers += OneRegister.SavedStatus.allCases.map { .spsr($0) }
        registers += OneRegister.Timer.allCases.map { .timer($0) }
        registers += [SystemRegister.SCTLR_EL1, .DBGBVR5_EL1, .ID_AA64MMFR4_EL1].map { .system($0.encoding) }
        for register in registers {
            #expect(OneRegister(id: register.id) == register)
            #expect(OneRegister(name: register.name) == register, "\(register.name)")
            #expect(OneRegister(name: register.name.lowercased()) == register)
        }
        #expect(Set(registers.map(\.id)).count == registers.count)
        #expect(OneRegister(name: "X31") == nil && OneRegister(name: "") == nil)
    }

    @Test(
        arguments: [
            // Another architecture, another size, between two registers, beyond the last, no group, other firmware.
            0x4030_0000_0010_0000, 0x6020_0000_0010_0000, 0x6030_0000_0010_0001, 0x6030_0000_0010_0054,
            0x6020_0000_0010_00D6, 0x6030_0000_0012_0000, 0x6030_0000_0014_0001, 0x6030_0000_0010_0000 | 1 << 40, 0,
            UInt64.max, 0x6030_0000_0010_0052,
        ] as [UInt64])
    func noRegisterHasTheId(id: UInt64) { #expect(OneRegister(id: id) == nil) }
}
