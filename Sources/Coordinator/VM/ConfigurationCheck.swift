import Glibc
import Shared

extension VMConfiguration {
    /// Refuses what no VM can be made of.
    func check() throws(VMError) {
        guard (1...WireProtocol.maximumVCPUCount).contains(vcpuCount) else {
            throw .configuration("\(vcpuCount) vCPUs: a VM has 1 to \(WireProtocol.maximumVCPUCount)")
        }
        guard (1...CPUInterfaceState.maximumListRegisterCount).contains(listRegisterCount) else {
            throw .configuration("\(listRegisterCount) list registers: a vCPU has 1 to 16")
        }
        if let problem = cpu.problem { throw .configuration(problem) }
        try checkAddressSpace()
        let host = UInt64(clamping: sysconf(Int32(_SC_PHYS_PAGES))) &* UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
        guard memoryByteCount <= host else {
            throw .configuration(
                "\(memoryByteCount >> 20) MiB of memory: this host has \(host >> 20) MiB; ask for less with --memory")
        }
    }

    /// Whether RAM and devices fit into the guest's physical addresses.
    private func checkAddressSpace() throws(VMError) {
        let geometry = stage2Geometry
        guard Stage2Geometry.legalIPABits.contains(geometry.ipaBits) else {
            throw .configuration("an IPA size of \(geometry.ipaBits) bits: a VM has 32 to 48")
        }
        guard memoryByteCount > 0, memoryByteCount & geometry.pageMask == 0 else {
            let page = geometry.pageByteCount >> 10
            throw .configuration("\(memoryByteCount) bytes of memory: it must be a multiple of \(page) KiB and not 0")
        }
        if let problem = geometry.problem(memoryByteCount: memoryByteCount, vcpuCount: vcpuCount) {
            throw .configuration(problem)
        }
    }
}

extension Stage2Geometry {
    /// The most RAM that a VM can have.
    var memoryByteLimit: UInt64 { min(PhysicalMap.ramLimit.rawValue, ipaLimit) - PhysicalMap.ram.rawValue }

    /// Why RAM and redistributors of so much memory and so many vCPUs do not fit; nil: they do.
    func problem(memoryByteCount: UInt64, vcpuCount: Int) -> String? {
        guard memoryByteCount <= memoryByteLimit else {
            return "\(memoryByteCount >> 20) MiB of memory: with an IPA size of \(ipaBits) bits a VM has at most "
                + "\(memoryByteLimit >> 20) MiB; ask for less with --memory"
        }
        let second = max(vcpuCount - PhysicalMap.gicRedistributorFirstRegionCount, 0)
        let end = PhysicalMap.gicHighRedistributor.rawValue + UInt64(second) * PhysicalMap.gicRedistributorStride
        guard second == 0 || end <= ipaLimit else {
            return "\(vcpuCount) vCPUs with an IPA size of \(ipaBits) bits: those beyond "
                + "\(PhysicalMap.gicRedistributorFirstRegionCount) have their redistributors at "
                + "\(PhysicalMap.gicHighRedistributor); give an IPA size of at least 39 bits"
        }
        return nil
    }
}
