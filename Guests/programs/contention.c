// Exclusives and LSE atomics while all vCPUs use the same words: sums, sets, locks and lists, all exact.
//
// `rounds=` on the command line makes it longer. The transcript speaks of sums per round, so that it stays the same.
#include "probe.h"
#include "team.h"

#define lse ".arch_extension lse\n"

static uint64_t rounds, per_vcpu;
static struct {
    _Alignas(128) uint64_t value[2];
    _Alignas(128) uint64_t other[2];
} cell;
static uint64_t wrong;

static void note(bool is_wrong) {
    if (is_wrong) __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static void (*current_work)(uint32_t cpu);
static uint32_t arrived;

/// Nobody begins before all are there, and whoever is there first does not sleep: they are to overlap.
static void begin_together(uint32_t cpu) {
    __atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < machine.cpu_count) {}
    current_work(cpu);
}

static void all_at_once(void (*work)(uint32_t cpu)) {
    current_work = work;
    arrived = 0;
    team_run(begin_together);
}

static void run_all(void (*work)(uint32_t cpu)) {
    memset(&cell, 0, sizeof cell);
    wrong = 0;
    all_at_once(work);
}

static void verdict(const char *name, uint64_t found, uint64_t expected) {
    if (found == expected && wrong == 0) say("%s: exact\n", name);
    else say("%s: %lx instead of %lx, %lu wrong\n", name, found, expected, wrong);
}

// MARK: Counters

/// Adds 1 by a load-exclusive and a store-exclusive of one size.
#define LLSC_COUNTER(name, load, store, w)                                                                             \
    static void name(uint32_t cpu) {                                                                                   \
        (void)cpu;                                                                                                     \
        uint64_t value, failed;                                                                                        \
        for (uint64_t i = 0; i < per_vcpu; i++)                                                                        \
            __asm__ volatile("1: " load " %" w "0, [%2]\n add %" w "0, %" w "0, #1\n " store " %w1, %" w               \
                             "0, [%2]\n cbnz %w1, 1b"                                                                  \
                             : "=&r"(value), "=&r"(failed) : "r"(&cell.value[0]) : "memory");                          \
    }
LLSC_COUNTER(exclusive_8, "ldxrb", "stxrb", "w")
LLSC_COUNTER(exclusive_16, "ldxrh", "stxrh", "w")
LLSC_COUNTER(exclusive_32, "ldxr", "stxr", "w")
LLSC_COUNTER(exclusive_64, "ldxr", "stxr", "")
LLSC_COUNTER(ordered_8, "ldaxrb", "stlxrb", "w")
LLSC_COUNTER(ordered_16, "ldaxrh", "stlxrh", "w")
LLSC_COUNTER(ordered_32, "ldaxr", "stlxr", "w")
LLSC_COUNTER(ordered_64, "ldaxr", "stlxr", "")

/// Adds 1 and 3 to the halves of a pair: they never disagree.
#define PAIR_COUNTER(name, load, store, w)                                                                             \
    static void name(uint32_t cpu) {                                                                                   \
        (void)cpu;                                                                                                     \
        uint64_t low, high, failed;                                                                                    \
        for (uint64_t i = 0; i < per_vcpu; i++) {                                                                      \
            do {                                                                                                       \
                __asm__ volatile(load " %" w "0, %" w "1, [%2]" : "=&r"(low), "=&r"(high) : "r"(&cell) : "memory");    \
                uint64_t new_low = low + 1, new_high = high + 3;                                                       \
                __asm__ volatile(store " %w0, %" w "1, %" w "2, [%3]"                                                  \
                                 : "=&r"(failed) : "r"(new_low), "r"(new_high), "r"(&cell) : "memory");                \
            } while (failed & 1);                                                                                      \
            note(high != 3 * low);                                                                                     \
        }                                                                                                              \
    }
PAIR_COUNTER(exclusive_pair_32, "ldxp", "stxp", "w")
PAIR_COUNTER(exclusive_pair_64, "ldxp", "stxp", "")
PAIR_COUNTER(ordered_pair_32, "ldaxp", "stlxp", "w")
PAIR_COUNTER(ordered_pair_64, "ldaxp", "stlxp", "")

#define LDADD_COUNTER(name, instruction, w)                                                                            \
    static void name(uint32_t cpu) {                                                                                   \
        (void)cpu;                                                                                                     \
        uint64_t old;                                                                                                  \
        for (uint64_t i = 0; i < per_vcpu; i++)                                                                        \
            __asm__ volatile(lse instruction " %" w "1, %" w "0, [%2]" : "=r"(old) : "r"(1ull), "r"(&cell) : "memory"); \
    }
LDADD_COUNTER(ldadd_8, "ldaddb", "w")
LDADD_COUNTER(ldadd_16, "ldaddah", "w")
LDADD_COUNTER(ldadd_32, "ldaddl", "w")
LDADD_COUNTER(ldadd_64, "ldaddal", "")

static void stadd_64(uint32_t cpu) {
    (void)cpu;
    for (uint64_t i = 0; i < per_vcpu; i++) __asm__ volatile(lse "stadd %0, [%1]" : : "r"(1ull), "r"(&cell) : "memory");
}

#define CAS_COUNTER(name, instruction, w, load, mask)                                                                  \
    static void name(uint32_t cpu) {                                                                                   \
        (void)cpu;                                                                                                     \
        for (uint64_t i = 0; i < per_vcpu; i++) {                                                                      \
            uint64_t expected, found;                                                                                  \
            do {                                                                                                       \
                __asm__ volatile(load " %" w "0, [%1]" : "=r"(expected) : "r"(&cell) : "memory");                      \
                found = expected;                                                                                      \
                __asm__ volatile(lse instruction " %" w "0, %" w "1, [%2]"                                             \
                                 : "+r"(found) : "r"(expected + 1), "r"(&cell) : "memory");                            \
            } while ((found & mask) != (expected & mask));                                                             \
        }                                                                                                              \
    }
CAS_COUNTER(cas_8, "casb", "w", "ldrb", 0xff)
CAS_COUNTER(cas_16, "casah", "w", "ldrh", 0xffff)
CAS_COUNTER(cas_32, "casl", "w", "ldr", 0xffffffff)
CAS_COUNTER(cas_64, "casal", "", "ldr", ~0ull)

#define CASP_COUNTER(name, instruction, w, mask)                                                                       \
    static void name(uint32_t cpu) {                                                                                   \
        (void)cpu;                                                                                                     \
        register uint64_t low __asm__("x2") = 0, high __asm__("x3") = 0, new_low __asm__("x4"), new_high __asm__("x5"); \
        for (uint64_t i = 0; i < per_vcpu; i++) {                                                                      \
            for (;;) {                                                                                                 \
                uint64_t expected_low = low, expected_high = high;                                                     \
                new_low = low + 1;                                                                                     \
                new_high = high + 3;                                                                                   \
                __asm__ volatile(lse instruction " %" w "0, %" w "1, %" w "2, %" w "3, [%4]"                           \
                                 : "+r"(low), "+r"(high) : "r"(new_low), "r"(new_high), "r"(&cell) : "memory");        \
                bool has_stored = low == expected_low && high == expected_high;                                        \
                note(((low * 3 - high) & mask) != 0);                                                                  \
                if (has_stored) break;                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
    }
CASP_COUNTER(casp_32, "casp", "w", 0xffffffff)
CASP_COUNTER(casp_64, "caspal", "", ~0ull)

/// One counter by every means at once: each vCPU has another one, in turns.
static void mixed(uint32_t cpu) {
    for (uint64_t i = 0; i < per_vcpu / 4; i++) {
        uint64_t value, failed, expected, found;
        switch ((cpu + i) % 4) {
        case 0:
            __asm__ volatile("1: ldxr %0, [%2]\n add %0, %0, #4\n stxr %w1, %0, [%2]\n cbnz %w1, 1b"
                             : "=&r"(value), "=&r"(failed) : "r"(&cell) : "memory");
            break;
        case 1: __asm__ volatile(lse "stadd %0, [%1]" : : "r"(4ull), "r"(&cell) : "memory"); break;
        case 2:
            do {
                expected = found = *(volatile uint64_t *)&cell;
                __asm__ volatile(lse "cas %0, %1, [%2]" : "+r"(found) : "r"(expected + 4), "r"(&cell) : "memory");
            } while (found != expected);
            break;
        default:
            // The low byte overflows into nothing: a part of the word is changed by all, and the rest stays.
            __asm__ volatile("1: ldaxr %0, [%2]\n add %0, %0, #1\n stlxr %w1, %0, [%2]\n cbnz %w1, 1b\n"
                             "2: ldxr %0, [%2]\n add %0, %0, #3\n stxr %w1, %0, [%2]\n cbnz %w1, 2b"
                             : "=&r"(value), "=&r"(failed) : "r"(&cell) : "memory");
        }
    }
}

/// Four 16-bit counters in one 64-bit word, one of them for each vCPU, by narrow and by wide accesses in turns.
static void lanes(uint32_t cpu) {
    uint64_t value, failed;
    for (uint64_t i = 0; i < per_vcpu; i++) {
        if (i % 2)
            __asm__ volatile("1: ldxrh %w0, [%2]\n add %w0, %w0, #1\n stxrh %w1, %w0, [%2]\n cbnz %w1, 1b"
                             : "=&r"(value), "=&r"(failed) : "r"((uint8_t *)&cell + 2 * (cpu & 3)) : "memory");
        else
            __asm__ volatile(lse "stadd %0, [%1]" : : "r"(1ull << 16 * (cpu & 3)), "r"(&cell) : "memory");
    }
}

static uint64_t total(void) { return machine.cpu_count * per_vcpu; }

#define counter(name, bits) ({                                                                                         \
    run_all(name);                                                                                              \
    uint64_t mask = bits == 64 ? ~0ull : (1ull << (bits % 64)) - 1;                                                    \
    verdict(#name, cell.value[0] & mask, total() & mask);                                                              \
})
#define pair_counter(name, bits) ({                                                                                    \
    run_all(name);                                                                                              \
    uint64_t high = bits == 64 ? cell.value[1] : cell.value[0] >> 32, low = bits == 64 ? cell.value[0] : (uint32_t)cell.value[0]; \
    note(high != 3 * total());                                                                                         \
    verdict(#name, low, total());                                                                                      \
})

// MARK: Other operations

/// Each vCPU has a bit of its own, sets, clears and flips it, and sees what it left.
static void bits(uint32_t cpu) {
    uint64_t mine = 1ull << (cpu * 7 + 3), old;
    for (uint64_t i = 0; i < per_vcpu / 4; i++) {
        __asm__ volatile(lse "ldset %1, %0, [%2]" : "=r"(old) : "r"(mine), "r"(&cell) : "memory");
        note(old & mine);
        __asm__ volatile(lse "ldeora %1, %0, [%2]" : "=r"(old) : "r"(mine), "r"(&cell) : "memory");
        note(!(old & mine));
        __asm__ volatile(lse "ldeorl %1, %0, [%2]" : "=r"(old) : "r"(mine), "r"(&cell) : "memory");
        note(old & mine);
        __asm__ volatile(lse "ldclral %1, %0, [%2]" : "=r"(old) : "r"(mine), "r"(&cell) : "memory");
        note(!(old & mine));
    }
}

/// Each vCPU offers numbers; the largest and the smallest stay, signed and unsigned.
static void extremes(uint32_t cpu) {
    for (uint64_t i = 0; i < per_vcpu; i++) {
        uint64_t n = (i * 2654435761u + cpu * 40503u) % (1 << 20);
        __asm__ volatile(lse "stumax %0, [%1]" : : "r"(n), "r"(&cell.value[0]) : "memory");
        __asm__ volatile(lse "stsmin %0, [%1]" : : "r"(-n), "r"(&cell.value[1]) : "memory");
        __asm__ volatile(lse "stsmax %w0, [%1]" : : "r"(n), "r"(&cell.other[0]) : "memory");
        __asm__ volatile(lse "stumin %w0, [%1]" : : "r"(~n), "r"(&cell.other[1]) : "memory");
    }
}

static void check_extremes(void) {
    uint64_t largest = 0;
    for (uint32_t cpu = 0; cpu < machine.cpu_count; cpu++)
        for (uint64_t i = 0; i < per_vcpu; i++) {
            uint64_t n = (i * 2654435761u + cpu * 40503u) % (1 << 20);
            if (n > largest) largest = n;
        }
    memset(&cell, 0, sizeof cell);
    cell.other[1] = ~0ull;
    wrong = 0;
    all_at_once(extremes);
    note(cell.value[1] != -largest);
    note(cell.other[0] != largest);
    note((uint32_t)cell.other[1] != (uint32_t)~largest);
    verdict("maxima and minima", cell.value[0], largest);
}

/// Tokens change hands: what all hold in the end, with what lies in the cell, is what was there.
static uint64_t held[16];
static void swaps(uint32_t cpu) {
    uint64_t mine = 1000 + cpu;
    for (uint64_t i = 0; i < per_vcpu; i++)
        __asm__ volatile(lse "swpal %1, %0, [%2]" : "=r"(mine) : "r"(mine), "r"(&cell) : "memory");
    held[cpu] = mine;
}
static void narrow_swaps(uint32_t cpu) {
    uint64_t mine = 10 + cpu;
    for (uint64_t i = 0; i < per_vcpu; i++)
        __asm__ volatile(lse "swpb %w1, %w0, [%2]" : "=r"(mine) : "r"(mine), "r"((uint8_t *)&cell + 5) : "memory");
    held[cpu] = mine;
}
static void check_swaps(const char *name, void (*work)(uint32_t), uint64_t first, uint32_t shift) {
    run_all(work);
    uint64_t sum = cell.value[0] >> shift, expected = 0;
    for (uint32_t cpu = 0; cpu < machine.cpu_count; cpu++) {
        sum += held[cpu];
        expected += first + cpu;
    }
    note(cell.value[0] & ((1ull << shift) - 1));
    verdict(name, sum, expected);
}

// MARK: Locks: each protects two counters that are changed by ordinary loads and stores

static volatile uint64_t protected_a, protected_b;
static uint64_t lock_rounds;

static void critical_section(void) {
    uint64_t a = protected_a, b = protected_b;
    note(a != b);
    protected_a = a + 1;
    protected_b = b + 1;
}

static uint32_t lock_word;

static void exclusive_lock(uint32_t cpu) {
    (void)cpu;
    for (uint64_t i = 0; i < lock_rounds; i++) {
        uint64_t value;
        __asm__ volatile("sevl\n 1: wfe\n 2: ldaxr %w0, [%1]\n cbnz %w0, 1b\n stxr %w0, %w2, [%1]\n cbnz %w0, 2b"
                         : "=&r"(value) : "r"(&lock_word), "r"(1) : "memory");
        critical_section();
        __asm__ volatile("stlr wzr, [%0]" : : "r"(&lock_word) : "memory");
    }
}

static void swap_lock(uint32_t cpu) {
    (void)cpu;
    for (uint64_t i = 0; i < lock_rounds; i++) {
        uint64_t value;
        do {
            while (*(volatile uint32_t *)&lock_word) __asm__ volatile("yield");
            __asm__ volatile(lse "swpa %w1, %w0, [%2]" : "=r"(value) : "r"(1), "r"(&lock_word) : "memory");
        } while (value);
        critical_section();
        __asm__ volatile("stlr wzr, [%0]" : : "r"(&lock_word) : "memory");
    }
}

/// With barriers in the place of acquire and release.
static void barrier_lock(uint32_t cpu) {
    (void)cpu;
    for (uint64_t i = 0; i < lock_rounds; i++) {
        uint64_t value;
        __asm__ volatile("1: ldxr %w0, [%1]\n cbnz %w0, 1b\n stxr %w0, %w2, [%1]\n cbnz %w0, 1b\n dmb ish"
                         : "=&r"(value) : "r"(&lock_word), "r"(1) : "memory");
        critical_section();
        __asm__ volatile("dmb ish\n str wzr, [%0]" : : "r"(&lock_word) : "memory");
    }
}

static uint32_t ticket_next, ticket_serving;

static void ticket_lock(uint32_t cpu) {
    (void)cpu;
    for (uint64_t i = 0; i < lock_rounds; i++) {
        uint32_t ticket = __atomic_fetch_add(&ticket_next, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&ticket_serving, __ATOMIC_ACQUIRE) != ticket) __asm__ volatile("wfe");
        critical_section();
        __atomic_store_n(&ticket_serving, ticket + 1, __ATOMIC_RELEASE);
        __asm__ volatile("dsb ishst\n sev" : : : "memory");
    }
}

static struct waiter {
    _Alignas(64) struct waiter *next;
    uint32_t is_waiting;
} waiters[16];
static struct waiter *queue;

static void mcs_lock(uint32_t cpu) {
    struct waiter *me = &waiters[cpu];
    for (uint64_t i = 0; i < lock_rounds; i++) {
        struct waiter *before;
        me->next = NULL;
        me->is_waiting = 1;
        __asm__ volatile(lse "swpal %1, %0, [%2]" : "=r"(before) : "r"(me), "r"(&queue) : "memory");
        if (before) {
            __atomic_store_n(&before->next, me, __ATOMIC_RELEASE);
            while (__atomic_load_n(&me->is_waiting, __ATOMIC_ACQUIRE)) __asm__ volatile("yield");
        }
        critical_section();
        struct waiter *found = me;
        if (!__atomic_load_n(&me->next, __ATOMIC_ACQUIRE)) {
            __asm__ volatile(lse "casl %0, xzr, [%1]" : "+r"(found) : "r"(&queue) : "memory");
            if (found == me) continue;
            while (!__atomic_load_n(&me->next, __ATOMIC_ACQUIRE)) __asm__ volatile("yield");
        }
        __atomic_store_n(&__atomic_load_n(&me->next, __ATOMIC_RELAXED)->is_waiting, 0, __ATOMIC_RELEASE);
    }
}

/// Peterson's lock, between vCPUs 0 and 1: loads and stores alone, and a store before a load that must stay in order.
static uint32_t wants[2], other_first;
static void peterson_lock(uint32_t cpu) {
    if (cpu > 1) return;
    for (uint64_t i = 0; i < lock_rounds; i++) {
        __atomic_store_n(&wants[cpu], 1, __ATOMIC_RELAXED);
        __asm__ volatile("dmb ish" : : : "memory");
        __atomic_store_n(&other_first, 1 - cpu, __ATOMIC_RELAXED);
        __asm__ volatile("dmb ish" : : : "memory");
        while (__atomic_load_n(&wants[1 - cpu], __ATOMIC_ACQUIRE) && __atomic_load_n(&other_first, __ATOMIC_ACQUIRE) != cpu)
            __asm__ volatile("yield");
        critical_section();
        __atomic_store_n(&wants[cpu], 0, __ATOMIC_RELEASE);
    }
}

static void lock(const char *name, void (*work)(uint32_t), uint32_t users) {
    protected_a = protected_b = 0;
    run_all(work);
    verdict(name, protected_a, users * lock_rounds);
}

// MARK: Lists

enum { node_count = 64 };
struct node {
    uint64_t next;
    uint64_t owner;
};
static struct node nodes[node_count];

/// A stack of nodes with a count beside its head, changed together by CASP: nobody holds a node twice.
static void tagged_stack(uint32_t cpu) {
    for (uint64_t i = 0; i < per_vcpu / 8; i++) {
        register uint64_t head __asm__("x2"), tag __asm__("x3");
        uint64_t old_head, old_tag;
        head = tag = 0;
        __asm__ volatile(lse "casp %0, %1, %0, %1, [%2]" : "+r"(head), "+r"(tag) : "r"(&cell) : "memory");
        do {
            old_head = head;
            old_tag = tag;
            if (head == 0) break;
            register uint64_t next __asm__("x4") = ((volatile struct node *)head)->next, next_tag __asm__("x5") = tag + 1;
            __asm__ volatile(lse "caspal %0, %1, %2, %3, [%4]"
                             : "+r"(head), "+r"(tag) : "r"(next), "r"(next_tag), "r"(&cell) : "memory");
        } while (head != old_head || tag != old_tag);
        if (old_head == 0) continue;
        struct node *node = (struct node *)old_head;
        note(__atomic_exchange_n(&node->owner, cpu + 1, __ATOMIC_ACQ_REL) != 0);
        note(__atomic_exchange_n(&node->owner, 0, __ATOMIC_ACQ_REL) != cpu + 1);
        head = cell.value[0];
        tag = cell.value[1];
        do {
            old_head = head;
            old_tag = tag;
            ((volatile struct node *)node)->next = head;
            register uint64_t new_head __asm__("x4") = (uint64_t)node, new_tag __asm__("x5") = tag + 1;
            __asm__ volatile(lse "caspal %0, %1, %2, %3, [%4]"
                             : "+r"(head), "+r"(tag) : "r"(new_head), "r"(new_tag), "r"(&cell) : "memory");
        } while (head != old_head || tag != old_tag);
    }
}

static void check_stack(void) {
    memset(&cell, 0, sizeof cell);
    wrong = 0;
    for (uint32_t i = 0; i < node_count; i++) {
        nodes[i].next = i + 1 < node_count ? (uint64_t)&nodes[i + 1] : 0;
        nodes[i].owner = 0;
    }
    cell.value[0] = (uint64_t)&nodes[0];
    all_at_once(tagged_stack);
    uint64_t length = 0;
    for (uint64_t n = cell.value[0]; n && length <= node_count; n = ((struct node *)n)->next) length++;
    verdict("stack by CASP", length, node_count);
}

/// Pushing by exclusives; all nodes of all vCPUs are there in the end.
static struct node pushed[16][1024];
static void push(uint32_t cpu) {
    for (uint32_t i = 0; i < 1024; i++) {
        struct node *node = &pushed[cpu][i];
        uint64_t head, failed;
        do {
            __asm__ volatile("ldxr %0, [%1]" : "=r"(head) : "r"(&cell) : "memory");
            node->next = head;
            __asm__ volatile("stlxr %w0, %1, [%2]" : "=&r"(failed) : "r"(node), "r"(&cell) : "memory");
        } while (failed & 1);
    }
}
static void check_push(void) {
    run_all(push);
    uint64_t length = 0, limit = machine.cpu_count * 1024;
    for (uint64_t n = cell.value[0]; n && length <= limit; n = ((struct node *)n)->next) length++;
    verdict("list by exclusives", length, limit);
}

// MARK: The monitor of one vCPU

/// What the architecture says about a store-exclusive, 0 for success.
#define monitor_case(name, between) ({                                                                                 \
    uint64_t failed;                                                                                                   \
    cell.value[0] = 5;                                                                                                 \
    __asm__ volatile("clrex\n ldxr x9, [%1]\n" between "\n stxr %w0, x9, [%1]" : "=&r"(failed) : "r"(&cell) : "x9", "x10", "memory"); \
    say("store-exclusive %s: %lu\n", name, failed & 0xffffffff);                                                       \
})

static bool skip(struct probe_frame *frame, const struct record *record) {
    (void)record;
    (void)frame;
    return true;
}

static void monitor(void) {
    monitor_case("after its load-exclusive", "nop");
    monitor_case("after CLREX", "clrex");
    monitor_case("after CLREX with another number", "clrex #3");
    monitor_case("after another store-exclusive", "stxr w10, x9, [%1]");
    self()->handler = skip;
    monitor_case("after an exception return", "svc #1");
    self()->handler = NULL;
    uint64_t failed, first;
    __asm__ volatile("clrex\n stxr %w0, xzr, [%1]" : "=&r"(failed) : "r"(&cell) : "memory");
    say("store-exclusive without a load-exclusive: %lu\n", failed & 0xffffffff);
    // A new load-exclusive replaces the older one's mark.
    __asm__ volatile("ldxr x9, [%2]\n ldxr x9, [%3]\n stxr %w0, x9, [%3]\n stxr %w1, x9, [%3]"
                     : "=&r"(first), "=&r"(failed) : "r"(&cell.other), "r"(&cell) : "x9", "memory");
    say("store-exclusive after two load-exclusives: %lu, again %lu\n", first & 0xffffffff, failed & 0xffffffff);
}

/// Another vCPU stores a different value between the two.
static uint32_t step;
static uint64_t outcome;
static void other_store(uint32_t cpu) {
    if (cpu > 1) return;
    if (cpu == 1) {
        while (__atomic_load_n(&step, __ATOMIC_ACQUIRE) != 1) __asm__ volatile("yield");
        __atomic_store_n(&cell.value[0], 6, __ATOMIC_RELEASE);
        __atomic_store_n(&step, 2, __ATOMIC_RELEASE);
        return;
    }
    cell.value[0] = 5;
    dsb();
    uint64_t value, s;
    __asm__ volatile("ldxr %1, [%3]\n mov %w2, #1\n stlr %w2, [%4]\n 1: ldar %w2, [%4]\n cmp %w2, #2\n b.ne 1b\n stxr %w0, %1, [%3]"
                     : "=&r"(outcome), "=&r"(value), "=&r"(s) : "r"(&cell), "r"(&step) : "cc", "memory");
}

int main(void) {
    probe_begin("contention");
    rounds = argument("rounds", 1);
    per_vcpu = 20000 * rounds;
    lock_rounds = 100 * rounds;
    monitor();
    team_begin();
    if (machine.cpu_count > 1) {
        step = 0;
        team_run(other_store);
        say("store-exclusive after another vCPU's store: %lu\n", outcome & 0xffffffff);
    }
    counter(exclusive_8, 8);
    counter(exclusive_16, 16);
    counter(exclusive_32, 32);
    counter(exclusive_64, 64);
    counter(ordered_8, 8);
    counter(ordered_16, 16);
    counter(ordered_32, 32);
    counter(ordered_64, 64);
    pair_counter(exclusive_pair_32, 32);
    pair_counter(exclusive_pair_64, 64);
    pair_counter(ordered_pair_32, 32);
    pair_counter(ordered_pair_64, 64);
    counter(ldadd_8, 8);
    counter(ldadd_16, 16);
    counter(ldadd_32, 32);
    counter(ldadd_64, 64);
    counter(stadd_64, 64);
    counter(cas_8, 8);
    counter(cas_16, 16);
    counter(cas_32, 32);
    counter(cas_64, 64);
    pair_counter(casp_32, 32);
    pair_counter(casp_64, 64);
    counter(mixed, 64);
    run_all(lanes);
    if (machine.cpu_count <= 4)
        for (uint32_t cpu = 0; cpu < machine.cpu_count; cpu++) note((cell.value[0] >> 16 * cpu & 0xffff) != per_vcpu % 65536);
    verdict("narrow and wide in one word", 0, 0);
    run_all(bits);
    verdict("bits", cell.value[0], 0);
    check_extremes();
    check_swaps("swaps", swaps, 1000, 0);
    check_swaps("narrow swaps", narrow_swaps, 10, 40);
    lock("lock by exclusives and WFE", exclusive_lock, machine.cpu_count);
    lock("lock by exclusives and DMB", barrier_lock, machine.cpu_count);
    lock("lock by SWPA", swap_lock, machine.cpu_count);
    lock("ticket lock", ticket_lock, machine.cpu_count);
    lock("MCS lock", mcs_lock, machine.cpu_count);
    if (machine.cpu_count > 1) lock("Peterson's lock", peterson_lock, 2);
    check_stack();
    check_push();
    probe_end();
    return 0;
}
