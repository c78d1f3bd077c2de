import CHost
import Shared
import Testing

@testable import Coordinator

/// KVM_SET_ONE_REG of what the vCPUs have in common.
@Suite struct IdentificationTests {
    private static let isar0 = IDRegister.isar0.id
    private static let full = UInt128(IDRegisterSet.implemented[.isar0])

    private func write(_ machine: TestMachine, _ values: (UInt64, UInt128)..., vcpu: Int = 0) -> String? {
        switch machine.vm.writeRegisters(vcpu: vcpu, values.map { RegisterValue(id: $0.0, value: $0.1) }) {
        case .now(.done): return nil
        case .now(.failure(let text)): return text
        default: return "something else"
        }
    }

    /// As `armada run --paused` leaves them.
    private func machine(vcpuCount: Int = 1) throws -> TestMachine {
        let machine = try TestMachine(vcpuCount: vcpuCount)
        machine.vm.powerOn(machine.vm.vcpus[0], ResetState(pc: 0x4008_0000, x0: 0))
        machine.vm.pause(machine.vm.vcpus.indices)
        machine.vm.wakeKicked()
        #expect(machine.vm.vcpus[0].state == .paused && machine.workers[0].next() == .nothing)
        return machine
    }

    @Test func everyWorkerIsToldBeforeItsFirstEntry() throws {
        let machine = try machine(vcpuCount: 3)
        #expect(write(machine, (Self.isar0, Self.full & ~(0xF << 20)), vcpu: 1) == nil)
        var expected = IDRegisterSet.implemented
        expected.remove(.LSE)
        #expect(machine.vm.identification == expected)
        machine.vm.resume(machine.vm.vcpus.indices)
        for worker in machine.workers {
            #expect(worker.next() == .identification && worker.identification == expected)
        }
        #expect(machine.workers[0].next() == .entry && machine.workers[1].next() == .nothing)
    }

    @Test func onceTheVMHasRunTheyAreFixed() throws {
        let machine = try machine(vcpuCount: 2)
        machine.vm.resume(0..<1)
        #expect(machine.workers[0].next() == .entry)
        machine.vm.pause(0..<2)
        #expect(write(machine, (Self.isar0, 0), vcpu: 1)?.contains("ID_AA64ISAR0_EL1 is fixed (EBUSY)") == true)
        #expect(write(machine, (OneRegister.psciVersion.id, 2), vcpu: 1)?.contains("(EBUSY)") == true)
        // The value that it has is always accepted, and nobody is told.
        #expect(write(machine, (Self.isar0, Self.full), (OneRegister.psciVersion.id, 0x1_0001), vcpu: 1) == nil)
        #expect(machine.workers[1].next() == .nothing && machine.vm.identification == .implemented)
    }

    @Test func whatThePEHasNotIsRefused() throws {
        let machine = try machine()
        #expect(
            write(machine, (Self.isar0, Self.full | 1 << 63))
                == "ID_AA64ISAR0_EL1 cannot be 0x8010100010211120: its bits 0x8000000000000000 are beyond the PE's "
                + "0x10100010211120: give them as there (EINVAL)")
        #expect(write(machine, (Self.isar0, 1 << 64))?.contains("(EINVAL)") == true)
        #expect(
            write(machine, (Self.isar0, Self.full & ~0xF00))
                == "FEAT_SHA256 needs FEAT_SHA1: take both away, or neither (EINVAL)")
        // Two registers that only together are possible.
        let pfr0 = UInt128(IDRegisterSet.implemented[.pfr0]) & ~(0xF << 60)
        let mmfr2 = UInt128(IDRegisterSet.implemented[.mmfr2]) & ~(0xF << 60)
        #expect(write(machine, (IDRegister.pfr0.id, pfr0))?.contains("FEAT_E0PD needs FEAT_CSV3") == true)
        #expect(machine.workers[0].next() == .nothing && machine.vm.identification == .implemented)
        #expect(write(machine, (IDRegister.pfr0.id, pfr0), (IDRegister.mmfr2.id, mmfr2)) == nil)
        #expect(machine.workers[0].next() == .identification && machine.workers[0].next() == .nothing)
    }

    /// A vCPU's registers are its worker's to judge, so that all or none could not be promised.
    @Test func theyAreNotChangedTogetherWithAVCPUs() throws {
        let machine = try machine()
        let pc = OneRegister.pc.id
        #expect(write(machine, (pc, 0), (Self.isar0, 0x11120))?.contains("write it by itself") == true)
        #expect(write(machine, (pc, 0), (OneRegister.psciVersion.id, 2))?.contains("write it by itself") == true)
        #expect(machine.workers[0].next() == .nothing && machine.vm.psciVersion == .v1_1)
        #expect(write(machine, (pc, 0), (Self.isar0, Self.full)) == "something else", "it goes to the worker")
        #expect(machine.workers[0].next() == .registerAccess && machine.workers[0].access.ids == [pc])
    }

    @Test func thePSCIVersionCanBeChosen() throws {
        let machine = try machine()
        #expect(write(machine, (OneRegister.psciVersion.id, 3))?.contains("give one of 0x2, 0x10000, 0x10001") == true)
        #expect(write(machine, (OneRegister.psciVersion.id, 2)) == nil && machine.vm.psciVersion == .v0_2)
        machine.vm.resume(0..<1)
        #expect(machine.workers[0].next() == .entry)
        machine.exit(ExceptionSyndrome(.hvc64), registers: [0x8400_0000])
        #expect(machine.workers[0].entry.writeValues[0] == 2)
    }
}
