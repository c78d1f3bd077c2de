// Stolen time: whether it is counted, and each vCPU's record of it.
#include "team.h"

enum {
    SMCCC_ARCH_FEATURES = 0x80000001,
    HV_PV_TIME_FEATURES = 0xc5000020,
    HV_PV_TIME_ST = 0xc5000021,
};

static void ask(uint32_t cpu) {
    int64_t record = psci(HV_PV_TIME_ST, 0, 0, 0);
    if (record < 0) {
        print("pvtime: CPU %u: HV_PV_TIME_ST %lx\n", cpu, record);
        return;
    }
    print("pvtime: CPU %u: HV_PV_TIME_ST %lx, revision %u, attributes %u, aligned %u\n", cpu, record,
          mmio_read32(record), mmio_read32(record + 4), (record & 63) == 0);
}

int main(void) {
    team_begin();
    print("pvtime: ARCH_FEATURES of HV_PV_TIME_FEATURES %lx\n", psci(SMCCC_ARCH_FEATURES, HV_PV_TIME_FEATURES, 0, 0));
    print("pvtime: HV_PV_TIME_FEATURES of HV_PV_TIME_ST %lx\n", psci(HV_PV_TIME_FEATURES, HV_PV_TIME_ST, 0, 0));
    ask(0);
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) team_run_on(cpu, ask);
    return 0;
}
