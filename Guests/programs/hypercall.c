// The price of the smallest exit: PSCI_VERSION hypercalls, each timed by the virtual counter.
#include "guest.h"

enum { calls = 65536, bucket_nanoseconds = 10, bucket_count = 100000 };

static uint32_t histogram[bucket_count];

static uint64_t quantile(uint32_t permille) {
    uint64_t seen = 0;
    for (uint32_t i = 0; i < bucket_count; i++) {
        seen += histogram[i];
        if (seen * 1000 >= (uint64_t)calls * permille) return (uint64_t)i * bucket_nanoseconds;
    }
    return 0;
}

int main(void) {
    uint64_t minimum = ~0ull, total = 0;
    for (uint32_t i = 0; i < calls; i++) {
        uint64_t start = ticks();
        psci(PSCI_VERSION, 0, 0, 0);
        uint64_t elapsed = nanoseconds(ticks() - start);
        if (elapsed < minimum) minimum = elapsed;
        total += elapsed;
        uint64_t bucket = elapsed / bucket_nanoseconds;
        histogram[bucket < bucket_count ? bucket : bucket_count - 1]++;
    }
    print("hypercall: %u calls, min %lu ns, p50 %lu ns, p99 %lu ns, mean %lu ns\n", calls, minimum, quantile(500),
          quantile(990), total / calls);
    return 0;
}
