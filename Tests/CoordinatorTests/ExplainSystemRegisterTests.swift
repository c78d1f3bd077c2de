import Foundation
import Shared
import Testing

@testable import Coordinator
@testable import VCPUWorker

@Suite struct ExplainSystemRegisterTests {
    private func problem(_ text: String) -> String {
        if case .failure(let problem) = SystemRegisterArgument.parse(text) { problem.message } else { "(none)" }
    }

    @Test(arguments: ["SCTLR_EL1", "sctlr_el1", "S3_0_C1_C0_0", "s3_0_c1_c0_0", "3,0,1,0,0", "3, 0, 1, 0, 0"])
    func oneRegisterInAllForms(text: String) throws {
        let encoding = try SystemRegisterArgument.parse(text).get()
        #expect(encoding == SystemRegisterEncoding(3, 0, 1, 0, 0))
        let explanation = SystemRegisterExplanation(encoding: encoding).text
        for part in [
            "SCTLR_EL1, S3_0_C1_C0_0", "op0 3, op1 0, CRn 1, CRm 0, op2 0", "0xd5381000", "0xd5181000",
            "ESR_ELx 0x62300401, ISS 0x0300401", "ESR_ELx 0x62300400, ISS 0x0300400", "the worker, without an exit",
        ] { #expect(explanation.contains(part), "\(part)") }
    }

    @Test(arguments: ["DC CIVAC", "dc-civac", "DC_CIVAC", "S1_3_C7_C14_1", "1,3,7,14,1"])
    func systemInstruction(text: String) throws {
        let explanation = SystemRegisterExplanation(encoding: try SystemRegisterArgument.parse(text).get()).text
        #expect(explanation.contains("DC CIVAC, S1_3_C7_C14_1") && explanation.contains("0xd50b7e20  dc civac, x0"))
    }

    @Test func badInputIsNamed() {
        #expect(problem("SCTRL_EL1").contains("SCTLR_EL1?"))
        #expect(problem("nonsense").contains("S3_0_C1_C0_0"))
        #expect(problem("3,0,1,0").contains("has 4 numbers"))
        #expect(problem("3,0,1,0,8").contains("op2 8 is not possible: give 0 to 7"))
        #expect(problem("4,0,1,0,0").contains("op0 4"))
        #expect(problem("0,0,1,0,0").contains("op0 0"))
        #expect(problem("S3_0_C16_C0_0").contains("CRn 16 is not possible: give 0 to 15"))
        #expect(problem("3,0,x,0,0").contains("is no encoding"))
        #expect(problem("S3_0_1_C0_0").contains("is no encoding"))
        #expect(problem("3,0,1,0,99999999999999999999").contains("is no encoding"))
        #expect(problem("").contains("known"))
        #expect(problem("\u{1B}[31m").contains("?[31m"))
    }

    @Test func everyNameIsFoundAgain() {
        var seen = Set<UInt16>()
        for name in SystemName.all {
            #expect(SystemName(name.encoding) == name && SystemName(name.text.lowercased()) == name, "\(name.text)")
            #expect(seen.insert(name.encoding.rawValue).inserted, "\(name.text)")
            #expect(!SystemRegisterExplanation(encoding: name.encoding).text.isEmpty)
            let iss = name.encoding.iss(rt: 3, isRead: true)
            #expect(SystemRegisterEncoding(iss: iss) == name.encoding)
        }
    }

    @Test func everyEncodingIsExplained() {
        for number in stride(from: UInt16(0x4000), to: UInt16.max, by: 7) {
            let encoding = SystemRegisterEncoding(rawValue: number)
            let parsed = try? SystemRegisterArgument.parse("\(encoding)").get()
            #expect(parsed == encoding)
            if number % 64 == 0 { #expect(!SystemRegisterExplanation(encoding: encoding).text.isEmpty) }
        }
    }

    /// The worker's table says what stands behind each register.
    @Test func whoAnswersIsWhatTheWorkerDoes() {
        for row in SystemRegisterTable.rows {
            let answer = SystemRegisterAnswer(row.encoding)
            let expected: SystemRegisterAnswer =
                switch row.meaning {
                case .state, .constant, .identification: .worker
                case .rule(let rule):
                    switch rule {
                    case .hypervisor: .coordinator
                    case .counter, .cntvTval, .cntvCtl, .cntvCval: .fastExit
                    case .cntpTval, .cntpCtl, .cntpCval: .timerOfWorldSwitch
                    case .iccDIR: .trappedDeactivation
                    case .iccSGI0R, .iccSGI1R, .iccASGI1R: .sgi
                    case .iccPMR, .iccIAR0, .iccEOIR0, .iccHPPIR0, .iccBPR0, .iccAP0R0, .iccAP1R0, .iccRPR, .iccIAR1,
                        .iccEOIR1, .iccHPPIR1, .iccBPR1, .iccCTLR, .iccSRE, .iccIGRPEN0, .iccIGRPEN1:
                        .fastExit
                    default: .worker
                    }
                }
            #expect(answer == expected, "\(row.name)")
        }
        for name in ForeignSystemName.allCases {
            #expect(SystemRegisterTable.row(name.encoding) == nil, "\(name.name)")
            #expect(SystemRegisterAnswer(name.encoding) == .undefined, "\(name.name)")
        }
        #expect(SystemRegisterAnswer(SystemRegisterEncoding(3, 0, 0, 7, 7)) == .worker)
    }

    private static let assembler = "/usr/bin/llvm-mc"

    /// LLVM's assembler has a table of its own. Names newer than it are left out.
    @Test func anAssemblerAgrees() throws {
        var compared = 0
        var source = ""
        for name in SystemName.all {
            let text = name.text.lowercased()
            let lines =
                name.encoding.op0 == 1 ? ["\(text), x0", text] : ["mrs x0, \(text)", "msr \(text), x0"]
            source += lines.joined(separator: "\n") + "\n"
        }
        let encodings = Set(try assemble(source).map { SystemRegisterEncoding(instruction: $0).rawValue })
        for name in SystemName.all where encodings.contains(name.encoding.rawValue) { compared += 1 }
        // No word but of these names: each that the assembler knows has its encoding here.
        #expect(compared == encodings.count)
        #expect(compared > 350)
    }

    /// The words of the lines that it accepts.
    private func assemble(_ source: String) throws -> [UInt32] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.assembler)
        process.arguments = [
            "-triple=aarch64", "-show-encoding",
            "-mattr=+v8.6a,+v9a,+sme,+mte,+sve,+ras,+lor,+spe,+trbe,+rand,+predres,+el2vmsa,+el3",
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        input.fileHandleForWriting.write(Data(source.utf8))
        try input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").compactMap { line in
            guard let bracket = line.range(of: "encoding: [") else { return nil }
            let bytes = line[bracket.upperBound...].prefix { $0 != "]" }.split(separator: ",").compactMap {
                UInt32($0.dropFirst(2), radix: 16)
            }
            guard bytes.count == 4 else { return nil }
            return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | bytes[3] << 24
        }
    }
}
