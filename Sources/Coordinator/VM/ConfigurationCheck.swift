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
        guard memoryByteCount > 0, memoryByteCount & 0xFFF == 0 else {
            throw .configuration("\(memoryByteCount) bytes of memory: it must be a multiple of 4 KiB and not 0")
        }
        let limit = PhysicalMap.ramLimit.rawValue - PhysicalMap.ram.rawValue
        guard memoryByteCount <= limit else {
            throw .configuration("\(memoryByteCount >> 20) MiB of memory: a VM has at most \(limit >> 20) MiB")
        }
        let host = UInt64(clamping: sysconf(Int32(_SC_PHYS_PAGES))) &* UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
        guard memoryByteCount <= host else {
            throw .configuration(
                "\(memoryByteCount >> 20) MiB of memory: this host has \(host >> 20) MiB; ask for less with --memory")
        }
    }
}
