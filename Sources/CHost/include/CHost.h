// What Swift cannot say about the host: atomics at any mapped address, anonymous memory files, descriptors that
// travel over sockets, futexes, processor affinity and a timer that strikes a word.
#ifndef ARMADA_CHOST_H
#define ARMADA_CHOST_H

#include "atomics.h"
#include "events.h"
#include "floor.h"
#include "kernel.h"

#endif
