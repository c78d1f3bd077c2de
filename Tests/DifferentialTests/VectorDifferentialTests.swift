import Testing

@testable import VCPUWorker

/// Floating-point and Advanced SIMD data processing on a bare register file.
enum VectorExecutor: InstructionExecutor {
    static func execute(_ op: Op, on state: inout MachineState) {
        withUnsafeTemporaryAllocation(byteCount: 64 * 8 + RegisterSlot.count * 8, alignment: 16) { buffer in
            let words = buffer.bindMemory(to: UInt64.self)
            guard let v = words.baseAddress else { return }
            let x = v + 64
            for index in 0..<64 { v[index] = state.v[index] }
            for index in 0..<31 { x[index] = state.x[index] }
            x[Int(RegisterSlot.sp)] = 0x5555_5555_5555_5555
            x[Int(RegisterSlot.zero)] = 0
            x[Int(RegisterSlot.sink)] = 0
            VectorUnit.execute(op, x: x, v: v, nzcv: &state.nzcv, fpcr: state.fpcr, fpsr: &state.fpsr)
            for index in 0..<64 { state.v[index] = v[index] }
            for index in 0..<31 { state.x[index] = x[index] }
        }
    }
}

@Suite struct VectorDifferentialTests {
    @Test func agreesWithUnicorn() throws {
        let exclusion = DifferentialHarness.Exclusion(
            name: QEMUUserTests.signExtended, reason: "an error of QEMU; QEMUUserTests compare its 16 bits")
        let harness = DifferentialHarness(rows: VectorEncodings.rows, exclusions: [exclusion])
        let mismatches = try harness.run(VectorExecutor.self, countPerRow: 200, seed: 1)
        for mismatch in mismatches { Issue.record("\(mismatch)") }
    }
}
