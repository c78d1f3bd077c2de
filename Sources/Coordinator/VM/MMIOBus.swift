import Shared

/// The memory-mapped bus: which device answers at which intermediate physical address.
///
/// Only addresses without a memory slot reach it. Windows don't overlap and don't change while the guest runs.
struct MMIOBus {
    /// Who answers in real KVM: the vGIC inside the kernel, or the user-space process.
    enum Side { case kernel, user }

    struct Window {
        let base: UInt64
        let byteCount: UInt64
        let side: Side
        let name: String
        let device: any MMIODevice
    }

    /// Sorted by base.
    private(set) var windows: [Window] = []
    /// The window of the last access: guests touch the same device many times in a row.
    private var last = 0

    /// Puts `device` at `base`. False if the window is empty, wraps or overlaps another one; nothing has changed then.
    @discardableResult
    mutating func attach(
        _ device: any MMIODevice, at base: IPA, byteCount: UInt64, side: Side = .user, name: String
    ) -> Bool {
        let (end, wraps) = base.rawValue.addingReportingOverflow(byteCount)
        guard byteCount > 0, !wraps else { return false }
        let index = windows.firstIndex { $0.base > base.rawValue } ?? windows.count
        if index > 0, windows[index - 1].base + windows[index - 1].byteCount > base.rawValue { return false }
        if index < windows.count, end > windows[index].base { return false }
        windows.insert(
            Window(base: base.rawValue, byteCount: byteCount, side: side, name: name, device: device), at: index)
        return true
    }

    /// The index of the window that holds all of `byteCount` bytes at `address`.
    mutating func window(at address: IPA, byteCount: Int) -> Int? {
        if last < windows.count, Self.holds(windows[last], address.rawValue, byteCount) { return last }
        var low = 0
        var high = windows.count
        while low < high {
            let middle = (low + high) / 2
            if windows[middle].base <= address.rawValue { low = middle + 1 } else { high = middle }
        }
        guard low > 0, Self.holds(windows[low - 1], address.rawValue, byteCount) else { return nil }
        last = low - 1
        return last
    }

    private static func holds(_ window: Window, _ address: UInt64, _ byteCount: Int) -> Bool {
        let offset = address &- window.base
        return address >= window.base && offset < window.byteCount && window.byteCount - offset >= UInt64(byteCount)
    }
}
