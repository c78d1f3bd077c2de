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
    /// Where the windows are, alone: a window is not to be copied, with its name and its device, for a look at its address.
    private var spans: [Span] = []
    private struct Span {
        let base: UInt64
        let byteCount: UInt64

        func holds(_ address: UInt64, _ byteCount: Int) -> Bool {
            let offset = address &- base
            return address >= base && offset < self.byteCount && self.byteCount - offset >= UInt64(byteCount)
        }
    }
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
        spans.insert(Span(base: base.rawValue, byteCount: byteCount), at: index)
        return true
    }

    /// The index of the window that holds all of `byteCount` bytes at `address`.
    mutating func window(at address: IPA, byteCount: Int) -> Int? {
        if last < spans.count, spans[last].holds(address.rawValue, byteCount) { return last }
        var low = 0
        var high = spans.count
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].base <= address.rawValue { low = middle + 1 } else { high = middle }
        }
        guard low > 0, spans[low - 1].holds(address.rawValue, byteCount) else { return nil }
        last = low - 1
        return last
    }
}
