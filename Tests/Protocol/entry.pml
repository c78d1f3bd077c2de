/*
 * How a vCPU enters and leaves the guest, and how it is called out: mode, requests, doorbell, WFI, and the two frames Exit
 * and Entry. One coordinator, one worker, and another process that makes requests in the control page at any moment, as a
 * thread of KVM would. Names are those of the code: ControlPage, VCPURun, VCPU, EventLoop, RunLoop.
 *
 * Each side's relaxed store of the mode goes through a store buffer of its own, as on a TSO processor; what else is written
 * in the control page is written by locked instructions, which wait until the buffer is empty, as a frame does. An atomic
 * block has at most one access to what another process may change at that time.
 *
 * docs/exits.md explains it; deploy/check-protocol.sh runs the checks, and the mutations (-D), each of which must fail:
 *
 *   NO_RECHECK      requests are not looked at again after the mode became IN_GUEST
 *   NO_BARRIER      no full barrier between the mode and that look
 *   NO_DOORBELL     a kick changes the mode, and does not ring
 *   NO_MODE         an Entry leaves the mode as it is
 *   NO_WAKE         a kick of a blocked vCPU is not noted
 *   EAGER_WAKE      any kicked vCPU is entered, blocked or not
 *   NO_PENDING      WFI blocks without a look at what is pending
 *   NO_ATTACH       the loop blocks while the socket is not in its event set
 *   EARLY_FRAME     the worker sends its Exit before it sets the mode
 *
 * DEVICE, EXITS, SGIS and FOREIGN_REQUESTS bound what may happen: interrupts of devices, traps and WFIs, SGIs to itself, and requests
 * of the other process (fewer than the three turns that enter() grants them).
 */

mtype:mode = { OUTSIDE_GUEST, IN_GUEST, EXITING_GUEST };
mtype:state = { inCoordinator, running, blocked };
mtype:frame = { exitTrap, exitWFI, exitIRQ, sgi, entry, stop };
mtype:owner = { COORDINATOR, ON_THE_WIRE, WORKER };

#define IRQ_PENDING 1 /* the coordinator's own requests */
#define VM_DEAD 2
#define FOREIGN 4     /* made by another process */

/* The control page. */
mtype:mode mode = OUTSIDE_GUEST;
byte requests = 0;
bool doorbell = false;
/* sgiSent less the SGIs that have been received. */
byte sgisShown = 0;

/* The store buffers: one store of IN_GUEST by the coordinator, one of OUTSIDE_GUEST by the worker. */
bool isModeBuffered = false;
bool isOutsideBuffered = false;
#define DRAINED (!isModeBuffered)

/* The socket. */
chan toCoordinator = [2] of { mtype:frame };
chan toWorker = [1] of { mtype:frame };

/* The interrupt: pending in the vGIC, or in the list register, which has one owner. */
bool isPending = false;
bool isInListRegister = false;
mtype:owner owner = COORDINATOR;

bool inGuest = false;
bool outcome = false;

active proctype StoreBuffers()
{
end:
    do
    :: atomic { isModeBuffered -> mode = IN_GUEST; isModeBuffered = false }
    :: atomic { isOutsideBuffered -> mode = OUTSIDE_GUEST; isOutsideBuffered = false }
    od
}

inline ring()
{
#ifndef NO_DOORBELL
    doorbell = true
#else
    skip
#endif
}

/* VirtualMachine.kick */
inline kick(request)
{
    atomic { DRAINED -> vcpuRequests = vcpuRequests | request; requests = requests | request };
    if
    :: state == running ->
        if
        :: atomic { DRAINED && mode == IN_GUEST -> mode = EXITING_GUEST }; ring()
        :: atomic { DRAINED && mode != IN_GUEST }
        fi;
#ifdef EAGER_WAKE
        isWaking = true
#endif
#ifndef NO_WAKE
    :: state == blocked -> isWaking = true
#endif
    :: else
    fi
}

/* VirtualMachine.enter */
inline enter()
{
    patience = 3;
    do
    :: true ->
        if
        :: vcpuRequests != 0 || requests != 0 ->
            /* handleRequests */
            atomic { DRAINED -> vcpuRequests = 0; requests = 0 };
            if
            :: outcome -> break
            :: else
            fi
        :: else
        fi;
        atomic {
            /* flush */
            assert(owner == COORDINATOR);
            isInListRegister = isInListRegister || isPending;
            isPending = false;
            patience--;
#ifndef NO_MODE
            isModeBuffered = true
#endif
        };
#ifndef NO_BARRIER
        DRAINED;
#endif
#ifndef NO_RECHECK
        if
        :: requests != 0 && patience > 0 -> isBackedOut = true
        :: else -> isBackedOut = false
        fi;
#endif
        if
        :: isBackedOut -> atomic { DRAINED -> mode = OUTSIDE_GUEST }
        :: else ->
            atomic {
                /* Stores become visible in order: the frame after the mode. */
                DRAINED ->
                assert(owner == COORDINATOR && len(toWorker) == 0);
                owner = ON_THE_WIRE;
                state = running;
                toWorker ! entry
            };
            break
        fi
    od
}

/* VirtualMachine.wakeKicked */
inline wakeKicked()
{
    if
    :: isWaking ->
        isWaking = false;
        if
        :: vcpuRequests == IRQ_PENDING && !isPending && !isInListRegister ->
            /* In vain. */
            atomic { DRAINED -> vcpuRequests = 0; requests = 0 }
        :: else -> state = inCoordinator; enter()
        fi
    :: else
    fi
}

active proctype Coordinator()
{
    /* VCPU */
    mtype:state state = inCoordinator;
    byte vcpuRequests = 0;
    bool isWaking = false;

    mtype:frame frame;
    bool isBackedOut = false;
    bool isDetached = false;
    bool isPolling;
    byte patience;
    byte deviceInterrupts = DEVICE;
    bool mayEnd = true;

    enter();
    do
    :: true ->
        /* EventLoop.poll looks at the socket when the worker shows that it sends, in the event set or not. In vain, or when it
           does not poll, it blocks, and then the socket must be in the set. */
        isPolling = false;
        if
        :: state == running && (mode == OUTSIDE_GUEST || sgisShown > 0) -> isPolling = true
        :: true
        fi;
        if
        :: isPolling && len(toCoordinator) > 0
        :: else ->
            isPolling = false;
#ifndef NO_ATTACH
            isDetached = false
#endif
        fi;
end_block:
        if
        :: atomic {
            len(toCoordinator) > 0 && (isPolling || !isDetached) ->
            /* EventLoop.serve */
            toCoordinator ? frame;
            assert(state == running);
            if
            :: frame == sgi -> sgisShown--; isPending = true
            :: else ->
                /* exited: sync */
                assert(owner == ON_THE_WIRE);
                owner = COORDINATOR;
                state = inCoordinator;
                isPending = isPending || isInListRegister;
                isInListRegister = false
            fi
           };
            if
            :: frame == sgi -> kick(IRQ_PENDING)
            :: frame != sgi && outcome
            :: frame == exitWFI && !outcome ->
                /* block */
#ifndef NO_PENDING
                if
                :: isPending -> enter()
                :: else -> state = blocked
                fi
#else
                state = blocked
#endif
            :: frame == exitIRQ && !outcome -> enter()
            :: frame == exitTrap && !outcome ->
                /* The handler may make an interrupt pending for its own vCPU. */
                if
                :: deviceInterrupts > 0 ->
                    deviceInterrupts--;
                    isPending = true;
                    kick(IRQ_PENDING)
                :: true
                fi;
                enter()
            fi;
            /* EventLoop.detach */
            if
            :: isPolling && state == running -> isDetached = true
            :: true
            fi
        :: atomic { deviceInterrupts > 0 && !outcome -> deviceInterrupts-- };
            /* One that the CPU interface would not signal wakes in vain. */
            if
            :: isPending = true
            :: true
            fi;
            kick(IRQ_PENDING);
            wakeKicked()
        :: atomic { deviceInterrupts > 0 || mayEnd -> deviceInterrupts = 0; mayEnd = false }
            /* Nothing more comes: what rescues a vCPU must not be the next event. */
        :: atomic { mayEnd -> mayEnd = false; outcome = true };
            /* The end of the run: EventLoop.quiesce */
            isDetached = false;
            if
            :: state == running -> kick(VM_DEAD)
            :: else
            fi
        :: outcome && state != running -> break
        fi
    od;
    toWorker ! stop
}

active proctype Worker()
{
    mtype:frame code;
    byte guestExits = EXITS;
    byte guestSGIs = SGIS;

    do
    :: true ->
        /* awaitOrder. Polling looks at the mode to know when to look at the socket, and changes nothing. */
end_wait:
        atomic {
            toWorker ? code;
            if
            :: code == stop -> break
            :: else
            fi;
            assert(owner == ON_THE_WIRE);
            owner = WORKER;
            inGuest = true
        };
        /* The guest, and the doorbell at the ends of its blocks. */
        do
        :: atomic { doorbell -> doorbell = false; code = exitIRQ; break }
        :: atomic {
            !doorbell ->
            if
            :: isInListRegister -> assert(owner == WORKER); isInListRegister = false
            :: !isInListRegister
            :: guestExits > 0 -> guestExits--; code = exitTrap; break
            :: guestExits > 0 -> guestExits--; code = exitWFI; break
            fi
           }
        :: atomic { !doorbell && guestSGIs > 0 -> guestSGIs--; sgisShown++ };
            toCoordinator ! sgi
        od;
        assert(owner == WORKER);
        /* VCPU.leave, and then the frame */
#ifdef EARLY_FRAME
        atomic { owner = ON_THE_WIRE; toCoordinator ! code };
#endif
        atomic { isOutsideBuffered = true; inGuest = false };
        /* The look at the doorbell does not wait for the buffer. What clears it is a locked instruction. */
        if
        :: atomic { doorbell && !isOutsideBuffered -> doorbell = false }
        :: !doorbell
        fi;
#ifndef EARLY_FRAME
        atomic { !isOutsideBuffered -> toCoordinator ! code; owner = ON_THE_WIRE }
#endif
    od
}

/* Another process with the control page, which makes a request and kicks as VirtualMachine.kick does. */
active proctype Other()
{
    byte foreignRequests = FOREIGN_REQUESTS;
end:
    do
    :: foreignRequests > 0 -> foreignRequests = 0
    :: atomic { foreignRequests > 0 -> foreignRequests--; requests = requests | FOREIGN };
        if
        :: atomic { mode == IN_GUEST -> mode = EXITING_GUEST }; ring()
        :: mode != IN_GUEST
        fi
    od
}

/* An interrupt that was raised is taken. At the end of the run nobody takes it any more. */
ltl interruptTaken { [] ((isPending || isInListRegister) -> <> ((!isPending && !isInListRegister) || outcome)) }
/* A request that was made brings the vCPU out of the guest, or finds it outside and is served on the way in. */
ltl requestServed { [] (requests != 0 -> <> (requests == 0 || !inGuest)) }
/* The end of the run brings the vCPU out. */
ltl runEnds { [] (outcome -> <> [] !inGuest) }
