// The command line, which the device tree holds.
#include "guest.h"

uint64_t argument(const char *name, uint64_t otherwise) {
    for (const char *word = machine.bootargs; *word; word++) {
        const char *a = word, *b = name;
        while (*b && *a == *b) a++, b++;
        if (*b || *a != '=') continue;
        uint64_t value = 0;
        for (a++; *a >= '0' && *a <= '9'; a++) value = value * 10 + (uint64_t)(*a - '0');
        return value;
    }
    return otherwise;
}
