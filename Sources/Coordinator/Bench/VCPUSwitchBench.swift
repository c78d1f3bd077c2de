import CHost
import Shared

/// `vcpu_switch`: two virtual machines that take turns on one processor.
enum VCPUSwitchBench {
    static func measure(
        _ configuration: VMConfiguration, _ bench: ExitBench, into results: inout [BenchReport.Operation]
    ) -> String? {
        var configuration = configuration
        configuration.vcpuCount = 1
        // All four processes on one processor: it is the switch that is measured.
        configuration.pin = .same
        return nil
    }
}
