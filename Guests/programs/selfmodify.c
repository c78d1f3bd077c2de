// Code that is written while the machine runs: by the vCPU that executes it and by others, at one address and at two.
//
// `rounds=` on the command line makes it longer; the transcript stays the same unless something was executed stale.
#include "half.h"
#include "team.h"

enum { MOVZ_W0 = 0x52800000, RET = 0xd65f03c0, NOP = 0xd503201f, B = 0x14000000, ADD_W0_W0_1 = 0x11000400 };
static uint32_t movz_w0(uint32_t value) { return MOVZ_W0 | (value & 0xffff) << 5; }
/// B from one word to another, as a distance in words.
static uint32_t branch(int32_t distance) { return B | ((uint32_t)distance & 0x3ffffff); }

/// Two pages of code, so that something can cross from one into the other.
static uint32_t code[2048] __attribute__((aligned(4096)));
static uint64_t rounds;

static uint32_t call(const uint32_t *at) { return ((uint32_t (*)(void))(uint64_t)at)(); }

/// Cleans and invalidates the words from `first` up to `end`, for all vCPUs.
static void synchronize(const uint32_t *first, const uint32_t *end) {
    for (uint64_t line = (uint64_t)first & ~63ull; line < (uint64_t)end; line += 64)
        __asm__ volatile("dc cvau, %0" : : "r"(line) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (uint64_t line = (uint64_t)first & ~63ull; line < (uint64_t)end; line += 64)
        __asm__ volatile("ic ivau, %0" : : "r"(line) : "memory");
    __asm__ volatile("dsb ish\n isb" : : : "memory");
}

static void clean(const uint32_t *word) { __asm__ volatile("dc cvau, %0\n dsb ish" : : "r"(word) : "memory"); }

static void verdict(const char *what, uint64_t stale) { say("%s: %lu stale\n", what, stale); }

// MARK: One vCPU

/// A function's only instruction changes each time; now and then it is called often enough to become hot.
static void patch_one_word(void) {
    uint64_t stale = 0;
    code[1] = RET;
    for (uint32_t i = 0; i < 1000 * rounds; i++) {
        code[0] = movz_w0(i);
        synchronize(code, code + 2);
        for (uint32_t call_count = i % 50 == 0 ? 300 : 1; call_count > 0; call_count--) stale += call(code) != (i & 0xffff);
    }
    verdict("one word", stale);
}

/// A word in the middle of a loop that is running: the loop itself is never entered anew by a call.
static void patch_within_loop(void) {
    // x1 = count, x0 = sum: 1: add w0, w0, #n; subs x1, x1, #1; b.ne 1b; ret
    code[0] = 0x52800000;
    code[2] = 0xf1000421;
    code[3] = 0x54ffffc1;
    code[4] = RET;
    uint64_t stale = 0;
    for (uint32_t i = 0; i < 200 * rounds; i++) {
        uint32_t n = i % 4096;
        code[1] = 0x11000000 | n << 10;
        synchronize(code, code + 5);
        uint64_t count = 1 + i % 200, sum;
        __asm__ volatile("mov x1, %1\n blr %2\n mov %0, x0" : "=r"(sum) : "r"(count), "r"(code) : "x0", "x1", "x30", "cc", "memory");
        stale += sum != count * n;
    }
    verdict("a word in a hot loop", stale);
}

/// Words that compilers write together, one of which changes: an implementation may have made one thing of them.
static void patch_pairs(void) {
    uint64_t stale = 0;
    // movz x0, #a; movk x0, #b, lsl 16; cmp x0, x1; b.ne +2; mov w0, #1; ret
    code[2] = 0xeb01001f;
    code[3] = 0x54000041;
    code[4] = movz_w0(1);
    code[5] = RET;
    for (uint32_t i = 0; i < 400 * rounds; i++) {
        uint32_t a = i * 7919 & 0xffff, b = i * 104729 & 0xffff;
        code[0] = 0xd2800000 | a << 5;
        code[1] = 0xf2a00000 | b << 5;
        code[4] = movz_w0(i & 0xfff);
        // Only some are synchronised each time, but those that changed.
        synchronize(code, code + 5);
        uint64_t expected = (uint64_t)b << 16 | a, other = i % 3 ? expected : expected + 1, result;
        for (uint32_t call_count = 0; call_count < 3; call_count++) {
            __asm__ volatile("mov x1, %1\n blr %2\n mov %0, x0" : "=r"(result) : "r"(other), "r"(code) : "x0", "x1", "x30", "cc", "memory");
            stale += result != (i % 3 ? (i & 0xfff) : expected);
        }
        // The second word alone: it stands at another place of what was fused.
        b ^= 0x5555;
        code[1] = 0xf2a00000 | b << 5;
        synchronize(code + 1, code + 2);
        expected = (uint64_t)b << 16 | a;
        __asm__ volatile("mov x1, xzr\n blr %1\n mov %0, x0" : "=r"(result) : "r"(code) : "x0", "x1", "x30", "cc", "memory");
        stale += result != expected;
    }
    verdict("pairs of words", stale);
}

/// The first word of the second page, reached by falling through from the first page and by a branch; then a whole page.
static void patch_pages(void) {
    uint64_t stale = 0;
    uint32_t *second = code + 1024;
    code[1022] = movz_w0(0);
    code[1023] = NOP;
    second[1] = RET;
    for (uint32_t i = 0; i < 200 * rounds; i++) {
        second[0] = 0x11000000 | (i & 0xfff) << 10;
        code[1023] = i % 2 ? NOP : branch(1);
        synchronize(code + 1022, second + 2);
        for (uint32_t k = 0; k < 3; k++) stale += call(code + 1022) != (i & 0xfff);
    }
    verdict("across pages", stale);

    stale = 0;
    for (uint32_t i = 0; i < 20 * rounds; i++) {
        // A new order of a page: function k, of two words, gives k + i.
        for (uint32_t k = 0; k < 512; k++) {
            code[2 * k] = movz_w0(k + i);
            code[2 * k + 1] = RET;
        }
        for (uint64_t line = (uint64_t)code; line < (uint64_t)second; line += 64) __asm__ volatile("dc cvau, %0" : : "r"(line) : "memory");
        if (i % 2) __asm__ volatile("dsb ish\n ic ialluis\n dsb ish\n isb" : : : "memory");
        else __asm__ volatile("dsb ish\n ic iallu\n dsb nsh\n isb" : : : "memory");
        for (uint32_t k = 0; k < 512; k++) stale += call(code + 2 * k) != k + i;
    }
    verdict("whole pages, by IC IALLU and IC IALLUIS", stale);
}

/// The same page at two addresses: written at one and executed at the other, cleaned and invalidated at either.
static void aliases(void) {
    struct half half = half_make(true, granule_4K, 25);
    uint64_t one = half_address(&half, 3, (uint64_t)code), two = one + 0x5000;
    half_map(&half, one, 3, (uint64_t)code, 0);
    half_map(&half, two, 3, (uint64_t)code, page_read_only);
    half_enter(&half, half_tcr(&half), 0);
    uint64_t stale = 0;
    volatile uint32_t *writable = (volatile uint32_t *)one;
    writable[1] = RET;
    for (uint32_t i = 0; i < 500 * rounds; i++) {
        writable[0] = movz_w0(i);
        const uint32_t *at = (const uint32_t *)(i % 3 == 0 ? one : i % 3 == 1 ? two : (uint64_t)code);
        synchronize(at, at + 2);
        stale += call((const uint32_t *)one) != (i & 0xffff);
        stale += call((const uint32_t *)two) != (i & 0xffff);
        stale += call(code) != (i & 0xffff);
    }
    verdict("a page at three addresses", stale);

    // An address that leads to one page and then to another, without any instruction cache maintenance.
    stale = 0;
    code[0] = movz_w0(0x1111);
    code[1] = RET;
    code[1024] = movz_w0(0x2222);
    code[1025] = RET;
    synchronize(code, code + 2);
    synchronize(code + 1024, code + 1026);
    for (uint32_t i = 0; i < 300 * rounds; i++) {
        uint64_t *entry = tables_entry(&half.tables, one, 3);
        *entry = 0;
        __asm__ volatile("dsb ishst\n tlbi vae1is, %0\n dsb ish\n isb" : : "r"(one >> 12 & 0xfffffffffff) : "memory");
        half_map(&half, one, 3, (uint64_t)(code + i % 2 * 1024), 0);
        __asm__ volatile("dsb ish\n isb" : : : "memory");
        for (uint32_t k = 0; k < 3; k++) stale += call((const uint32_t *)one) != (i % 2 ? 0x2222 : 0x1111);
    }
    verdict("an address of two pages in turns", stale);
    half_leave();
}

/// A function that is copied to ever new places, as a loader does; places come again with other contents.
static void relocate(void) {
    uint8_t *arena = tables_memory(64 << 16);
    uint64_t stale = 0;
    for (uint32_t i = 0; i < 600 * rounds; i++) {
        uint32_t *place = (uint32_t *)(arena + (i * 40503u % (63 << 10)) * 64);
        place[0] = movz_w0(i);
        place[1] = RET;
        synchronize(place, place + 2);
        stale += call(place) != (i & 0xffff);
    }
    verdict("ever new places", stale);
}

// MARK: Several vCPUs

static uint32_t turn, stale_count, executed[16];

static void begin_turns(void) {
    turn = stale_count = 0;
    for (uint32_t cpu = 0; cpu < 16; cpu++) executed[cpu] = 0;
    code[1] = RET;
    code[0] = movz_w0(0);
    synchronize(code, code + 2);
}

/// vCPU 0 writes and does the maintenance, then says so; the others need an ISB alone.
static void publish(uint32_t cpu) {
    uint32_t last = (uint32_t)(50 * rounds);
    if (cpu == 0) {
        for (uint32_t i = 1; i <= last; i++) {
            ((volatile uint32_t *)code)[0] = movz_w0(i);
            if (i % 8) synchronize(code, code + 2);
            else {
                clean(code);
                __asm__ volatile("ic ialluis\n dsb ish\n isb" : : : "memory");
            }
            __atomic_store_n(&turn, i, __ATOMIC_RELEASE);
            for (uint32_t other = 1; other < machine.cpu_count; other++)
                while (__atomic_load_n(&executed[other], __ATOMIC_ACQUIRE) != i) __asm__ volatile("yield");
        }
        return;
    }
    for (uint32_t i = 1; i <= last; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != i) __asm__ volatile("yield");
        isb();
        if (call(code) != (i & 0xffff)) __atomic_add_fetch(&stale_count, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&executed[cpu], i, __ATOMIC_RELEASE);
    }
}

/// vCPU 0 only stores, as a device would; each vCPU that executes does the maintenance by itself. IC IVAU is broadcast, so that
/// one of them would be enough.
static void store_only(uint32_t cpu) {
    uint32_t last = (uint32_t)(50 * rounds);
    if (cpu == 0) {
        for (uint32_t i = 1; i <= last; i++) {
            ((volatile uint32_t *)code)[0] = movz_w0(i);
            __atomic_store_n(&turn, i, __ATOMIC_RELEASE);
            for (uint32_t other = 1; other < machine.cpu_count; other++)
                while (__atomic_load_n(&executed[other], __ATOMIC_ACQUIRE) != i) __asm__ volatile("yield");
        }
        return;
    }
    for (uint32_t i = 1; i <= last; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != i) __asm__ volatile("yield");
        synchronize(code, code + 2);
        if (call(code) != (i & 0xffff)) __atomic_add_fetch(&stale_count, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&executed[cpu], i, __ATOMIC_RELEASE);
    }
}

/// The others execute without a pause while a B and a NOP replace each other, which is allowed at any time: a call gives the
/// old result or the new one, and only the new one while `turn` says that the maintenance is complete, by an even number.
static void run_while_patched(uint32_t cpu) {
    const uint32_t end = ~0u;
    uint32_t *function = code + 8;
    if (cpu == 0) {
        for (uint32_t i = 1; i <= 100 * rounds; i++) {
            __atomic_store_n(&turn, 2 * i - 1, __ATOMIC_RELAXED);
            __asm__ volatile("dmb ish" : : : "memory");
            *(volatile uint32_t *)function = i % 2 ? NOP : branch(2);
            synchronize(function, function + 1);
            __atomic_store_n(&turn, 2 * i, __ATOMIC_RELEASE);
            for (uint32_t wait = 0; wait < 500; wait++) __asm__ volatile("nop");
        }
        __atomic_store_n(&turn, end, __ATOMIC_RELEASE);
        return;
    }
    for (;;) {
        uint32_t before = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
        if (before == end) return;
        isb();
        uint64_t result;
        __asm__ volatile("mov x0, #0\n blr %1\n mov %0, x0" : "=r"(result) : "r"(function) : "x0", "x30", "memory");
        isb();
        bool is_settled = __atomic_load_n(&turn, __ATOMIC_ACQUIRE) == before && before % 2 == 0 && before != 0;
        if (result > 1 || (is_settled && result != before / 2 % 2)) __atomic_add_fetch(&stale_count, 1, __ATOMIC_RELAXED);
    }
}

/// Everyone writes code of his own and executes it, all in one page.
static void own_code(uint32_t cpu) {
    uint32_t *mine = code + 1024 + 16 * cpu, stale = 0;
    for (uint32_t i = 0; i < 200 * rounds; i++) {
        mine[0] = movz_w0(i + cpu);
        mine[1] = RET;
        synchronize(mine, mine + 2);
        stale += call(mine) != ((i + cpu) & 0xffff);
    }
    __atomic_add_fetch(&stale_count, stale, __ATOMIC_RELAXED);
}

static void everyone(const char *what, void (*work)(uint32_t cpu)) {
    begin_turns();
    team_run(work);
    verdict(what, stale_count);
}

int main(void) {
    probe_begin("selfmodify");
    rounds = argument("rounds", 1);
    half_leave();
    patch_one_word();
    patch_within_loop();
    patch_pairs();
    patch_pages();
    aliases();
    relocate();
    if (machine.cpu_count > 1) {
        team_begin();
        everyone("published by another vCPU", publish);
        everyone("stored by another vCPU", store_only);
        code[8] = NOP;
        code[9] = movz_w0(1);
        code[10] = RET;
        everyone("branch and NOP in turns while others execute", run_while_patched);
        everyone("each his own in one page", own_code);
    }
    probe_end();
    return 0;
}
