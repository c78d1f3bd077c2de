import Glibc
import Shared

/// The device tree of the machine that `PhysicalMap` draws.
///
/// Source: Devicetree Specification, and Linux `Documentation/devicetree/bindings` for each `compatible`.
enum DeviceTree {
    private enum Phandle {
        static let interruptController: UInt32 = 1
        static let clock: UInt32 = 2
        static let firstCPU: UInt32 = 0x100
    }

    private static let levelHigh: UInt32 = 4
    private static let levelLow: UInt32 = 8

    static func make(
        configuration: VMConfiguration, ram: Range<IPA>, initrd: Range<IPA>?
    ) throws(BootError) -> [UInt8] {
        var tree = DeviceTreeWriter()
        tree.beginNode("")
        tree.property("compatible", strings: "linux,dummy-virt")
        tree.property("model", strings: "armada")
        tree.property("#address-cells", cells: [2])
        tree.property("#size-cells", cells: [2])
        tree.property("interrupt-parent", cells: [Phandle.interruptController])
        addChosen(&tree, configuration: configuration, initrd: initrd)
        tree.beginNode("aliases")
        tree.property("serial0", strings: serialPath)
        tree.endNode()
        addMemory(&tree, ram: ram)
        addCPUs(&tree, count: configuration.vcpuCount)
        tree.beginNode("psci")
        if configuration.psciVersion == .v0_2 {
            tree.property("compatible", strings: "arm,psci-0.2")
        } else {
            tree.property("compatible", strings: "arm,psci-1.0", "arm,psci-0.2")
        }
        tree.property("method", strings: "hvc")
        tree.endNode()
        addTimer(&tree)
        addInterruptController(&tree, vcpuCount: configuration.vcpuCount)
        addDevices(&tree)
        tree.endNode()
        return try tree.finish()
    }

    private static let serialPath = "/pl011@" + hex(PhysicalMap.pl011)

    private static func addChosen(
        _ tree: inout DeviceTreeWriter, configuration: VMConfiguration, initrd: Range<IPA>?
    ) {
        tree.beginNode("chosen")
        if !configuration.commandLine.isEmpty { tree.property("bootargs", strings: configuration.commandLine) }
        tree.property("stdout-path", strings: serialPath)
        if let initrd {
            tree.property("linux,initrd-start", doubleCells: [initrd.lowerBound.rawValue])
            tree.property("linux,initrd-end", doubleCells: [initrd.upperBound.rawValue])
        }
        if let lockstep = configuration.lockstep {
            addSeeds(&tree, SplitMix64(seed: lockstep.seed))
        } else {
            addSeeds(&tree, SystemRandomNumberGenerator())
        }
        tree.endNode()
    }

    private static func addMemory(_ tree: inout DeviceTreeWriter, ram: Range<IPA>) {
        tree.beginNode("memory@" + hex(ram.lowerBound))
        tree.property("device_type", strings: "memory")
        tree.property("reg", doubleCells: [ram.lowerBound.rawValue, ram.upperBound.rawValue - ram.lowerBound.rawValue])
        tree.endNode()
    }

    private static func addCPUs(_ tree: inout DeviceTreeWriter, count: Int) {
        tree.beginNode("cpus")
        tree.property("#address-cells", cells: [1])
        tree.property("#size-cells", cells: [0])
        for index in 0..<count {
            let affinity = UInt32(truncatingIfNeeded: MPIDR(vcpuIndex: index).rawValue)
            tree.beginNode("cpu@" + String(affinity, radix: 16))
            tree.property("device_type", strings: "cpu")
            tree.property("compatible", strings: "arm,armv8")
            tree.property("reg", cells: [affinity])
            tree.property("enable-method", strings: "psci")
            tree.property("phandle", cells: [Phandle.firstCPU + UInt32(index)])
            tree.endNode()
        }
        addTopology(&tree, count: count)
        tree.endNode()
    }

    /// One socket, and a cluster for each 16 vCPUs as in MPIDR.
    private static func addTopology(_ tree: inout DeviceTreeWriter, count: Int) {
        tree.beginNode("cpu-map")
        tree.beginNode("socket0")
        for cluster in 0..<(count + 15) / 16 {
            tree.beginNode("cluster\(cluster)")
            for core in 0..<min(16, count - 16 * cluster) {
                tree.beginNode("core\(core)")
                tree.property("cpu", cells: [Phandle.firstCPU + UInt32(16 * cluster + core)])
                tree.endNode()
            }
            tree.endNode()
        }
        tree.endNode()
        tree.endNode()
    }

    private static func addTimer(_ tree: inout DeviceTreeWriter) {
        tree.beginNode("timer")
        tree.property("compatible", strings: "arm,armv8-timer")
        tree.property("always-on")
        // Secure physical, physical, virtual, hypervisor physical.
        let interrupts: [UInt32] = [
            29, PhysicalMap.physicalTimerINTID, PhysicalMap.virtualTimerINTID, PhysicalMap.hypervisorPhysicalTimerINTID,
        ]
        tree.property("interrupts", cells: interrupts.flatMap { [1, $0 - 16, levelLow] })
        tree.endNode()
    }

    private static func addInterruptController(_ tree: inout DeviceTreeWriter, vcpuCount: Int) {
        let first = min(vcpuCount, PhysicalMap.gicRedistributorFirstRegionCount)
        var regions = [
            PhysicalMap.gicDistributor.rawValue, PhysicalMap.gicDistributorByteCount,
            PhysicalMap.gicRedistributor.rawValue, UInt64(first) * PhysicalMap.gicRedistributorStride,
        ]
        if vcpuCount > first {
            regions += [
                PhysicalMap.gicHighRedistributor.rawValue,
                UInt64(vcpuCount - first) * PhysicalMap.gicRedistributorStride,
            ]
        }
        tree.beginNode("intc@" + hex(PhysicalMap.gicDistributor))
        tree.property("compatible", strings: "arm,gic-v3")
        tree.property("interrupt-controller")
        tree.property("#interrupt-cells", cells: [3])
        tree.property("#address-cells", cells: [2])
        tree.property("#size-cells", cells: [2])
        tree.property("ranges")
        tree.property("#redistributor-regions", cells: [UInt32(regions.count / 2 - 1)])
        tree.property("reg", doubleCells: regions)
        tree.property("phandle", cells: [Phandle.interruptController])
        tree.endNode()
    }

    private static func addDevices(_ tree: inout DeviceTreeWriter) {
        tree.beginNode("apb-pclk")
        tree.property("compatible", strings: "fixed-clock")
        tree.property("#clock-cells", cells: [0])
        tree.property("clock-frequency", cells: [24_000_000])
        tree.property("clock-output-names", strings: "clk24mhz")
        tree.property("phandle", cells: [Phandle.clock])
        tree.endNode()

        tree.beginNode("pl011@" + hex(PhysicalMap.pl011))
        tree.property("compatible", strings: "arm,pl011", "arm,primecell")
        tree.property("reg", doubleCells: [PhysicalMap.pl011.rawValue, PhysicalMap.pl011ByteCount])
        tree.property("interrupts", cells: [0, PhysicalMap.pl011INTID - 32, levelHigh])
        tree.property("clocks", cells: [Phandle.clock, Phandle.clock])
        tree.property("clock-names", strings: "uartclk", "apb_pclk")
        tree.endNode()

        tree.beginNode("pl031@" + hex(PhysicalMap.pl031))
        tree.property("compatible", strings: "arm,pl031", "arm,primecell")
        tree.property("reg", doubleCells: [PhysicalMap.pl031.rawValue, PhysicalMap.pl031ByteCount])
        tree.property("interrupts", cells: [0, PhysicalMap.pl031INTID - 32, levelHigh])
        tree.property("clocks", cells: [Phandle.clock])
        tree.property("clock-names", strings: "apb_pclk")
        tree.endNode()
    }

    private static func hex(_ address: IPA) -> String { String(address.rawValue, radix: 16) }

    private static func addSeeds(_ tree: inout DeviceTreeWriter, _ source: some RandomNumberGenerator) {
        var source = source
        func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: source.next()) } }
        tree.property("kaslr-seed", bytes: bytes(8))
        tree.property("rng-seed", bytes: bytes(32))
    }
}
