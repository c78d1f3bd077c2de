import Shared

// What the link does for system registers, until it is there.
extension VCPU {
    /// ICC_SGI1R_EL1 (group 1), ICC_SGI0R_EL1 and ICC_ASGI1R_EL1 (group 0).
    mutating func sendSGI(_ value: UInt64, group: UInt32) -> Outcome { .next }
}
