// Several vCPUs at work together.
#pragma once
#include "probe.h"

/// Starts all other vCPUs; each takes exceptions by `probe.h` and waits for work. The program defines no `secondary_main`.
void team_begin(void);
/// Runs `work` on every vCPU, the caller included, and returns when all are through.
void team_run(void (*work)(uint32_t cpu));
/// Runs `work` on one other vCPU, and returns when it is through.
void team_run_on(uint32_t cpu, void (*work)(uint32_t cpu));
/// Waits until all vCPUs have come here. Only within `team_run`.
void team_barrier(void);
