import Shared
import Testing

@testable import Coordinator

/// `--cpu` and `--id-register`.
@Suite struct CPUOptionsTests {
    private func parse(_ arguments: String...) throws -> RunCommand {
        try #require(try Armada.parseAsRoot(OptionalValue.rewrite(["run"] + arguments)) as? RunCommand)
    }

    /// The line in which the arguments are refused.
    private func refusal(_ arguments: String...) -> String {
        do {
            _ = try Armada.parseAsRoot(OptionalValue.rewrite(["run"] + arguments))
            return ""
        } catch {
            #expect(Armada.exitCode(for: error).rawValue == 64)
            return Armada.message(for: error)
        }
    }

    private func registers(_ arguments: String...) throws -> IDRegisterSet {
        let command = try #require(try Armada.parseAsRoot(OptionalValue.rewrite(["run"] + arguments)) as? RunCommand)
        return command.configuration(kernel: "guest").cpu.registers
    }

    @Test func featuresAreTakenAway() throws {
        #expect(try registers() == .implemented)
        #expect(try registers("--cpu", "lse=on,FEAT_CRC32=on") == .implemented)
        var expected = IDRegisterSet.implemented
        expected.remove(.LSE)
        expected.remove(.PMULL)
        #expect(try registers("--cpu", "FEAT_LSE=off,pmull=off,CRC32=on") == expected)
        #expect(try registers("--id-register", "ID_AA64ISAR0_EL1=0x10100010011110") == expected)
        // A register's value counts for all of it.
        #expect(
            try registers("--cpu", "lse=off", "--id-register", "id_aa64isar0_el1=0x10100010011110") == expected)
    }

    @Test func whatCannotBeSaysWhy() {
        #expect(refusal("--cpu", "sve=on").contains("the PE has no feature sve: leave it out"))
        #expect(refusal("--cpu", "FEAT_PMUv3=off").contains("the PE has no feature FEAT_PMUv3"))
        #expect(refusal("--cpu", "fp=off").contains("always there"))
        #expect(refusal("--cpu", "4").contains("--cpus"))
        for list in ["", "lse", "lse=", "=off", "lse=off,", "lse=no"] {
            #expect(refusal("--cpu", list).contains("is no list of features"), "\(list)")
        }
        #expect(refusal("--cpu", "lse=off,FEAT_LSE=on").contains("twice"))
        #expect(refusal("--cpu", "aes=off").contains("FEAT_PMULL needs FEAT_AES: take both away, or neither"))
        #expect(refusal("--id-register", "ID_AA64ISAR0_EL1").contains("REGISTER=VALUE"))
        #expect(refusal("--id-register", "ID_AA64ISAR0_EL1=0x10000000000000000").contains("REGISTER=VALUE"))
        #expect(refusal("--id-register", "MIDR_EL1=0").contains("cannot be chosen: give one of ID_AA64PFR0_EL1"))
        #expect(
            refusal("--id-register", "ID_AA64ISAR1_EL1=0x200001").contains(
                "its bits 0x200000 (LRCPC) are beyond the PE's 0x100001"))
        #expect(
            refusal("--cpu", "lse=off", "--id-register", "ID_AA64ISAR0_EL1=0x10100010211120").contains(
                "announces FEAT_LSE, which is to be taken away"))
    }

    @Test func pausingNeedsSomebodyToResume() throws {
        #expect(try parse("--paused").configuration(kernel: "guest").startsPaused)
        #expect(refusal("--paused", "--lockstep").contains("--lockstep"))
        #expect(refusal("--paused", "--control", "none").contains("control socket"))
    }

    /// Not only the command line makes VMs.
    @Test func noVMIsMadeOfWhatCannotBe() {
        var configuration = VMConfiguration(kernelPath: "guest")
        configuration.cpu.removed = CPUFeatureSet(.AES)
        #expect(throws: VMError.self) { try configuration.check() }
    }
}
