import Glibc
import Shared

/// This program once more, for one seed of a campaign.
struct CampaignJob {
    let seed: UInt64
    private let pid: pid_t

    /// Starts `arguments`, without the program's name; what it prints is thrown away.
    init(seed: UInt64, arguments: [String]) throws(SystemError) {
        self.seed = seed
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let words = ["armada"] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/proc/self/exe", &actions, nil, &pointers, environ)
        guard code == 0 else {
            errno = code
            throw SystemError("start a job of the campaign")
        }
        self.pid = pid
    }

    /// Whether it has ended.
    func hasEnded() -> Bool {
        var status: CInt = 0
        return waitpid(pid, &status, WNOHANG) != 0
    }

    /// Ends it, in the way that lets it end its workers.
    func interrupt() { kill(pid, SIGTERM) }

    func wait() {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }
}
