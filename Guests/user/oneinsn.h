// Shared by oneinsn.c and oneinsn.S: where the registers of a case stand.
#pragma once

#define CASE_X 0
#define CASE_WORD 248
#define CASE_SIGNAL 252
#define CASE_V 256
#define CASE_NZCV 768
#define CASE_FPCR 776
#define CASE_FPSR 784
#define CASE_BYTES 800

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct Case {
    uint64_t x[31];
    uint32_t word;
    // 0, or the signal that `word` raised: the registers are then as they were.
    uint32_t signal;
    uint64_t v[64];
    uint64_t nzcv, fpcr, fpsr, unused;
};
_Static_assert(offsetof(struct Case, word) == CASE_WORD && offsetof(struct Case, v) == CASE_V, "");
_Static_assert(offsetof(struct Case, fpsr) == CASE_FPSR && sizeof(struct Case) == CASE_BYTES, "");
#endif
