import Glibc

/// A terminal in raw mode, put back as it was on every way out of the process that the kernel lets us see.
///
/// Output processing stays on, so that our own lines need no carriage return. One terminal per process.
enum RawTerminal {
    /// Set while the terminal is raw. Handlers of signals read these two, so they are plain memory.
    nonisolated(unsafe) private static var descriptor: CInt = -1
    nonisolated(unsafe) private static var saved = termios()

    /// Says whether `descriptor` is a terminal that this process may read: a background job may not.
    static func isUsable(_ descriptor: CInt) -> Bool {
        isatty(descriptor) == 1 && (tcgetpgrp(descriptor) == getpgrp() || tcgetpgrp(descriptor) <= 0)
    }

    /// Makes the terminal raw; does nothing if it is raw already or no terminal.
    static func enter(_ terminal: CInt) {
        guard descriptor < 0, tcgetattr(terminal, &saved) == 0 else { return }
        descriptor = terminal
        installHandlers()
        makeRaw()
    }

    /// Puts the terminal back. Safe in a signal handler.
    static func leave() {
        let terminal = descriptor
        guard terminal >= 0 else { return }
        descriptor = -1
        // A background process that sets a terminal is stopped by SIGTTOU unless it is blocked.
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTTOU)
        sigprocmask(SIG_BLOCK, &blocked, &before)
        tcsetattr(terminal, TCSANOW, &saved)
        sigprocmask(SIG_SETMASK, &before, nil)
    }

    private static func makeRaw() {
        var raw = saved
        raw.c_iflag &= ~tcflag_t(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON)
        raw.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
        raw.c_cflag &= ~tcflag_t(CSIZE | PARENB)
        raw.c_cflag |= tcflag_t(CS8)
        raw.c_cc.6 = 1  // VMIN
        raw.c_cc.5 = 0  // VTIME
        tcsetattr(descriptor, TCSANOW, &raw)
    }

    /// What the signals did before, by number: nothing, or Swift's report of a crash.
    nonisolated(unsafe) private static var previous: UnsafeMutablePointer<sigaction>?

    /// exit(3), and the signals that end a process, whether sent or our own fault. A loop that takes SIGINT, SIGTERM
    /// or SIGHUP another way keeps them blocked, and the handler is never called.
    private static func installHandlers() {
        guard previous == nil else { return }
        atexit { RawTerminal.leave() }
        let old = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
        old.initialize(repeating: sigaction(), count: 65)
        previous = old
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGTERM, SIGSYS] {
            var action = sigaction()
            action.sa_flags = CInt(SA_NODEFER) | CInt(SA_ONSTACK)
            action.__sigaction_handler.sa_handler = { RawTerminal.end($0) }
            sigaction(signal, &action, old + Int(signal))
            // nohup(1) and its like have it ignored.
            if unsafeBitCast(old[Int(signal)].__sigaction_handler.sa_handler, to: Int.self) == 1 {
                sigaction(signal, old + Int(signal), nil)
            }
        }
        var action = sigaction()
        action.sa_flags = CInt(SA_RESTART)
        action.__sigaction_handler.sa_handler = { _ in
            if RawTerminal.descriptor >= 0 { RawTerminal.makeRaw() }
        }
        sigaction(SIGCONT, &action, nil)
    }

    /// Hands the signal on, so that the process ends with the status that its parent expects.
    private static func end(_ signal: CInt) {
        leave()
        guard let previous else { return }
        sigaction(signal, previous + Int(signal), nil)
        raise(signal)
        // Swift's report returns, and trusts a fault to come again.
        var standard = sigaction()
        sigaction(signal, &standard, nil)
        raise(signal)
    }
}
