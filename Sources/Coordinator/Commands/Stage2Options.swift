import ArgumentParser
import Shared

/// The shape of the stage-2 tables.
struct Stage2Options: ParsableArguments {
    @Option(
        name: .customLong("ipa-size"),
        help: ArgumentHelp(
            "Bits of the guest's physical addresses, 32 to 48. The vCPUs have the next larger size that there is.",
            valueName: "bits"))
    var ipaSize = Stage2Geometry().ipaBits

    @Option(
        name: .customLong("stage2-granule"),
        help: ArgumentHelp("Pages and tables of stage 2: 4K, 16K or 64K.", valueName: "4K|16K|64K"))
    var granule = Stage2Geometry().granule

    func validate() throws {
        guard Stage2Geometry.legalIPABits.contains(ipaSize) else {
            throw ValidationError("--ipa-size \(ipaSize) is not possible: give 32 to 48")
        }
    }

    var geometry: Stage2Geometry { Stage2Geometry(granule: granule, ipaBits: ipaSize) }
}

extension TranslationGranule: ExpressibleByArgument {
    public init?(argument: String) {
        guard let granule = Self.all.first(where: { $0.defaultValueDescription == argument.uppercased() }) else {
            return nil
        }
        self = granule
    }

    public var defaultValueDescription: String { "\(1 << (Int(pageBits) - 10))K" }

    public static var allValueStrings: [String] { all.map(\.defaultValueDescription) }
}
