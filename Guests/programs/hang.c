// Never ends: spins, or with bootargs "wfi" sleeps with nothing to wake it.
#include "guest.h"

int main(void) {
    bool sleeps = machine.bootargs[0] == 'w';
    print("hang: %s\n", sleeps ? "sleeping" : "spinning");
    for (;;)
        if (sleeps) wfi();
}
