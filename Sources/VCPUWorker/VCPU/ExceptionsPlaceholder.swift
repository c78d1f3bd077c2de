import Shared

// Until VCPU/Exceptions.swift is there; delete this file with it.
extension VCPU {
    mutating func takeSynchronous(_ syndrome: ExceptionSyndrome, far: UInt64?, returnAddress: UInt64) -> Outcome {
        .redirect
    }
    mutating func raise(_ fault: MemoryFault, instruction: UInt32) -> Outcome { .redirect }
}
