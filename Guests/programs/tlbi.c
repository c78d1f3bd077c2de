// TLB maintenance: what every form must forget, on this vCPU and on others. Nothing here depends on what a TLB may keep.
#include "half.h"
#include "team.h"

enum form {
    VMALLE1, VAE1, VAAE1, VALE1, VAALE1, ASIDE1, VMALLE1IS, VAE1IS, VAAE1IS, VALE1IS, VAALE1IS, ASIDE1IS, form_count
};
static const char *form_name(enum form form) {
    switch (form) {
    case VMALLE1: return "VMALLE1";
    case VAE1: return "VAE1";
    case VAAE1: return "VAAE1";
    case VALE1: return "VALE1";
    case VAALE1: return "VAALE1";
    case ASIDE1: return "ASIDE1";
    case VMALLE1IS: return "VMALLE1IS";
    case VAE1IS: return "VAE1IS";
    case VAAE1IS: return "VAAE1IS";
    case VALE1IS: return "VALE1IS";
    case VAALE1IS: return "VAALE1IS";
    default: return "ASIDE1IS";
    }
}
static bool is_last_level_only(enum form form) { return form == VALE1 || form == VAALE1 || form == VALE1IS || form == VAALE1IS; }
static bool is_by_asid(enum form form) { return form == ASIDE1 || form == ASIDE1IS; }

enum { asid = 0x5a, other_asid = 0xa5 };

static void invalidate(enum form form, uint64_t va, uint64_t with_asid) {
    uint64_t page = (va >> 12 & 0xfffffffffff) | with_asid << 48, all = page & 0xfffffffffff;
    uint64_t id = with_asid << 48;
    dsb();
    switch (form) {
    case VMALLE1: __asm__ volatile("tlbi vmalle1" : : : "memory"); break;
    case VAE1: __asm__ volatile("tlbi vae1, %0" : : "r"(page) : "memory"); break;
    case VAAE1: __asm__ volatile("tlbi vaae1, %0" : : "r"(all) : "memory"); break;
    case VALE1: __asm__ volatile("tlbi vale1, %0" : : "r"(page) : "memory"); break;
    case VAALE1: __asm__ volatile("tlbi vaale1, %0" : : "r"(all) : "memory"); break;
    case ASIDE1: __asm__ volatile("tlbi aside1, %0" : : "r"(id) : "memory"); break;
    case VMALLE1IS: __asm__ volatile("tlbi vmalle1is" : : : "memory"); break;
    case VAE1IS: __asm__ volatile("tlbi vae1is, %0" : : "r"(page) : "memory"); break;
    case VAAE1IS: __asm__ volatile("tlbi vaae1is, %0" : : "r"(all) : "memory"); break;
    case VALE1IS: __asm__ volatile("tlbi vale1is, %0" : : "r"(page) : "memory"); break;
    case VAALE1IS: __asm__ volatile("tlbi vaale1is, %0" : : "r"(all) : "memory"); break;
    default: __asm__ volatile("tlbi aside1is, %0" : : "r"(id) : "memory"); break;
    }
    dsb();
    isb();
}

static struct half half;
static uint64_t va;

static uint64_t seen(void) { return result_of(EL1_read, va + memory_value, 0).value; }
static uint64_t seen_esr(void) { return result_of(EL1_read, va + memory_value, 0).esr; }
static uint64_t executed_esr(void) { return result_of(EL1_execute, va + memory_code, 0).esr; }

// MARK: One vCPU

/// A leaf goes away, and comes back as another page with other rights; data and instructions.
static void replace_leaf(enum form form, enum granule granule, uint32_t level, bool is_global) {
    half = half_make(true, granule, 25);
    uint64_t attributes = is_global ? 0 : page_not_global;
    va = half_address(&half, level, memory_page(1));
    uint64_t *entry = half_map(&half, va, level, memory_page(1), attributes);
    half_enter(&half, half_tcr(&half), (uint64_t)asid << 48);
    // TTBR1's ASID counts.
    write_register(tcr_el1, half_tcr(&half) | TCR_A1);
    isb();
    say("%s %s level %u %s: ", form_name(form), granule_name(granule), level, is_global ? "global" : "not global");
    print("%lx %lx", seen(), executed_esr());
    *entry = 0;
    invalidate(form, va, asid);
    print(" gone %lx %lx", seen_esr(), executed_esr());
    // The block's other pages went with it.
    uint64_t end = (va & ~(tables_span(&half.tables, level) - 1)) + tables_span(&half.tables, level) - 4096;
    if (level == 3) half_map(&half, va, level, memory_page(2), attributes | page_read_only | page_privileged_execute_never);
    else half_map(&half, va, level, memory_page(1), attributes | page_read_only | page_privileged_execute_never);
    dsb();
    isb();
    print(" back %lx %lx write %lx", seen(), executed_esr(), result_of(EL1_write, va + 0x100, 0).esr);
    // From read-only to writable: no break is needed, but the old rights are gone only after the invalidation.
    *entry &= ~(uint64_t)page_read_only & ~page_privileged_execute_never;
    invalidate(form, va, asid);
    print(" writable %lx %lx", result_of(EL1_write, va + 0x100, 0).esr, executed_esr());
    (void)result_of(EL1_read, end, 0);
    *entry = 0;
    invalidate(form, end, asid);
    print(" by its last address %lx\n", seen_esr());
    half_leave();
}

/// A table goes away, which the last-level forms need not notice.
static void replace_table(enum form form, enum granule granule) {
    if (is_last_level_only(form)) return;
    half = half_make(true, granule, 17);
    va = half_address(&half, 3, memory_page(1));
    half_map(&half, va, 3, memory_page(1), page_not_global);
    half_enter(&half, half_tcr(&half), (uint64_t)asid << 48);
    write_register(tcr_el1, half_tcr(&half) | TCR_A1);
    isb();
    for (uint32_t level = half.tables.first_level; level < 3; level++) {
        uint64_t before_value = seen(), *entry = tables_entry(&half.tables, va, level), before = *entry;
        *entry = 0;
        invalidate(form, va, asid);
        uint64_t gone = seen_esr();
        *entry = before | table_read_only;
        dsb();
        isb();
        uint64_t write = result_of(EL1_write, va + 0x100, 0).esr;
        *entry = before;
        invalidate(form, va, asid);
        say("%s %s table at level %u: %lx gone %lx read-only %lx again %lx\n", form_name(form), granule_name(granule), level,
            before_value, gone, write, result_of(EL1_write, va + 0x100, 0).esr);
    }
    half_leave();
}

/// An address space that is not current: its entries are invalidated from another one.
static void other_space(enum form form) {
    struct half a = half_make(true, granule_4K, 25), b = half_make(true, granule_4K, 25);
    va = half_address(&a, 3, memory_page(1));
    uint64_t *entry = half_map(&a, va, 3, memory_page(1), page_not_global);
    half_map(&b, va, 3, memory_page(2), page_not_global);
    uint64_t first = (uint64_t)a.tables.root | (uint64_t)asid << 48, second = (uint64_t)b.tables.root | (uint64_t)other_asid << 48;
    half_enter(&a, half_tcr(&a) | TCR_A1, (uint64_t)asid << 48);
    uint64_t values[4] = {seen()};
    write_register(ttbr1_el1, second);
    isb();
    values[1] = seen();
    *entry = 0;
    invalidate(form, va, asid);
    half_map(&a, va, 3, memory_page(3), page_not_global);
    dsb();
    values[2] = seen();
    write_register(ttbr1_el1, first);
    isb();
    values[3] = seen();
    half_leave();
    say("%s another address space: %lx %lx %lx %lx\n", form_name(form), values[0], values[1], values[2], values[3]);
}

// MARK: Several vCPUs

/// Each other vCPU adds to a counter through the page; when its entry is gone and DSB has completed, nobody may reach the old
/// page any more. The others fault, and wait until the page is there again.
static enum form current_form;
static uint32_t stop;
static struct {
    _Alignas(64) uint64_t faults, wrong;
} states[16];

static bool on_fault(struct probe_frame *frame, const struct record *record) {
    (void)frame;
    if ((record->esr >> 26 & 0x3f) != 0x25) return false;
    states[self()->cpu].faults++;
    if (record->far != va + 8 * self()->cpu || (record->esr & 0x3f) != 7) states[self()->cpu].wrong++;
    return true;  // again
}

enum { page_count = 8, shoot_downs = 50 };

static void hammer(uint32_t cpu) {
    write_register(ttbr1_el1, (uint64_t)half.tables.root | (uint64_t)asid << 48);
    write_register(mair_el1, tables_mair);
    write_register(tcr_el1, half_tcr(&half) | TCR_A1);
    isb();
    __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
    self()->handler = on_fault;
    volatile uint64_t *mine = (volatile uint64_t *)(va + 8 * cpu);
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        for (uint32_t i = 0; i < 64; i++) *mine += 1;
    }
    self()->handler = NULL;
}

static uint64_t late_stores;

/// Lets time pass without a word to anyone that would let other vCPUs run in the place of this one.
static void pause(uint32_t count) {
    while (count-- > 0) __asm__ volatile("nop");
}

static void shoot(void) {
    uint64_t *entry = half_map(&half, va, 3, memory_page(10), is_by_asid(current_form) ? page_not_global : 0);
    for (uint32_t round = 0; round < shoot_downs; round++) {
        uint64_t now = memory_page(10 + round % page_count), next = memory_page(10 + (round + 1) % page_count);
        uint64_t before[16];
        pause(4000);
        *entry = 0;
        invalidate(current_form, va, asid);
        for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) before[cpu] = ((volatile uint64_t *)now)[cpu];
        pause(2000);
        for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) {
            late_stores += before[cpu] != ((volatile uint64_t *)now)[cpu];
            // The count goes on in the next page.
            ((volatile uint64_t *)next)[cpu] = before[cpu];
        }
        half_map(&half, va, 3, next, is_by_asid(current_form) ? page_not_global : 0);
        dsb();
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
}

static void shoot_down(uint32_t cpu) {
    if (cpu == 0) shoot();
    else hammer(cpu);
}

static void across(enum form form) {
    half = half_make(true, granule_4K, 25);
    va = half_address(&half, 3, memory_page(1)) & ~0xfffull;
    current_form = form;
    stop = 0;
    late_stores = 0;
    for (uint32_t cpu = 0; cpu < 16; cpu++) states[cpu].faults = states[cpu].wrong = 0;
    for (uint32_t page = 0; page < page_count; page++) memset((void *)memory_page(10 + page), 0, 4096);
    half_map(&half, va, 3, memory_page(10), is_by_asid(form) ? page_not_global : 0);
    dsb();
    team_run(shoot_down);
    uint64_t wrong = 0, faults = 0;
    for (uint32_t cpu = 0; cpu < 16; cpu++) {
        wrong += states[cpu].wrong;
        faults += states[cpu].faults;
    }
    say("%s across %u vCPUs: %u pages taken away, %lu stores came late, %lu wrong faults\n", form_name(form),
        machine.cpu_count, (uint32_t)shoot_downs, late_stores, wrong);
    print("observed: %s: %lu faults\n", form_name(form), faults);
}

/// Rights are taken and given: another vCPU that was told after the DSB must see the new ones.
static uint32_t phase;
static uint64_t other_results[3];

static void take_rights(uint32_t cpu) {
    if (cpu > 1) return;
    if (cpu == 1) {
        write_register(ttbr1_el1, (uint64_t)half.tables.root);
        write_register(mair_el1, tables_mair);
        write_register(tcr_el1, half_tcr(&half));
        isb();
        __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
        for (uint32_t i = 0; i < 3; i++) {
            while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) != 2 * i + 1) __asm__ volatile("yield");
            isb();
            other_results[i] = result_of(EL1_write, va + 0x100, 0).esr;
            __atomic_store_n(&phase, 2 * i + 2, __ATOMIC_RELEASE);
        }
        return;
    }
    static const uint64_t rights[] = {0, page_read_only, 0};
    for (uint32_t i = 0; i < 3; i++) {
        half_map(&half, va, 3, memory_page(1), rights[i]);
        invalidate(current_form, va, 0);
        __atomic_store_n(&phase, 2 * i + 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) != 2 * i + 2) __asm__ volatile("yield");
    }
}

static void rights_across(enum form form) {
    half = half_make(true, granule_4K, 25);
    va = half_address(&half, 3, memory_page(1));
    current_form = form;
    phase = 0;
    team_run(take_rights);
    say("%s rights taken: %lx %lx %lx\n", form_name(form), other_results[0], other_results[1], other_results[2]);
}

int main(void) {
    probe_begin("tlbi");
    memory_prepare(32);
    half_leave();
    for (enum form form = VMALLE1; form < form_count; form++) {
        replace_leaf(form, granule_4K, 3, false);
        if (!is_by_asid(form)) replace_leaf(form, granule_4K, 3, true);
        replace_leaf(form, granule_4K, 2, false);
        replace_leaf(form, granule_4K, 1, false);
        replace_leaf(form, granule_16K, 3, false);
        replace_leaf(form, granule_16K, 2, false);
        replace_leaf(form, granule_64K, 3, false);
        replace_leaf(form, granule_64K, 2, false);
        replace_table(form, granule_4K);
        replace_table(form, granule_16K);
        replace_table(form, granule_64K);
        other_space(form);
    }
    if (machine.cpu_count > 1) {
        team_begin();
        for (enum form form = VMALLE1IS; form < form_count; form++) {
            across(form);
            if (!is_by_asid(form)) rights_across(form);
        }
    }
    probe_end();
    return 0;
}
