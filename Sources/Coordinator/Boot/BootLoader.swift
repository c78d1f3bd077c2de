import Shared

/// Puts kernel, device tree and initrd into guest RAM.
enum BootLoader {
    /// Loads what `configuration` names into the `ramByteCount` bytes at `ram`, which must be zero.
    static func load(
        configuration: VMConfiguration, ram: UnsafeMutableRawPointer, ramByteCount: UInt64
    ) throws(BootError) -> BootImage {
        throw .missing(role: "kernel", path: configuration.kernelPath, reason: "not implemented")
    }
}
