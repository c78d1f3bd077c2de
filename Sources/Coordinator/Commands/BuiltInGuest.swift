import Glibc

/// The guests that come with the program.
enum BuiltInGuest {
    /// The one that runs when no kernel is given.
    static let standard = "smp"

    /// `share/armada/guests/NAME.elf` of the installation that this program is part of, or `Guests/build/NAME.elf` of the
    /// source tree that it was built in.
    static func path(_ name: String) -> String? {
        guard let program = programPath() else { return nil }
        var directory = parent(program)
        let installed = parent(directory) + "/share/armada/guests/\(name).elf"
        if access(installed, R_OK) == 0 { return installed }
        // .build/x86_64-unknown-linux-gnu/release/armada
        for _ in 0..<4 {
            directory = parent(directory)
            let built = directory + "/Guests/build/\(name).elf"
            if access(built, R_OK) == 0 { return built }
        }
        return nil
    }

    private static func programPath() -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink("/proc/self/exe", base, buffer.count - 1)
            guard count > 0 else { return nil }
            buffer[count] = 0
            return String(cString: base)
        }
    }

    /// The directory that holds `path`, an absolute one; "" stands for the root.
    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return String(path[..<slash])
    }
}
