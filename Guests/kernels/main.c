// Runs one kernel and prints its checksum and the time that it took.
#include "kernel.h"

int main(void) {
    uint64_t start = ticks();
    uint64_t checksum = kernel();
    uint64_t elapsed = nanoseconds(ticks() - start);
    print("%s: checksum %016lx\n", kernel_name, checksum);
    print("%s: %lu ns\n", kernel_name, elapsed);
    return 0;
}
