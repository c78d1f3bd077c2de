import Shared

/// What `BootLoader` put into guest RAM, and how vCPU 0 enters it: at `entry`, EL1h, MMU off, DAIF masked, x0 = `dtb`.
struct BootImage: Equatable {
    var format: KernelFormat
    /// The first instruction.
    var entry: IPA
    /// The kernel, its bss included.
    var kernel: Range<IPA>
    /// The flattened device tree.
    var dtb: IPA
    var dtbByteCount: Int
    var initrd: Range<IPA>?
}

/// The kind of kernel file, found by its content.
enum KernelFormat: Equatable, Sendable {
    /// The arm64 Linux `Image`, with its 64-byte header.
    case image
    case elf
    /// No known header: loaded at RAM + 0x80000 and entered at its first byte.
    case raw
}
