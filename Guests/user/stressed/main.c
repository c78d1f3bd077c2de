// `armada stress linux`, inside Linux. Rounds of load, as the words of the kernel's command line say:
//
//   armada.seed=N          the choices of all threads
//   armada.rounds=N        so many rounds at most
//   armada.milliseconds=N  no further round after so many milliseconds
//   armada.round=N         milliseconds of a round
//   armada.bound=N         milliseconds after which whoever waits is starved
//
// After each round everyone rests and the console gets the books, in lines that begin with "armada-stress:":
//
//   begin CPUS                       once
//   did KIND BEGAN ENDED LONGEST     of all rounds so far, nanoseconds
//   early KIND CPU NANOSECONDS       a timer returned before its time
//   starved KIND CPU NANOSECONDS     something takes longer than the bound
//   late NANOSECONDS COUNT ...       of this round's timers
//   settled ROUND                    nothing is under way
//   read ROUND                       /proc/interrupts was read, after all that had been taken before "settled" was counted
//   count NAME NUMBER...             its rows of the IPIs and the timer, a number for each CPU
//   counted ROUND
//   end                              once
#include "stressed.h"

struct account accounts[MAXIMUM_THREADS];
unsigned account_count, cpu_count;
uint32_t round_number, is_over;
/// Threads that have no work until the next round.
static uint32_t resting;
static char buffer[256 << 10];

static const char *const names[KINDS] = {"membarrier", "ping", "pong", "timer", "migration", "hotplug"};

static void start_line(const char *word) {
    put("armada-stress: ");
    put(word);
    put(" ");
}

/// The number behind `name` in the kernel's command line.
static uint64_t parameter(const char *name, uint64_t otherwise) {
    for (const char *at = buffer; *at; at++) {
        const char *left = at, *right = name;
        while (*right && *left == *right) left++, right++;
        if (*right) continue;
        uint64_t value = 0;
        for (; *left >= '0' && *left <= '9'; left++) value = value * 10 + (uint64_t)(*left - '0');
        return value;
    }
    return otherwise;
}

// MARK: Threads

static void thread(void *argument) {
    struct account *account = argument;
    for (uint32_t last = 0;; last++) {
        uint32_t number;
        while ((number = __atomic_load_n(&round_number, __ATOMIC_ACQUIRE)) == last) {
            wait_while(&round_number, last, ~0ull >> 2);
        }
        work(account);
        __atomic_fetch_add(&resting, 1, __ATOMIC_RELEASE);
        wake_all(&resting);
    }
}

static struct account *add(enum kind kind, unsigned cpu) {
    struct account *account = &accounts[account_count++];
    account->kind = kind;
    account->cpu = cpu;
    return account;
}

static void add_all(void) {
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        add(BARRIER, cpu);
        struct account *ping = add(PING, cpu), *pong = add(PONG, (cpu + 1) % cpu_count);
        ping->peer = pong;
        pong->peer = ping;
        add(TIMER, cpu);
        if (cpu % 2 == 0) add(MIGRATION, cpu);
    }
    add(HOTPLUG, 0);
}

// MARK: Rounds

static uint64_t bound;

enum { LOOKS = 8 };

/// Looks at what is under way, `LOOKS` times within the bound, and says what takes too long. True: something does.
///
/// A machine that was stopped for a while, as processes of the host may be, finds only at one look that time has passed.
static int say_starved(void) {
    int found = 0;
    uint64_t time = now();
    for (unsigned i = 0; i < account_count; i++) {
        struct account *account = &accounts[i];
        uint64_t since = __atomic_load_n(&account->since, __ATOMIC_RELAXED);
        if (since != account->seen) account->seen = since, account->looks = 0;
        if (since == 0 || account->looks++ < LOOKS || time < since + bound) continue;
        found = 1;
        start_line("starved");
        put(names[accounts[i].kind]), put(" "), put_number(accounts[i].cpu), put(" "), put_number(time - since);
        end_line();
    }
    return found;
}

/// Waits until `time`, or until all threads rest.
static void watch_until(uint64_t time) {
    for (uint64_t at; (at = now()) < time && __atomic_load_n(&resting, __ATOMIC_ACQUIRE) < account_count;) {
        uint32_t count = __atomic_load_n(&resting, __ATOMIC_ACQUIRE);
        if (count == account_count) break;
        uint64_t step = at + bound / LOOKS;
        wait_while(&resting, count, step < time ? step : time);
        if (now() >= step && say_starved()) sleep_until(now() + bound);
    }
}

static void run_round(uint64_t seed, uint64_t length) {
    uint64_t random = seed + round_number;
    for (unsigned i = 0; i < account_count; i++) accounts[i].random = split_mix(&random);
    for (unsigned i = 0; i < BUCKETS; i++) lateness[i] = 0;
    resting = 0;
    __atomic_store_n(&is_over, 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&round_number, 1, __ATOMIC_RELEASE);
    wake_all(&round_number);
    watch_until(now() + length);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    watch_until(~0ull >> 2);
}

// MARK: Books

static uint64_t lateness_of(unsigned bucket) {
    if (bucket < 8) return bucket;
    unsigned shift = bucket / 8 - 1;
    return ((uint64_t)(9 + bucket % 8) << shift) - 1;
}

static void say_books(void) {
    for (int kind = 0; kind < KINDS; kind++) {
        uint64_t began = 0, ended = 0, longest = 0;
        for (unsigned i = 0; i < account_count; i++) {
            struct account *account = &accounts[i];
            if ((int)account->kind != kind) continue;
            began += account->began;
            ended += account->ended;
            if (account->longest > longest) longest = account->longest;
            if (account->early == 0) continue;
            start_line("early");
            put(names[kind]), put(" "), put_number(account->cpu), put(" "), put_number(account->early);
            end_line();
        }
        start_line("did");
        put(names[kind]), put(" "), put_number(began), put(" "), put_number(ended), put(" "), put_number(longest);
        end_line();
    }
    start_line("late");
    for (unsigned i = 0; i < BUCKETS; i++) {
        if (lateness[i] == 0) continue;
        put_number(lateness_of(i)), put(" "), put_number(lateness[i]), put(" ");
    }
    end_line();
}

static void say_round(const char *word) {
    start_line(word);
    put_number(round_number);
    end_line();
}

/// A row of /proc/interrupts, if it is one of those that count; the place behind it.
static char *say_row(char *row) {
    char *end = row, *name = row, *numbers;
    while (*end && *end != '\n') end++;
    char *next = *end ? end + 1 : end;
    *end = 0;
    while (*name == ' ') name++;
    int is_timer = 0;
    for (char *at = name; *at; at++) {
        const char *left = at, *right = "arch_timer";
        while (*right && *left == *right) left++, right++;
        if (!*right) is_timer = 1;
    }
    for (numbers = name; *numbers && *numbers != ':';) numbers++;
    if (!*numbers || !(is_timer || (name[0] == 'I' && name[1] == 'P' && name[2] == 'I'))) return next;
    *numbers++ = 0;
    start_line("count");
    put(is_timer ? "timer" : name);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        uint64_t value = 0;
        while (*numbers == ' ') numbers++;
        // A CPU that is off has no column.
        if (*numbers < '0' || *numbers > '9') break;
        for (; *numbers >= '0' && *numbers <= '9'; numbers++) value = value * 10 + (uint64_t)(*numbers - '0');
        put(" "), put_number(value);
    }
    end_line();
    return next;
}

static void count_interrupts(void) {
    // What a round leaves behind ends in this time, mostly.
    sleep_until(now() + 20000000);
    say_round("settled");
    // MEMBARRIER_CMD_GLOBAL: an RCU grace period, which no interrupt handler outlasts.
    call(SYS_MEMBARRIER, 1, 0, 0, 0, 0);
    read_file("/proc/interrupts", buffer, sizeof buffer);
    say_round("read");
    for (char *row = buffer; *row;) row = say_row(row);
    say_round("counted");
}

static unsigned count_cpus(void) {
    static const char path[] = "/sys/devices/system/cpu/present";
    read_file(path, buffer, sizeof buffer);
    // "0" or "0-3".
    const char *at = buffer;
    unsigned last = 0;
    for (; *at && *at != '\n'; at++) last = *at == '-' ? 0 : last * 10 + (unsigned)(*at - '0');
    return last + 1;
}

void start(void) {
    cpu_count = count_cpus();
    read_file("/proc/cmdline", buffer, sizeof buffer);
    uint64_t seed = parameter("armada.seed=", 1), rounds = parameter("armada.rounds=", 1);
    uint64_t duration = parameter("armada.milliseconds=", 1000) * 1000000, length = parameter("armada.round=", 1000) * 1000000;
    bound = parameter("armada.bound=", 5000) * 1000000;
    if (cpu_count > MAXIMUM_CPUS) cpu_count = MAXIMUM_CPUS;
    start_line("begin");
    put_number(cpu_count);
    end_line();
    // REGISTER_PRIVATE_EXPEDITED, REGISTER_GLOBAL_EXPEDITED, REGISTER_PRIVATE_EXPEDITED_SYNC_CORE
    for (int command = 2; command <= 6; command += 2) call(SYS_MEMBARRIER, 1 << command, 0, 0, 0, 0);
    add_all();
    for (unsigned i = 0; i < account_count; i++) start_thread(thread, &accounts[i]);
    for (uint64_t first = now(); round_number < rounds && now() - first < duration;) {
        uint64_t left = duration - (now() - first);
        run_round(seed, left < length ? left : length);
        say_books();
        count_interrupts();
    }
    start_line("end");
    end_line();
    call(SYS_EXIT_GROUP, 0, 0, 0, 0, 0);
}
