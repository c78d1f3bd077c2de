import Histogram

/// One file in HdrHistogram's percentile output format for each operation with samples, which HdrHistogram's plotter takes.
/// Values are in nanoseconds.
enum HGRMReport {
    /// Writes the files into `directory`, which is made if it is not there. What can be written is written, whatever fails;
    /// the first failure is thrown at the end. Returns the paths.
    @discardableResult
    static func write(_ report: BenchReport, directory: String) throws(ReportError) -> [String] {
        try ReportFile.makeDirectory(directory)
        var paths: [String] = []
        var failure: ReportError?
        for file in files(of: report) {
            let path = directory + (directory.hasSuffix("/") ? "" : "/") + file.name
            do throws(ReportError) {
                try ReportFile.write(file.text, to: path)
                paths.append(path)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return paths
    }

    static func files(of report: BenchReport) -> [(name: String, text: String)] {
        var names: Set<String> = []
        var files: [(name: String, text: String)] = []
        for (index, run) in report.runs.enumerated() {
            for operation in run.operations where operation.hasSamples {
                var name = safe(operation.name) + (report.runs.count > 1 ? "-" + suffix(run.configuration) : "")
                if !names.insert(name).inserted {
                    name += "-run\(index + 1)-\(files.count + 1)"
                    names.insert(name)
                }
                files.append((name + ".hgrm", text(operation.guest)))
            }
        }
        return files
    }

    static func text(_ distribution: BenchReport.Distribution) -> String {
        var text = ""
        distribution.histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1)
        return text
    }

    private static func suffix(_ configuration: BenchReport.Configuration) -> String {
        "\(configuration.vcpuCount)vcpu-\(configuration.pin.rawValue)-poll\(configuration.haltPoll.isFixed ? "fixed" : "")\(configuration.haltPoll.nanoseconds)"
            + (configuration.worldSwitch.isEmpty ? "" : "-" + safe(configuration.worldSwitch))
    }

    /// A part of a file's name.
    private static func safe(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") ? $0 : "_" })
    }
}
