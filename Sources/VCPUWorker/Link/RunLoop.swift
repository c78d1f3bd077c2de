import CHost
import Glibc
import Shared

/// A worker's life after the handshake: Entry, the guest, Exit, and again.
enum RunLoop {
    /// Runs the vCPU until the VM ends, and returns the process's exit status.
    static func run(
        _ resources: borrowing VMResources, link: UnsafeMutablePointer<WorkerLink>, processorCount: Int
    ) throws(LinkError) -> CInt {
        0
    }
}
