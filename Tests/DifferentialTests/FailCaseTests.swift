import Shared
import Testing

@testable import VCPUWorker

/// Cases that once failed, each in a file of Tests/Fixtures/FailCases.
@Suite struct FailCaseTests {
    static let folder = Fixtures.folder + "FailCases/"
    static let names = (try? TextFile.names(in: folder, suffix: ".case")) ?? []

    @Test func thereAreCases() { #expect(!Self.names.isEmpty) }

    @Test(arguments: names)
    func agrees(_ name: String) throws {
        let failCase = try FailCase(text: TextFile.read(Self.folder + name))
        let engine = try ComparisonEngine()
        for isTranslated in [false, true] {
            var comparison = failCase.comparison
            comparison.isTranslated = isTranslated
            guard !failCase.expected.isEmpty else {
                #expect(engine.differences(comparison) == [])
                continue
            }
            let result = Dictionary(uniqueKeysWithValues: FailCase.registers(of: engine.ours(after: comparison)))
            for (register, value) in failCase.expected { #expect(result[register] == value, "\(register)") }
        }
    }

    @Test func readsWhatItWrites() throws {
        var generator = SplitMix64(seed: 1)
        var comparison = ComparisonCase(
            words: [0x1E22_2820, 0xD503_201F], state: RandomStates(seed: 7).state(using: &generator), dataSeed: 5,
            isTranslated: true)
        comparison.state.fpcr = 0x0100_0000
        var failCase = FailCase(comparison, title: "two\nlines")
        failCase.expected["x1"] = "12"
        let read = try FailCase(text: failCase.text)
        #expect(read.text == failCase.text)
        #expect(read.comparison.words == comparison.words && read.comparison.state == comparison.state)
        #expect(read.comparison.isTranslated && read.comparison.dataSeed == 5 && read.expected == ["x1": "12"])
    }
}
