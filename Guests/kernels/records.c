// In the manner of Dhrystone: records, string comparison and copying, calls, small branches.
#include "kernel.h"

enum { rounds = 1500000, name_size = 32 };
const char kernel_name[] = "records";

struct record {
    struct record *next;
    uint32_t kind, number;
    char name[name_size];
};

static struct record pool[2];
static uint32_t table[64], grid[32][32], global_number;
static const char first_name[name_size] = "RECORDS PROGRAM, 1ST STRING";
static const char second_name[name_size] = "RECORDS PROGRAM, 2ND STRING";

static __attribute__((noinline)) void copy_name(char *to, const char *from) {
    while ((*to++ = *from++)) {}
}
static __attribute__((noinline)) int32_t compare_names(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a - *b;
}
static __attribute__((noinline)) uint32_t classify(uint32_t kind, uint32_t number) {
    switch (kind & 7) {
    case 0: return number + 1;
    case 1: return number > 100 ? 0 : 3;
    case 2: return number ^ 1;
    case 3: return number * 3;
    case 4: return number >> 1;
    default: return kind + number;
    }
}
static __attribute__((noinline)) void fill(uint32_t row, uint32_t value) {
    table[row] = value;
    table[row + 1] = table[row];
    for (uint32_t i = row; i <= row + 1; i++) grid[row & 31][i & 31] += row;
    grid[(row + 20) & 31][row & 31] = table[row];
}
static __attribute__((noinline)) void advance(struct record *record, uint32_t round) {
    struct record *next = record->next;
    *next = *record;
    record->number = round % 5;
    next->number = record->number;
    next->kind = classify(round, next->number);
    next->next = record;
    if ((next->kind & 3) == 0) copy_name(next->name, second_name);
}

uint64_t kernel(void) {
    pool[0].next = &pool[1];
    pool[1].next = &pool[0];
    copy_name(pool[0].name, first_name);
    uint64_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        struct record *record = &pool[round & 1];
        advance(record, round);
        fill(round % 62, record->next->kind);
        char name[name_size];
        copy_name(name, round % 3 ? first_name : second_name);
        if (compare_names(name, record->next->name) > 0) global_number++;
        sum = sum * 5 + record->next->kind + global_number;
    }
    for (uint32_t i = 0; i < 32; i++)
        for (uint32_t j = 0; j < 32; j++) sum = sum * 31 + grid[i][j];
    return sum;
}
