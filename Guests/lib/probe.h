// Exceptions on purpose: run a few instructions in some state of the PE, and say what came of it.
//
//     probe_begin("alignment");
//     attempt("ldr, one byte off", EL1h, "ldr x0, [x1]", 0, address + 1);
//     probe_end();
//
// prints "alignment: ldr, one byte off: vector 200 ESR 96000021 ELR +0 SPSR 000003c5 FAR …" or "…: ok". The code is position
// independent, has x0…x7 as arguments, may use x0…x18, and ends by itself or by its first exception; what x0…x7 held then is
// `self()->x`. At EL0 it runs in the user alias (guest.h). Everything a program prints with `say` is its transcript.
#pragma once
#include "guest.h"

/// One exception as its vector found it.
struct record {
    /// Offset from VBAR_EL1.
    uint32_t vector;
    /// PSTATE in the handler, as SPSR_EL1 would hold it: DAIF, CurrentEL, SPSel, and PAN and UAO if they are implemented.
    uint32_t entry;
    uint64_t esr, far, elr, spsr;
    /// SP_EL1 and SP_EL0.
    uint64_t sp_el1, sp_el0;
};

/// Everything that is restored when a handler lets the interrupted code go on.
struct probe_frame {
    uint64_t x[31], elr, spsr, esr, far, sp_el1, sp_el0, padding;
};

/// Of each vCPU; TPIDR_EL1 points to it. The exception entry uses TPIDRRO_EL0 as well.
struct probe {
    // For probe.S.
    uint64_t recovery_sp;
    /// Where the next `run` begins and in which state.
    uint64_t pc, spsr;
    /// SP_EL0, and SP_EL1 if it is not 0, for the next `run`. Both are set back after it.
    uint64_t sp_el0, sp_el1;
    /// x0…x7 for the next `run`; afterwards, what they held at the exception that ended it.
    uint64_t x[8];

    uint32_t cpu;
    /// The exceptions of the last `run`: how many, the one that ended it.
    uint32_t count;
    struct record last;
    /// Sees each exception first. True: the interrupted code goes on, with `frame` as it was left.
    bool (*handler)(struct probe_frame *frame, const struct record *record);
};

static inline struct probe *self(void) { return (struct probe *)read_register(tpidr_el1); }

// MARK: The transcript

/// Names the transcript, and makes the calling vCPU (0) take its exceptions here.
void probe_begin(const char *name);
/// Prints the line without which a transcript is not whole.
void probe_end(void);
/// Makes a further vCPU take its exceptions here.
void probe_init(uint32_t cpu);
/// Begins a line of the transcript with the program's name; `print` goes on.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Prints one record, with addresses relative to `origin` where they are near it, and ends the line.
void print_record(const struct record *record, uint64_t origin);

// MARK: Running code

/// SPSR_EL1 to run with: everything masked.
enum { EL0t = 0x3c0, EL1t = 0x3c4, EL1h = 0x3c5 };
enum { PSR_F = 1 << 6, PSR_I = 1 << 7, PSR_A = 1 << 8, PSR_IL = 1 << 20, PSR_SS = 1 << 21, PSR_PAN = 1 << 22, PSR_UAO = 1 << 23 };

/// ESR_EL1 of the SVC that ends a snippet.
enum { snippet_end_svc = 0xffff };
enum { snippet_end_esr = 0x56000000 | snippet_end_svc };

/// What snippets may use; the program itself is compiled for less.
#define snippet_architecture ".arch armv8.4-a+fp16+dotprod+crypto+rcpc\n"

/// The address of `code`, which stands apart from the program's own flow, followed by the SVC that ends it.
#define snippet(code) ({                                                                                               \
    uint64_t start;                                                                                                    \
    __asm__(snippet_architecture ".pushsection .text.snippets, \"ax\"\n 900: " code "\n svc #0xffff\n .popsection\n"      \
            " adrp %0, 900b\n add %0, %0, :lo12:900b" : "=r"(start));                                                      \
    start;                                                                                                             \
})

/// Runs the code at `pc` with x0…x7 = `self()->x` until an exception ends it, which it returns. At EL0 `pc` is an address of
/// the user alias. The caller goes on at EL1h with everything masked.
const struct record *run(uint64_t spsr, uint64_t pc);
/// Runs a single instruction, in the user alias if `spsr` says EL0.
const struct record *run_word(uint64_t spsr, uint32_t word);
/// Whether the last `run` came to the end of its snippet.
static inline bool ended(const struct record *record) { return (uint32_t)record->esr == snippet_end_esr && (record->vector & 0x1ff) == 0; }

/// `run` of a snippet with x0…x7 from an array of 8.
const struct record *run_snippet(uint64_t spsr, uint64_t code, const uint64_t *x);
/// The same, and prints the line.
void attempt_snippet(const char *name, uint64_t spsr, uint64_t code, const uint64_t *x);

/// Runs `code` in state `spsr` with the values that follow in x0…x7, and prints the line.
#define attempt(name, spsr, code, ...) attempt_snippet(name, spsr, snippet(code), (const uint64_t[8]){__VA_ARGS__})
/// Runs `code` without a word; the value is the record.
#define quietly(spsr, code, ...) run_snippet(spsr, snippet(code), (const uint64_t[8]){__VA_ARGS__})

// MARK: Features

/// A four-bit field of an identification register.
#define id_field(name, shift) (read_register(name) >> (shift) & 15)
static inline bool has_pan(void) { return id_field(id_aa64mmfr1_el1, 20) != 0; }
static inline bool has_uao(void) { return id_field(id_aa64mmfr2_el1, 4) != 0; }

/// Makes stores to `address` visible to instruction fetches of all vCPUs.
static inline void synchronize_code(uint64_t address) {
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" : : "r"(address) : "memory");
}
