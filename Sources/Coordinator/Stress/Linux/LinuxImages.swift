/// The files of the guest of `armada stress linux`.
struct LinuxImages: Equatable {
    var kernel: String
    /// Of `deploy/make-initramfs.sh`.
    var initrd: String

    /// What the guest needs as memory, whatever the number of its vCPUs.
    static let memoryByteCount: UInt64 = 512 << 20

    /// The kernel's command line. Its own detectors are set to wait for less long than they use to.
    static func commandLine(
        seed: UInt64, roundLimit: UInt64, durationLimit: UInt64, limits: LinuxStressLimits
    ) -> String {
        let milliseconds = min(durationLimit / 1_000_000, 1_000_000_000)
        return [
            "console=ttyAMA0", "panic=-1", "rcupdate.rcu_cpu_stall_timeout=\(limits.stallSeconds)",
            "sysctl.kernel.watchdog_thresh=\(limits.watchdogSeconds)",
            "sysctl.kernel.hung_task_timeout_secs=\(limits.stallSeconds)", "armada.test=stress", "armada.seed=\(seed)",
            "armada.rounds=\(roundLimit)", "armada.milliseconds=\(max(milliseconds, 1))",
            "armada.round=\(limits.roundNanoseconds / 1_000_000)",
            "armada.bound=\(limits.boundNanoseconds / 1_000_000)",
        ].joined(separator: " ")
    }
}

/// How long things may take in Linux, by the VM's clock.
struct LinuxStressLimits: Equatable {
    /// Of load, in one round.
    var roundNanoseconds: UInt64
    /// Something that the guest began and that does not end for so long is starved.
    var boundNanoseconds: UInt64
    /// A console that says nothing for so long belongs to a guest that hangs.
    var silenceNanoseconds: UInt64
    /// What follows a complaint within this time is kept with it: a call trace.
    var epilogueNanoseconds: UInt64
    /// RCU's stall detector and the one of hung tasks; and half of the soft lockup detector's time.
    var stallSeconds: Int
    var watchdogSeconds: Int

    /// In a free run vCPUs also wait for the host's processors.
    static let free = Self(
        roundNanoseconds: 1_000_000_000, boundNanoseconds: 5_000_000_000, silenceNanoseconds: 20_000_000_000,
        epilogueNanoseconds: 500_000_000, stallSeconds: 10, watchdogSeconds: 5)
    /// A second of lock-step is a thousand million instructions, and a million turns of a vCPU that waits for another.
    /// Nothing in it depends on the host.
    static let lockstep = Self(
        roundNanoseconds: 100_000_000, boundNanoseconds: 400_000_000, silenceNanoseconds: 1_000_000_000,
        epilogueNanoseconds: 20_000_000, stallSeconds: 3, watchdogSeconds: 1)
}
