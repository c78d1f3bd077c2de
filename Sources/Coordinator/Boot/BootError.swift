import Glibc
import Shared

/// Why a guest could not be loaded. The description is the line that the user reads: what is wrong, and what to do.
enum BootError: Error, Equatable, CustomStringConvertible {
    /// kernel vmlinuz: No such file or directory; check the path given with --kernel
    case unreadable(BootFile.Role, path: String, code: CInt)
    /// kernel /tmp is a directory; give a regular file with --kernel
    case notRegular(BootFile.Role, path: String, kind: String)
    /// kernel vmlinuz is empty; give an arm64 Image, an ELF file or a raw binary with --kernel
    case empty(BootFile.Role, path: String)
    /// kernel vmlinuz is truncated: DETAIL; copy or download it again
    case truncated(BootFile.Role, path: String, detail: String)
    /// kernel vmlinuz is WHAT, not an arm64 kernel; ADVICE
    case wrongKind(path: String, what: String, advice: String)
    /// kernel vmlinuz is malformed: DETAIL
    case malformed(BootFile.Role, path: String, detail: String)
    /// initrd initrd.gz does not fit: it needs memory up to 40 MiB and the guest has 32 MiB; give more with --memory
    case doesNotFit(BootFile.Role, path: String, neededByteCount: UInt64, ramByteCount: UInt64)
    /// the device tree cannot be built: DETAIL
    case deviceTree(String)
    /// cannot write the device tree to FILE: No space left on device
    case unwritable(path: String, code: CInt)

    var description: String {
        switch self {
        case .unreadable(let role, let path, let code):
            "\(role) \(path): \(String(cString: strerror(code))); check the path given with \(role.option)"
        case .notRegular(let role, let path, let kind):
            "\(role) \(path) is a \(kind); give a regular file with \(role.option)"
        case .empty(let role, let path):
            "\(role) \(path) is empty; give \(role.expected) with \(role.option)"
        case .truncated(let role, let path, let detail):
            "\(role) \(path) is truncated: \(detail); copy or download it again"
        case .wrongKind(let path, let what, let advice):
            "kernel \(path) is \(what), not an arm64 kernel; \(advice)"
        case .malformed(let role, let path, let detail):
            "\(role) \(path) is malformed: \(detail)"
        case .doesNotFit(let role, let path, let needed, let ram):
            "\(role) \(path) does not fit: it needs memory up to \(Self.mebibytes(needed)) and the guest has "
                + "\(Self.mebibytes(ram, up: false)); give more with --memory"
        case .deviceTree(let detail): "the device tree cannot be built: \(detail)"
        case .unwritable(let path, let code):
            "cannot write the device tree to \(path): \(String(cString: strerror(code)))"
        }
    }

    private static func mebibytes(_ byteCount: UInt64, up: Bool = true) -> String {
        let rounded = byteCount >> 20 &+ (up && byteCount & 0xF_FFFF != 0 ? 1 : 0)
        return "\(rounded) MiB"
    }
}
