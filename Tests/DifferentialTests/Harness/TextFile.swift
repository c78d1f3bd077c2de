import Glibc

/// Whole small files, without Foundation.
enum TextFile {
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let code: CInt
        var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    static func read(_ path: String) throws(Failure) -> String {
        guard let file = fopen(path, "r") else { throw Failure(path: path, code: errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    static func write(_ text: String, to path: String) throws(Failure) {
        guard let file = fopen(path, "w") else { throw Failure(path: path, code: errno) }
        defer { fclose(file) }
        guard fputs(text, file) >= 0 else { throw Failure(path: path, code: errno) }
    }

    /// Names of the files of a folder whose names end in `suffix`, in order.
    static func names(in folder: String, suffix: String) throws(Failure) -> [String] {
        guard let directory = opendir(folder) else { throw Failure(path: folder, code: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(suffix) { names.append(name) }
        }
        return names.sorted()
    }
}
