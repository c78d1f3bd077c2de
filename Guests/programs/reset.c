// Asks for a reset.
#include "guest.h"

int main(void) {
    print("reset: asking for it\n");
    psci(PSCI_SYSTEM_RESET, 0, 0, 0);
    panic("SYSTEM_RESET returned");
}
