#include "stressed.h"

uint32_t lateness[BUCKETS];

/// False: the CPU is off.
static int pin(unsigned cpu) {
    uint64_t mask = 1ull << cpu;
    return call(SYS_SCHED_SETAFFINITY, 0, sizeof mask, (long)&mask, 0, 0) == 0;
}

/// A CPU that comes back finds its threads elsewhere: now and then each goes home.
static void go_home(struct account *account) {
    if (account->began % 32 == 0) pin(account->cpu);
}

/// A moment, in one of eight cases long enough for the CPU to become idle: an idle one is woken in another way.
static void rest(struct account *account) {
    uint64_t dice = split_mix(&account->random);
    if (dice % 8 == 0) {
        sleep_until(now() + (dice >> 8) % 300000);
    } else {
        for (volatile uint64_t i = (dice >> 8) % 256; i != 0; i--) {}
    }
}

static void barriers(struct account *account) {
    // PRIVATE_EXPEDITED, GLOBAL_EXPEDITED, PRIVATE_EXPEDITED_SYNC_CORE; main has registered for them.
    static const int commands[] = {1 << 3, 1 << 1, 1 << 5};
    while (goes_on()) {
        go_home(account);
        begin(account);
        long result = call(SYS_MEMBARRIER, commands[split_mix(&account->random) % 3], 0, 0, 0, 0);
        if (result == 0) finish(account);
        rest(account);
    }
}

static void say(struct account *to, uint32_t word) {
    __atomic_store_n(&to->word, word, __ATOMIC_RELEASE);
    wake_all(&to->word);
}

/// Waits until the word is another one.
static uint32_t hear(struct account *at, uint32_t old) {
    uint32_t word;
    while ((word = __atomic_load_n(&at->word, __ATOMIC_ACQUIRE)) == old) wait_while(&at->word, old, ~0ull >> 2);
    return word;
}

static void pings(struct account *account) {
    while (goes_on()) {
        go_home(account);
        account->word = 1;
        begin(account);
        say(account->peer, 1);
        hear(account, 1);
        finish(account);
        rest(account);
    }
    say(account->peer, 2);
}

static void pongs(struct account *account) {
    while (hear(account, 0) == 1) {
        go_home(account);
        account->began++;
        account->word = 0;
        say(account->peer, 0);
        account->ended++;
    }
    account->word = 0;
}

static unsigned bucket_of(uint64_t value) {
    if (value < 8) return (unsigned)value;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
    return exponent > 36 ? BUCKETS - 1 : (exponent - 2) * 8 + (value >> (exponent - 3) & 7);
}

static void timers(struct account *account) {
    struct {
        uint64_t interval[2], seconds, nanoseconds;
    } setting = {0};
    long file = call(SYS_TIMERFD_CREATE, 1, 0, 0, 0, 0);
    while (goes_on()) {
        go_home(account);
        uint64_t dice = split_mix(&account->random);
        begin(account);
        uint64_t due = now() + 20000 + (dice >> 8) % 1000000, count = 0;
        if (file >= 0 && dice % 4 == 0) {
            setting.seconds = due / 1000000000;
            setting.nanoseconds = due % 1000000000;
            call(SYS_TIMERFD_SETTIME, file, 1, (long)&setting, 0, 0);
            call(SYS_READ, file, (long)&count, sizeof count, 0, 0);
        } else {
            sleep_until(due);
            count = 1;
        }
        uint64_t woken = now();
        if (woken < due && due - woken > account->early) account->early = due - woken;
        uint64_t late = woken < due ? 0 : woken - due;
        if (late > account->longest) account->longest = late;
        __atomic_fetch_add(&lateness[bucket_of(late)], 1, __ATOMIC_RELAXED);
        // A timer that struck once has struck once.
        if (count == 1) account->ended++;
        __atomic_store_n(&account->since, 0, __ATOMIC_RELAXED);
    }
    if (file >= 0) call(SYS_CLOSE, file, 0, 0, 0, 0);
}

static void migrations(struct account *account) {
    while (goes_on()) {
        unsigned cpu = (unsigned)(split_mix(&account->random) % cpu_count);
        begin(account);
        if (pin(cpu)) {
            finish(account);
        } else {
            cancel(account);
        }
        rest(account);
    }
}

void work(struct account *account) {
    switch (account->kind) {
    case BARRIER: barriers(account); break;
    case PING: pings(account); break;
    case PONG: pongs(account); break;
    case TIMER: timers(account); break;
    case MIGRATION: migrations(account); break;
    case HOTPLUG: hotplug(account); break;
    case KINDS: break;
    }
}
