// The load of `armada stress linux`: threads that make Linux send interrupts, and account for what they began.
#pragma once
#include "linux.h"

enum { MAXIMUM_CPUS = 64, MAXIMUM_THREADS = 512, BUCKETS = 280 };

/// What a thread does over and over. Each is begun, and must end.
enum kind {
    /// membarrier(2): a call-function IPI to every CPU that runs one of these threads.
    BARRIER,
    /// A futex of a thread on the next CPU: a reschedule IPI, and one back.
    PING,
    /// The other end of a ping.
    PONG,
    /// clock_nanosleep(2) or timerfd: the timer of a CPU.
    TIMER,
    /// sched_setaffinity(2) to another CPU: its stopper thread is woken there.
    MIGRATION,
    /// A CPU goes off, or comes back.
    HOTPLUG,
    KINDS
};

struct account {
    enum kind kind;
    unsigned cpu;
    /// Of PING: the thread at the other end.
    struct account *peer;
    uint64_t random;
    uint64_t began, ended;
    /// When what is under way began; 0: nothing is.
    uint64_t since;
    /// The `since` that main saw at its last looks, and how often.
    uint64_t seen;
    unsigned looks;
    /// The longest, in nanoseconds: of TIMER how late, of all others how long it took.
    uint64_t longest;
    /// Of TIMER: returned before its time, and how much; 0: never.
    uint64_t early;
    /// Of PING and PONG: 1 says ping, 0 pong, 2 no more in this round.
    uint32_t word;
};

extern struct account accounts[MAXIMUM_THREADS];
extern unsigned account_count, cpu_count;
/// The round under way, and whether it is to end.
extern uint32_t round_number, is_over;

/// How late timers were in this round: eight buckets to a power of two, as the host's histogram has them.
extern uint32_t lateness[BUCKETS];

/// The work of a thread in one round, until `is_over`.
void work(struct account *account);
/// All CPUs are on again; called when the round is over.
void hotplug(struct account *account);

/// Begins something. It ends with `finish`, or does not count with `cancel`.
static inline void begin(struct account *account) {
    __atomic_store_n(&account->since, now(), __ATOMIC_RELAXED);
    __atomic_store_n(&account->began, account->began + 1, __ATOMIC_RELAXED);
}
static inline void finish(struct account *account) {
    uint64_t taken = now() - account->since;
    if (taken > account->longest) account->longest = taken;
    __atomic_store_n(&account->ended, account->ended + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&account->since, 0, __ATOMIC_RELAXED);
}
static inline void cancel(struct account *account) {
    __atomic_store_n(&account->began, account->began - 1, __ATOMIC_RELAXED);
    __atomic_store_n(&account->since, 0, __ATOMIC_RELAXED);
}
static inline int goes_on(void) { return !__atomic_load_n(&is_over, __ATOMIC_ACQUIRE); }
