import Glibc
import Shared

/// A report that could not be written: which file, and why.
struct ReportError: Error, CustomStringConvertible, Equatable {
    var path: String
    var reason: String

    var description: String { "cannot write \(path): \(reason)" }
}

/// Files of reports. Under its name a file is whole or not there: it is written beside its place and then renamed.
enum ReportFile {
    static func write(_ text: String, to path: String) throws(ReportError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let error = errno
            if error == ENOENT { return try replace(path, with: text) }
            throw ReportError(path: path, reason: reason(error))
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw ReportError(path: path, reason: "it is a directory")
        case S_IFREG:
            guard access(path, W_OK) == 0 else { throw ReportError(path: path, reason: reason(errno)) }
            try replace(target(of: path), with: text)
        default: try fill(path, flags: O_WRONLY, with: text, named: path)
        }
    }

    /// Makes the directory if it is not there yet; its parent must be.
    static func makeDirectory(_ path: String) throws(ReportError) {
        guard mkdir(path, 0o777) != 0 else { return }
        let error = errno
        var status = stat()
        if error == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        throw ReportError(path: path, reason: error == EEXIST ? "it is not a directory" : reason(error))
    }

    private static func replace(_ path: String, with text: String) throws(ReportError) {
        let draft = path + ".part-\(getpid())"
        unlink(draft)
        do {
            try fill(draft, flags: O_WRONLY | O_CREAT | O_EXCL, with: text, named: path)
        } catch {
            unlink(draft)
            throw error
        }
        guard rename(draft, path) == 0 else {
            let error = errno
            unlink(draft)
            throw ReportError(path: path, reason: reason(error))
        }
    }

    private static func fill(_ file: String, flags: Int32, with text: String, named path: String) throws(ReportError) {
        // Without O_NONBLOCK, opening a FIFO waits for a reader.
        let descriptor = open(file, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else {
            let error = errno
            let isNew = flags & O_CREAT != 0
            if isNew, error == EACCES || error == EROFS || error == EPERM {
                throw ReportError(path: path, reason: "directory \(directory(of: path)): \(reason(error))")
            }
            if isNew, error == ENOENT, access(directory(of: path), F_OK) != 0 {
                throw ReportError(path: path, reason: "directory \(directory(of: path)) does not exist")
            }
            throw ReportError(path: path, reason: reason(error))
        }
        _ = fcntl(descriptor, F_SETFL, O_WRONLY)
        var text = text
        let failure: Int32 = text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count == 0 || errno != EINTR {
                    return count == 0 ? EIO : errno
                }
            }
            return 0
        }
        // A file system may say only here that it is full.
        let isClosed = close(descriptor) == 0 || errno == EINTR
        let error = failure != 0 ? failure : isClosed ? 0 : errno
        if error != 0 { throw ReportError(path: path, reason: reason(error)) }
    }

    /// A symbolic link stays one: what it leads to is replaced.
    private static func target(of path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func reason(_ error: Int32) -> String { SystemError.message(of: error) }
}
