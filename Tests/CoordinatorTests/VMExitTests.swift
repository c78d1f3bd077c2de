import CHost
import Shared
import Testing

@testable import Coordinator

@Suite struct VMExitTests {
    @Test func `the boot vCPU enters with its reset state`() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.workers[0].entry.reset == ResetState(pc: 0x4008_0000, x0: 0x4400_0000))
        #expect(machine.workers[0].entry.cpuInterface.vmcr == ICH_VMCR.reset)
        #expect(armada_load32(machine.vm.vcpus[0].control.mode) == VCPUMode.inGuest.rawValue)
    }

    @Test func `HVC does not advance, SMC does`() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.call(0x8400_0000) == .entry)
        #expect(machine.x0() == 0x1_0001)
        #expect(!machine.workers[0].entry.advancePC)

        machine.exit(ExceptionSyndrome(.smc64), registers: [0x8400_0000])
        #expect(machine.x0() == 0x1_0001)
        #expect(machine.workers[0].entry.advancePC)

        machine.exit(ExceptionSyndrome(.smc64, iss: 1), registers: [0x8400_0000])
        #expect(machine.x0() == .max)
        #expect(machine.workers[0].entry.advancePC)
    }

    @Test func `every class without a row gets UNDEF and leaves PC alone`() throws {
        let machine = try TestMachine()
        machine.boot()
        let known: [ExceptionClass] = [.wfx, .hvc64, .smc64, .sys64, .iabtLow, .dabtLow]
        for number in UInt8(0)..<64 where !known.contains(ExceptionClass(rawValue: number)) {
            #expect(machine.exit(ExceptionSyndrome(ExceptionClass(rawValue: number))) == .entry)
            #expect(machine.workers[0].entry.injected.kind == .undefined)
            #expect(!machine.workers[0].entry.advancePC)
        }
        machine.exit(
            ExceptionSyndrome(.sys64, iss: SystemRegisterEncoding(3, 0, 15, 7, 7).iss(rt: 3, isRead: true)))
        #expect(machine.workers[0].entry.injected.kind == .undefined)
    }

    @Test func `the table's rows stand at their own class`() {
        #expect(arm_exit_handlers.count == 64)
        for (number, row) in arm_exit_handlers.enumerated() { #expect(Int(row.exceptionClass.rawValue) == number) }
    }

    @Test func `an illegal exception return ends the run`() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.exit(ExceptionSyndrome(rawValue: 0), code: .illegal) == .nothing)
        guard case .failed = machine.vm.outcome else { return #expect(Bool(false), "\(machine.vm.outcome as Any)") }
    }

    @Test func `an exit with an SError is not handled but replayed`() throws {
        let machine = try TestMachine()
        machine.boot()
        let code = ExitCode(rawValue: ExitCode.trap.rawValue | ExitCode.withSErrorBit)
        #expect(machine.exit(ExceptionSyndrome(.hvc64), registers: [0x8400_0008], code: code) == .entry)
        #expect(machine.vm.outcome == nil)
        #expect(machine.x0() == nil)
    }

    // MARK: Aborts

    private func dataAbort(
        _ status: FaultStatus = .translation(level: 1), write: Bool = false, valid: Bool = true, size: UInt32 = 3,
        register: UInt32 = 1, extra: UInt32 = 1 << 15
    ) -> ExceptionSyndrome {
        ExceptionSyndrome(
            .dabtLow,
            iss: UInt32(status.rawValue) | (write ? 1 << 6 : 0) | (valid ? 1 << 24 : 0) | size << 22 | register << 16
                | extra)
    }

    @Test func `a fault in memory maps a 2 MiB block and retries`() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.exit(dataAbort(write: true), far: 0xFFFF_0000, ipa: 0x4043_5000) == .entry)
        #expect(!machine.workers[0].entry.advancePC)
        let leaf = try #require(machine.leaf(IPA(0x4043_5000)))
        #expect(leaf.level == 2)
        #expect(leaf.descriptor & Stage2Descriptor.addressMask == 0x40_0000)
        #expect(Stage2Permissions(leaf.descriptor) == .all)
        #expect(machine.samples(.dataUserMemory) == 1)

        machine.exit(ExceptionSyndrome(.iabtLow, iss: 0x06), ipa: 0x4008_0000)
        #expect(machine.leaf(IPA(0x4008_0000))?.level == 2)
        #expect(machine.samples(.instructionUserMemory) == 1)
    }

    @Test func `the tail of memory that is no whole block is mapped by pages`() throws {
        let machine = try TestMachine(memoryByteCount: 3 << 20)
        machine.boot()
        machine.exit(dataAbort(), ipa: 0x4020_0000)
        #expect(machine.leaf(IPA(0x4020_0000))?.level == 3)
        #expect(machine.leaf(IPA(0x4020_1000)) == nil)
    }

    @Test func `outside memory each kind of abort has its own end`() throws {
        let machine = try TestMachine()
        machine.boot()
        let nowhere: UInt64 = 0x3000_0000
        machine.exit(ExceptionSyndrome(.iabtLow, iss: 0x06), far: 0x1234, ipa: nowhere)
        #expect(machine.workers[0].entry.injected == InjectedException(.instructionAbort, address: 0x1234))

        machine.exit(dataAbort(extra: 1 << 7), far: 0x5678, ipa: nowhere)
        #expect(machine.workers[0].entry.injected == InjectedException(.dataAbort, address: 0x5678))

        machine.exit(dataAbort(valid: false, extra: 1 << 8), far: 0x5678, ipa: nowhere)
        #expect(machine.workers[0].entry.injected.kind == .none)
        #expect(machine.workers[0].entry.advancePC)

        machine.exit(dataAbort(), far: 0x9ABC, ipa: nowhere)
        #expect(machine.workers[0].entry.injected == InjectedException(.dataAbort, address: 0x9ABC))
        #expect(!machine.workers[0].entry.advancePC)
        machine.exit(dataAbort(write: true), far: 0x9ABC, ipa: nowhere)
        let written = InjectedException(.dataAbort, address: 0x9ABC, syndrome: 1 << 6)
        #expect(machine.workers[0].entry.injected == written)

        // Beyond 40 bits, whatever is said about it.
        machine.exit(dataAbort(valid: false), far: 0x77, ipa: 1 << 40)
        #expect(machine.workers[0].entry.injected == InjectedException(.dataAbort, address: 0x77))

        machine.exit(dataAbort(.externalAbort), ipa: nowhere)
        #expect(machine.workers[0].entry.injected.kind == .serror)
    }

    @Test func `an access without syndrome outside memory ends the run and says where`() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.exit(dataAbort(valid: false), ipa: 0x0900_0000) == .nothing)
        guard case .failed(let text) = machine.vm.outcome else { return #expect(Bool(false)) }
        #expect(text.contains("load/store instruction decoding not implemented"))
        #expect(text.contains("0xf9400020") && text.contains("0x40081000") && text.contains("0x9000000"))
    }

    @Test func `an unsupported fault status ends the run`() throws {
        let machine = try TestMachine()
        machine.boot()
        machine.exit(dataAbort(.tlbConflict), ipa: 0x4000_0000)
        guard case .failed = machine.vm.outcome else { return #expect(Bool(false)) }
    }

    @Test func `MMIO reads and writes reach the device with size and value, and advance`() throws {
        let machine = try TestMachine()
        let device = RecordingDevice()
        machine.vm.bus.attach(device, at: IPA(0x2000_0000), byteCount: 0x1000, name: "test")
        machine.boot()
        device.value = 0x80
        // LDRSB W5: sign-extended to 32 bits.
        machine.exit(dataAbort(size: 0, register: 5, extra: 1 << 21), ipa: 0x2000_0000)
        #expect(machine.register(5) == 0xFFFF_FF80)
        #expect(machine.workers[0].entry.advancePC)
        // LDRSB X5, then LDRB W5.
        machine.exit(dataAbort(size: 0, register: 5, extra: 1 << 21 | 1 << 15), ipa: 0x2000_0000)
        #expect(machine.register(5) == 0xFFFF_FFFF_FFFF_FF80)
        machine.exit(dataAbort(size: 0, register: 5, extra: 0), ipa: 0x2000_0000)
        #expect(machine.register(5) == 0x80)
        // LDR WZR: nothing to write.
        machine.exit(dataAbort(size: 2, register: 31, extra: 0), ipa: 0x2000_0000)
        #expect(machine.workers[0].entry.writeCount == 0)
        // STRH takes the low 16 bits.
        machine.exit(
            dataAbort(write: true, size: 1, register: 2, extra: 0), far: 0xABC, ipa: 0x2000_0ABC,
            registers: [0x1234_5678])
        #expect(device.log.last == "w 2748 2 22136 0")
        // Across the end of the window: nobody's.
        machine.exit(dataAbort(), far: 0xFFC, ipa: 0x2000_0FFC)
        #expect(machine.workers[0].entry.injected.kind == .dataAbort)
        #expect(machine.samples(.mmioReadUser) == 4)
    }

    @Test func `a write to a read-only slot goes to the bus, a read maps without write permission`() throws {
        let machine = try TestMachine()
        let device = RecordingDevice()
        try machine.vm.slots.insert(
            MemorySlot(id: 1, base: IPA(0x3000_0000), byteCount: 0x1000, output: HostOffset(0), isReadOnly: true))
        machine.vm.bus.attach(device, at: IPA(0x3000_0000), byteCount: 0x1000, name: "flash")
        machine.boot()
        machine.exit(dataAbort(), ipa: 0x3000_0000)
        let leaf = try #require(machine.leaf(IPA(0x3000_0000)))
        #expect(Stage2Permissions(leaf.descriptor) == [.read, .execute])
        machine.exit(dataAbort(.permission(level: 3), write: true), ipa: 0x3000_0000, registers: [7])
        #expect(device.log == ["w 0 8 7 0"])
    }

    @Test func `dirty logging maps pages, read-only until written`() throws {
        let machine = try TestMachine()
        try machine.vm.startLogging(0)
        machine.boot()
        let ipa = IPA(0x4012_3000)
        machine.exit(dataAbort(), ipa: ipa.rawValue)
        #expect(machine.leaf(ipa)?.level == 3)
        #expect(try machine.vm.slot(0).dirtyPages?.count == 0)
        machine.exit(dataAbort(.permission(level: 3), write: true), ipa: ipa.rawValue)
        let leaf = try #require(machine.leaf(ipa))
        #expect(Stage2Permissions(leaf.descriptor) == .all)
        #expect(try machine.vm.slot(0).dirtyPages?.ranges == [0x123..<0x124])
    }
}
