import Shared
import Testing

@testable import VCPUWorker

@Suite struct SystemRegisterTableTests {
    @Test func noEncodingStandsTwice() {
        var seen = Set<UInt16>()
        for row in SystemRegisterTable.rows {
            #expect(seen.insert(row.encoding.rawValue).inserted, "\(row.name)")
            #expect(SystemRegisterTable.row(row.encoding)?.name.description == row.name.description)
        }
        #expect(SystemRegisterTable.rows.count < 255, "a row number is a byte")
    }

    @Test func rowsStandInTheOrderOfTheEncodings() {
        // The debug registers of one number are neighbours in the manual's list, so they are ordered by name there.
        let rows = SystemRegisterTable.rows.filter { !$0.name.description.hasPrefix("DBG") }
        for (row, next) in zip(rows, rows.dropFirst()) {
            #expect(row.encoding.rawValue < next.encoding.rawValue, "\(row.name) before \(next.name)")
        }
    }

    @Test func everyRegisterWithANameHasARowOrReadsAsZero() {
        let rows = Set(SystemRegisterTable.rows.map(\.register))
        for register in SystemRegister.allCases where !rows.contains(register) {
            #expect(SystemRegisterTable.row(register.encoding)?.register == SystemRegisterTable.reservedID.register)
        }
        #expect(rows.isSubset(of: SystemRegister.allCases))
        #expect(SystemRegister.SCTLR_EL1.encoding == SystemRegisterEncoding(3, 0, 1, 0, 0))
        #expect(SystemRegister.SCTLR_EL1.name == "SCTLR_EL1")
    }

    @Test func unnamedIdentificationRegistersReadAsZero() throws {
        for crm in UInt16(1)...7 {
            for op2 in UInt16(0)...7 {
                let row = try #require(SystemRegisterTable.row(SystemRegisterEncoding(3, 0, 0, crm, op2)))
                guard row.encoding == SystemRegisterTable.reservedID.encoding else { continue }
                #expect(row.permissions == .el1Read)
            }
        }
        #expect(SystemRegisterTable.row(SystemRegisterEncoding(3, 0, 0, 8, 0)) == nil)
        #expect(SystemRegisterTable.row(SystemRegisterEncoding(3, 3, 9, 12, 0)) == nil, "PMCR_EL0: no PMU")
        #expect(SystemRegisterTable.row(SystemRegisterEncoding(1, 0, 7, 5, 0)) == nil, "not a register")
    }

    @Test func identificationSaysWhatIsThere() {
        #expect(IDRegisterSet.implemented[.pfr0] == 0x1300_0000_0111_0011)
        #expect(IDRegisters.id_AA64DFR0_EL1 == 0x1030_5006)
        #expect(IDRegisterSet.implemented[.isar0] == 0x0010_1000_1021_1120)
        #expect(IDRegisterSet.implemented[.isar1] == 0x0010_0001)
        #expect(IDRegisters.id_AA64MMFR0_EL1(physicalAddressBits: 32) == 0x0010_0020)
        #expect(IDRegisters.id_AA64MMFR0_EL1(physicalAddressBits: 40) == 0x0010_0022)
        #expect(IDRegisters.id_AA64MMFR0_EL1(physicalAddressBits: 48) == 0x0010_0025)
        #expect(IDRegisterSet.implemented[.mmfr1] == 0x0020_0000)
        #expect(IDRegisterSet.implemented[.mmfr2] == 0x1000_0000_0000_0010)
        #expect(IDRegisters.ctr_EL0 == 0x8444_C004)
        #expect(IDRegisters.midr_EL1 == 0x000F_A3D1)
    }

    @Test func unknownEncodingsAreReportedOnceAndNotForEver() {
        var unknown = UnknownEncodings()
        let reported = [7, 7, 8].map { unknown.insert($0) }
        #expect(reported == [true, false, true])
        let count = (UInt32(100)..<200).count { unknown.insert($0) }
        #expect(count == UnknownEncodings.limit - 2)
    }
}
