#include <unicorn/unicorn.h>

// Swift cannot call the variadic uc_ctl.
static inline uc_err armada_unicorn_set_cpu_model(uc_engine *engine, int model) {
    return uc_ctl_set_cpu_model(engine, model);
}

static inline uc_err armada_unicorn_remove_cache(uc_engine *engine, uint64_t start, uint64_t end) {
    return uc_ctl_remove_cache(engine, start, end);
}
