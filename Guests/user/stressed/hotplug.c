// CPUs go off and come back, in random order, while everything else goes on.
#include "stressed.h"

static uint8_t is_off[MAXIMUM_CPUS];

/// Writes "0" or "1" to the CPU's file; the result of the write.
static long set_online(unsigned cpu, int online) {
    char path[48] = "/sys/devices/system/cpu/cpu", digits[3] = {0};
    int length = 27, count = 0;
    do digits[count++] = (char)('0' + cpu % 10);
    while ((cpu /= 10) != 0);
    while (count != 0) path[length++] = digits[--count];
    for (const char *from = "/online"; *from; from++) path[length++] = *from;
    long file = call(SYS_OPENAT, -100, (long)path, 1, 0, 0);
    if (file < 0) return file;
    long result = call(SYS_WRITE, file, (long)(online ? "1" : "0"), 1, 0, 0);
    call(SYS_CLOSE, file, 0, 0, 0, 0);
    return result;
}

static void toggle(struct account *account, unsigned cpu) {
    begin(account);
    long result = set_online(cpu, is_off[cpu]);
    if (result == 1) {
        is_off[cpu] = !is_off[cpu];
        finish(account);
    } else if (result == -EBUSY) {
        // Linux may refuse for a while.
        cancel(account);
    }
}

void hotplug(struct account *account) {
    while (goes_on()) {
        unsigned off = 0, cpu = (unsigned)(split_mix(&account->random) % cpu_count);
        for (unsigned i = 0; i < cpu_count; i++) off += is_off[i];
        // One stays.
        if (is_off[cpu] || off + 1 < cpu_count) toggle(account, cpu);
        // Linux lets no membarrier begin while it turns a CPU on or off: they need time of their own.
        uint64_t dice = split_mix(&account->random);
        sleep_until(now() + (dice >> 8) % (dice % 4 == 0 ? 1000000 : 100000000));
    }
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        for (int attempt = 0; is_off[cpu] && attempt < 100; attempt++) {
            toggle(account, cpu);
            if (is_off[cpu]) sleep_until(now() + 10000000);
        }
    }
}
