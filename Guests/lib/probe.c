// Records exceptions and returns from excursions; see probe.h.
#include "probe.h"

#include <stdarg.h>

extern uint8_t probe_vectors[];
void probe_enter(struct probe *probe);

enum { probe_cpu_count = 16, user_stack_byte_count = 4096, code_byte_count = 4096 };

static struct probe probes[probe_cpu_count];
static const char *transcript_name;
static bool pan_is_implemented, uao_is_implemented;
static uint8_t user_stacks[probe_cpu_count][user_stack_byte_count] __attribute__((aligned(4096)));
/// Where `run_word` writes its instruction: a page for each vCPU.
static uint32_t code_pages[probe_cpu_count][code_byte_count / 4] __attribute__((aligned(4096)));

// PAN and UAO have names only where the compiler believes in them.
#define read_pan() ({ uint64_t value; __asm__ volatile("mrs %0, s3_0_c4_c2_3" : "=r"(value)); value; })
#define read_uao() ({ uint64_t value; __asm__ volatile("mrs %0, s3_0_c4_c2_4" : "=r"(value)); value; })

/// Called by probe.S. Returns 0 to go on with `frame`, or the stack pointer of the `probe_enter` to return from.
uint64_t probe_exception(struct probe_frame *frame, uint64_t vector) {
    struct probe *probe = self();
    struct record record = {
        .vector = (uint32_t)vector, .esr = frame->esr, .far = frame->far, .elr = frame->elr, .spsr = frame->spsr,
        .sp_el1 = frame->sp_el1, .sp_el0 = frame->sp_el0,
    };
    uint64_t entry = read_register(daif) | read_register(currentel) | read_register(spsel);
    if (pan_is_implemented) entry |= read_pan();
    if (uao_is_implemented) entry |= read_uao();
    record.entry = (uint32_t)entry;
    probe->count++;
    if (probe->handler && probe->handler(frame, &record)) return 0;
    uint64_t recovery_sp = probe->recovery_sp;
    if (recovery_sp == 0)
        panic("vector %03x ESR %08lx ELR %lx SPSR %lx FAR %lx", record.vector, record.esr, record.elr, record.spsr,
              record.far);
    probe->recovery_sp = 0;
    probe->last = record;
    memcpy(probe->x, frame->x, sizeof probe->x);
    return recovery_sp;
}

void probe_init(uint32_t cpu) {
    if (cpu >= probe_cpu_count) panic("vCPU %u has no place to note exceptions", cpu);
    struct probe *probe = &probes[cpu];
    probe->cpu = cpu;
    write_register(tpidr_el1, probe);
    write_register(vbar_el1, probe_vectors);
    isb();
}

void probe_begin(const char *name) {
    transcript_name = name;
    pan_is_implemented = has_pan();
    uao_is_implemented = has_uao();
    console_use_fifo();
    probe_init(0);
}

void probe_end(void) { say("end\n"); }

void say(const char *format, ...) {
    va_list list;
    va_start(list, format);
    print("%s: ", transcript_name);
    print_list(format, list);
    va_end(list);
}

// MARK: Running code

const struct record *run(uint64_t spsr, uint64_t pc) {
    struct probe *probe = self();
    uint64_t sp_el0 = (uint64_t)user_stacks[probe->cpu] + user_stack_byte_count;
    if ((spsr & 0x1f) == (EL0t & 0x1f)) sp_el0 += user_alias;
    if (probe->sp_el0 == 0) probe->sp_el0 = sp_el0;
    probe->pc = pc;
    probe->spsr = spsr;
    probe->count = 0;
    isb();
    probe_enter(probe);
    probe->sp_el0 = probe->sp_el1 = 0;
    // What exception entry may have left behind.
    if (pan_is_implemented) __asm__ volatile(".inst 0xd500409f");  // MSR PAN, #0
    return &probe->last;
}

const struct record *run_word(uint64_t spsr, uint32_t word) {
    uint32_t *page = code_pages[self()->cpu];
    if (page[0] != word || page[1] == 0) {
        page[0] = word;
        page[1] = 0xd4000001 | snippet_end_svc << 5;
        synchronize_code((uint64_t)page);
    }
    return run(spsr, (uint64_t)page + ((spsr & 0x1f) == (EL0t & 0x1f) ? user_alias : 0));
}

const struct record *run_snippet(uint64_t spsr, uint64_t code, const uint64_t *x) {
    memcpy(self()->x, x, sizeof self()->x);
    return run(spsr, code + ((spsr & 0x1f) == (EL0t & 0x1f) ? user_alias : 0));
}

void attempt_snippet(const char *name, uint64_t spsr, uint64_t code, const uint64_t *x) {
    const struct record *record = run_snippet(spsr, code, x);
    say("%s: ", name);
    print_record(record, self()->pc);
}

// MARK: Printing

/// Whether FAR_EL1 says something: instruction and data aborts, PC alignment, watchpoints.
static bool has_far(uint64_t esr) {
    switch (esr >> 26 & 0x3f) {
    case 0x20: case 0x21: case 0x22: case 0x24: case 0x25: case 0x34: case 0x35: return true;
    default: return false;
    }
}

static void print_address(const char *name, uint64_t address, uint64_t origin) {
    uint64_t distance = address - origin;
    if (distance < 256) print(" %s +%lu", name, distance);
    else print(" %s %lx", name, address);
}

void print_record(const struct record *record, uint64_t origin) {
    bool is_synchronous = (record->vector & 0x1ff) == 0;
    if (ended(record)) {
        print("ok\n");
        return;
    }
    print("vector %03x", record->vector);
    if (is_synchronous) print(" ESR %08lx", record->esr);
    print_address("ELR", record->elr, origin);
    print(" SPSR %08lx", record->spsr);
    if (is_synchronous && has_far(record->esr)) print_address("FAR", record->far, origin);
    console_putc('\n');
}
