import ArgumentParser
import Shared

/// Of `armada run`: what the vCPUs have.
struct CPUOptions: ParsableArguments {
    @Option(
        name: .customLong("cpu"),
        help: ArgumentHelp(
            """
            What the vCPUs have of the PE's features: a list like lse=off,crc32=off, by the architecture's names with or \
            without FEAT_. Each is on unless it is off: \(CPUFeature.allCases.map(\.name).joined(separator: ", ")).
            """, valueName: "list"),
        transform: FeatureList.init)
    var features: FeatureList?

    @Option(
        name: .customLong("id-register"),
        help: ArgumentHelp(
            """
            What an identification register says; may be given several times. Each field can be lowered, as under KVM: \
            \(IDRegister.allCases.map(\.name).joined(separator: ", ")).
            """, valueName: "register=value"),
        transform: IDRegisterArgument.init)
    var registers: [IDRegisterArgument] = []

    var selection: CPUSelection {
        CPUSelection(
            removed: features?.removed ?? [],
            values: Dictionary(registers.map { ($0.register, $0.value) }) { _, last in last })
    }

    func validate() throws {
        if let problem = selection.problem { throw ValidationError(problem) }
    }
}

/// `lse=off,FEAT_CRC32=on`.
struct FeatureList {
    private(set) var removed: CPUFeatureSet = []

    init(_ text: String) throws {
        var seen: CPUFeatureSet = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, parts[1] == "on" || parts[1] == "off" else {
                throw ValidationError(
                    "--cpu \(printable(text)) is no list of features: give FEATURE=on or FEATURE=off, with commas between; "
                        + "how many vCPUs there are is --cpus")
            }
            guard let feature = CPUFeature(name: parts[0]) else { throw ValidationError(Self.refusal(of: parts[0])) }
            guard !seen.contains(feature) else {
                throw ValidationError("--cpu \(printable(text)) has \(feature.name) twice: give it once")
            }
            seen.formUnion(CPUFeatureSet(feature))
            if parts[1] == "off" { removed.formUnion(CPUFeatureSet(feature)) }
        }
    }

    private static func refusal(of name: String) -> String {
        if ["FP", "ADVSIMD"].contains(CPUFeature.key(name)) {
            return "FP and Advanced SIMD are always there and cannot be taken away: leave \(printable(name)) out"
        }
        let features = CPUFeature.allCases.map(\.name).joined(separator: ", ")
        return "the PE has no feature \(printable(name)): leave it out, or give one of \(features)"
    }
}

/// `ID_AA64ISAR0_EL1=0x1021_0000`.
struct IDRegisterArgument {
    let register: IDRegister
    let value: UInt64

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let value = WordArgument(argument: parts[1]) else {
            throw ValidationError(
                "--id-register \(printable(text)) is not possible: give REGISTER=VALUE, the value decimal or with 0x")
        }
        let found = IDRegister.allCases.first { $0.name == parts[0].uppercased() }
        guard let found else {
            let names = IDRegister.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("what \(printable(parts[0])) says cannot be chosen: give one of \(names)")
        }
        register = found
        self.value = value.value
    }
}
