import Glibc
import Shared

/// A file that a run writes beside the guest: gathered in a bounded buffer, and written when that is full or the
/// event loop is about to block.
///
/// It must never be the run's undoing: after a failure nothing is written any more, and what is appended is lost.
final class OutputFile {
    let path: String
    /// What it is, for messages: "trace".
    private let name: String
    /// Why nothing is written any more; nil: all is well.
    private(set) var failure: SystemError?
    /// Called once, when the file fails.
    var onFailure: (SystemError) -> Void = { _ in }

    private static let capacity = 256 << 10
    /// Room for the tail behind a full buffer.
    private static let margin = 64
    /// A pipe whose reader takes nothing for so long is given up.
    private static let patienceMilliseconds: CInt = 10_000

    private let descriptor: OwnedDescriptor
    /// A file that can be written at any offset.
    private let isRegular: Bool
    private let buffer: UnsafeMutableRawPointer
    private var count = 0
    /// Bytes before those in the buffer.
    private var offset: off_t = 0
    /// Stands at the end of a regular file after each flush, and is overwritten by the next: the file is complete
    /// however the program ends.
    private let tail: [UInt8]

    /// Creates or empties the file at `path`. A FIFO needs a reader already. `tail` is what closes the content, at most 64
    /// bytes; a file with one consists of lines, which end with a comma but for the last.
    init(path: String, name: String, tail: StaticString = "") throws(SystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o644)
        guard descriptor >= 0 else { throw SystemError("write the \(name) \(path)") }
        self.descriptor = OwnedDescriptor(descriptor)
        self.path = path
        self.name = name
        self.tail = tail.withUTF8Buffer { Array($0) }
        var status = stat()
        isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        buffer = .allocate(byteCount: Self.capacity &+ Self.margin, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// Whether `other` is the same file.
    func isSame(as other: OutputFile) -> Bool {
        var mine = stat()
        var theirs = stat()
        guard isRegular, fstat(descriptor.rawValue, &mine) == 0, fstat(other.descriptor.rawValue, &theirs) == 0 else {
            return false
        }
        return mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino
    }

    // MARK: Appending

    /// Makes room for `byteCount` bytes that belong together, at most 128 KiB.
    func reserve(_ byteCount: Int) {
        if Self.capacity &- count < byteCount { flush() }
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count <= Self.capacity &- count else { return }
        memcpy(buffer + count, base, bytes.count)
        count &+= bytes.count
    }

    func append(_ text: StaticString) { text.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) } }

    func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    func append(littleEndian value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { append($0) }
    }

    func append(byte: UInt8) {
        guard count < Self.capacity else { return }
        buffer.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    // MARK: Writing

    /// Writes what the buffer holds.
    func flush() {
        defer { count = 0 }
        guard failure == nil, count > 0 else { return }
        let content = count
        let start = offset
        if isRegular { tail.withUnsafeBytes { appendTail($0) } }
        let written = write()
        offset = start &+ off_t(content)
        if written < count { cutBack(start: start, written: written, content: content) }
    }

    /// Writes everything, and the end of the content where it does not stand yet.
    func finish() {
        flush()
        guard !isRegular || offset == 0, failure == nil else { return }
        tail.withUnsafeBytes { append($0) }
        _ = write()
        count = 0
    }

    private func appendTail(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count <= Self.margin else { return }
        memcpy(buffer + count, base, bytes.count)
        count &+= bytes.count
    }

    /// Yields how many bytes were written: all, or `failure` says why not.
    private func write() -> Int {
        var done = 0
        while done < count {
            let result =
                isRegular
                ? pwrite(descriptor.rawValue, buffer + done, count &- done, offset &+ off_t(done))
                : Glibc.write(descriptor.rawValue, buffer + done, count &- done)
            if result > 0 {
                done &+= result
            } else if result < 0, errno == EINTR {
                continue
            } else if result < 0, errno == EAGAIN {
                var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
                if poll(&request, 1, Self.patienceMilliseconds) == 0 {
                    fail(ETIMEDOUT)
                    return done
                }
            } else {
                fail(result == 0 ? ENOSPC : errno)
                return done
            }
        }
        return done
    }

    private func fail(_ code: CInt) {
        let error = SystemError("write the \(name) \(path)", code: code)
        failure = error
        onFailure(error)
    }

    /// After a failed write to a regular file with a tail: cuts the content behind the last whole record that got into the
    /// file, and closes it. There is room for the tail: where it is put, at least as many bytes could be written before.
    private func cutBack(start: off_t, written: Int, content: Int) {
        guard isRegular, !tail.isEmpty else { return }
        var cut = min(written &- tail.count, content &- 2)
        while cut > 0, !isSeparator(at: cut) { cut &-= 1 }
        let end = start &+ off_t(max(cut, 0))
        guard ftruncate(descriptor.rawValue, end) == 0, end > 0 else { return }
        _ = tail.withUnsafeBytes { pwrite(descriptor.rawValue, $0.baseAddress, $0.count, end) }
    }

    /// Records are separated by a comma and a newline.
    private func isSeparator(at index: Int) -> Bool {
        buffer.load(fromByteOffset: index, as: UInt8.self) == UInt8(ascii: ",")
            && buffer.load(fromByteOffset: index &+ 1, as: UInt8.self) == UInt8(ascii: "\n")
    }
}
