#include <unicorn/unicorn.h>

// Swift cannot call the variadic uc_ctl.
static inline uc_err armada_unicorn_set_cpu_model(uc_engine *engine, int model) {
    return uc_ctl_set_cpu_model(engine, model);
}
