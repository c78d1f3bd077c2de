// Litmus tests: what other vCPUs may never see. Names as in the herd and litmus7 literature.
//
// Each thread of a test executes its few instructions on a slot of memory of its own number, close in time to the other
// threads; then the next slot. An outcome that the architecture forbids must not appear: "never". One that it allows may or
// may not; how often it did is no part of the transcript. `rounds=` on the command line makes it longer.
//
// Source: Arm ARM "The AArch64 memory model".
#include "probe.h"
#include "team.h"

struct slot {
    _Alignas(64) uint32_t x;
    _Alignas(64) uint32_t y;
    _Alignas(64) uint32_t z;
    _Alignas(64) uint32_t spare;
};
typedef void thread(struct slot *slot, uint32_t *r);

enum { slot_count = 512, thread_limit = 4 };
static struct slot slots[slot_count];
static struct {
    _Alignas(64) uint32_t r[slot_count][2];
} results[thread_limit];

struct outcome {
    uint32_t p0[2], p1[2], p2[2], p3[2], x, y, z;
};
typedef bool condition(const struct outcome *o);

// MARK: Running one

static thread *threads[thread_limit];
static uint32_t thread_count;
static condition *is_seen;
static uint64_t rounds, iterations, seen;
static struct {
    _Alignas(128) uint32_t at;
} progress[thread_limit];

/// Waits, not for ever, until the other threads are at the same slot, so that all begin together.
static void meet(uint32_t me, uint32_t place) {
    __atomic_store_n(&progress[me].at, place, __ATOMIC_RELAXED);
    for (uint32_t patience = 0; patience < 300; patience++) {
        bool are_all_here = true;
        for (uint32_t other = 0; other < thread_count; other++)
            if ((int32_t)(__atomic_load_n(&progress[other].at, __ATOMIC_RELAXED) - place) < 0) are_all_here = false;
        if (are_all_here) break;
    }
}

static void all_here(void) {
    static uint32_t arrived, turn;
    uint32_t before = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == thread_count) {
        __atomic_store_n(&arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&turn, before + 1, __ATOMIC_RELEASE);
    } else {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == before) __asm__ volatile("yield");
    }
}

static void evaluate(void) {
    for (uint32_t i = 0; i < slot_count; i++) {
        struct outcome o = {.x = slots[i].x, .y = slots[i].y, .z = slots[i].z};
        memcpy(o.p0, results[0].r[i], 8);
        memcpy(o.p1, results[1].r[i], 8);
        memcpy(o.p2, results[2].r[i], 8);
        memcpy(o.p3, results[3].r[i], 8);
        iterations++;
        seen += is_seen(&o);
    }
    memset(slots, 0, sizeof slots);
}

static void work(uint32_t me) {
    if (me >= thread_count) return;
    thread *body = threads[me];
    for (uint32_t round = 0; round < rounds; round++) {
        all_here();
        for (uint32_t i = 0; i < slot_count; i++) {
            // Scattered over the caches; and not always in step.
            uint32_t slot = i * 167 % slot_count;
            meet(me, round * slot_count + i);
            for (uint32_t delay = (i * 7 + me * round) % 4; delay > 0; delay--) __asm__ volatile("nop");
            body(&slots[slot], results[me].r[slot]);
        }
        all_here();
        if (me == 0) evaluate();
    }
}

enum verdict { forbidden, allowed };

static void test(const char *name, enum verdict verdict, condition *outcome, thread *p0, thread *p1, thread *p2, thread *p3) {
    threads[0] = p0;
    threads[1] = p1;
    threads[2] = p2;
    threads[3] = p3;
    thread_count = p3 ? 4 : p2 ? 3 : p1 ? 2 : 1;
    if (thread_count > machine.cpu_count) {
        say("%s: needs %u vCPUs\n", name, thread_count);
        return;
    }
    is_seen = outcome;
    iterations = seen = 0;
    for (uint32_t i = 0; i < thread_limit; i++) progress[i].at = 0;
    memset(slots, 0, sizeof slots);
    memset(results, 0, sizeof results);
    team_run(work);
    if (verdict == allowed) say("%s: allowed\n", name);
    else if (seen == 0) say("%s: never\n", name);
    else say("%s: FORBIDDEN, %lu of %lu\n", name, seen, iterations);
    print("observed: %s: %lu of %lu\n", name, seen, iterations);
}

// MARK: Threads: x is at 0, y at 64, z at 128 of the slot; what is read goes to w0 and w1

#define THREAD(name, code)                                                                                             \
    static void name(struct slot *slot, uint32_t *r) {                                                                 \
        register uint64_t a __asm__("x0") = 0, b __asm__("x1") = 0;                                                    \
        register struct slot *s __asm__("x2") = slot;                                                                  \
        __asm__ volatile("add x3, x2, #64\n add x4, x2, #128\n mov w10, #1\n mov w11, #2\n" code                       \
                         : "+r"(a), "+r"(b) : "r"(s) : "x3", "x4", "x10", "x11", "x12", "x13", "cc", "memory");        \
        r[0] = (uint32_t)a;                                                                                            \
        r[1] = (uint32_t)b;                                                                                            \
    }
#define X "[x2]"
#define Y "[x3]"
#define Z "[x4]"
#define W1(location) "str w10, " location "\n"
#define W2(location) "str w11, " location "\n"
#define L1(location) "stlr w10, " location "\n"
#define L2(location) "stlr w11, " location "\n"
#define Ra(location) "ldr w0, " location "\n"
#define Rb(location) "ldr w1, " location "\n"
#define Aa(location) "ldar w0, " location "\n"
#define Ab(location) "ldar w1, " location "\n"
#define DMB "dmb ish\n"
#define DMB_ST "dmb ishst\n"
#define DMB_LD "dmb ishld\n"
#define DSB "dsb ish\n"
// Dependencies on what was read into w0.
#define address_x "eor w12, w0, w0\n add x12, x2, w12, uxtw\n"
#define address_y "eor w12, w0, w0\n add x12, x3, w12, uxtw\n"
#define address_z "eor w12, w0, w0\n add x12, x4, w12, uxtw\n"
#define there "[x12]"
#define data_1 "eor w13, w0, w0\n add w10, w13, #1\n"
#define control "cbnz w0, 1f\n 1:\n"
#define control_isb "cbnz w0, 1f\n 1: isb\n"

#define CONDITION(name, expression) static bool name(const struct outcome *o) { return expression; }
CONDITION(mp_seen, o->p1[0] == 1 && o->p1[1] == 0)
CONDITION(sb_seen, o->p0[0] == 0 && o->p1[0] == 0)
CONDITION(lb_seen, o->p0[0] == 1 && o->p1[0] == 1)
CONDITION(s_seen, o->p1[0] == 1 && o->x == 2)
CONDITION(r_seen, o->p1[0] == 0 && o->y == 2)
CONDITION(two_two_w_seen, o->x == 1 && o->y == 1)
CONDITION(wrc_seen, o->p1[0] == 1 && o->p2[0] == 1 && o->p2[1] == 0)
CONDITION(rwc_seen, o->p1[0] == 1 && o->p1[1] == 0 && o->p2[0] == 0)
CONDITION(isa2_seen, o->p1[0] == 1 && o->p2[0] == 1 && o->p2[1] == 0)
CONDITION(iriw_seen, o->p2[0] == 1 && o->p2[1] == 0 && o->p3[0] == 1 && o->p3[1] == 0)
CONDITION(wwc_seen, o->p1[0] == 2 && o->p2[0] == 1 && o->x == 2)

// Writers
THREAD(w1x, W1(X))
THREAD(w1y, W1(Y))
THREAD(w2x, W2(X))
THREAD(wx_wy, W1(X) W1(Y))
THREAD(wx_dmb_wy, W1(X) DMB W1(Y))
THREAD(wx_dmbst_wy, W1(X) DMB_ST W1(Y))
THREAD(wx_dsb_wy, W1(X) DSB W1(Y))
THREAD(wx_ly, W1(X) L1(Y))
THREAD(w2x_dmb_wy, W2(X) DMB W1(Y))
THREAD(w2x_dmbst_wy, W2(X) DMB_ST W1(Y))
THREAD(w2x_ly, W2(X) L1(Y))
THREAD(w2x_wy, W2(X) W1(Y))
// Readers of y, then x
THREAD(ry_rx, Ra(Y) Rb(X))
THREAD(ry_dmb_rx, Ra(Y) DMB Rb(X))
THREAD(ry_dmbld_rx, Ra(Y) DMB_LD Rb(X))
THREAD(ry_dsb_rx, Ra(Y) DSB Rb(X))
THREAD(ry_addr_rx, Ra(Y) address_x Rb(there))
THREAD(ry_ctrlisb_rx, Ra(Y) control_isb Rb(X))
THREAD(ay_rx, Aa(Y) Rb(X))
THREAD(qy_rx, ".arch_extension rcpc\n ldapr w0, " Y "\n" Rb(X))
THREAD(rx_dmb_ry, Ra(X) DMB Rb(Y))
THREAD(rx_addr_ry, Ra(X) address_y Rb(there))
THREAD(rx_dmbld_ry, Ra(X) DMB_LD Rb(Y))
THREAD(ax_ay, Aa(X) Ab(Y))
THREAD(ay_ax, Aa(Y) Ab(X))
THREAD(rx_ry, Ra(X) Rb(Y))
THREAD(rz_addr_rx, Ra(Z) address_x Rb(there))
THREAD(rz_dmb_rx, Ra(Z) DMB Rb(X))
THREAD(az_rx, Aa(Z) Rb(X))
// Store buffering
THREAD(wx_ry, W1(X) Ra(Y))
THREAD(wy_rx, W1(Y) Ra(X))
THREAD(wx_dmb_ry, W1(X) DMB Ra(Y))
THREAD(wy_dmb_rx, W1(Y) DMB Ra(X))
THREAD(wx_dsb_ry, W1(X) DSB Ra(Y))
THREAD(wy_dsb_rx, W1(Y) DSB Ra(X))
THREAD(wx_dmbst_ry, W1(X) DMB_ST Ra(Y))
THREAD(wy_dmbst_rx, W1(Y) DMB_ST Ra(X))
THREAD(lx_qy, ".arch_extension rcpc\n" L1(X) "ldapr w0, " Y "\n")
THREAD(ly_qx, ".arch_extension rcpc\n" L1(Y) "ldapr w0, " X "\n")
THREAD(lx_ay, L1(X) Aa(Y))
THREAD(ly_ax, L1(Y) Aa(X))
THREAD(lx_ry, L1(X) Ra(Y))
THREAD(ly_rx, L1(Y) Ra(X))
THREAD(wx_own_ry, W1(X) Rb(X) Ra(Y))
THREAD(wy_own_rx, W1(Y) Rb(Y) Ra(X))
THREAD(w2y_dmb_rx, W2(Y) DMB Ra(X))
THREAD(l2y_ax, L2(Y) Aa(X))
// Atomics as the store, a barrier behind them
THREAD(swpx_dmb_ry, ".arch_extension lse\n swp w10, w13, " X "\n" DMB Ra(Y))
THREAD(swpy_dmb_rx, ".arch_extension lse\n swp w10, w13, " Y "\n" DMB Ra(X))
THREAD(stxrx_dmb_ry, "2: ldxr w13, " X "\n stxr w13, w10, " X "\n cbnz w13, 2b\n" DMB Ra(Y))
THREAD(stxry_dmb_rx, "2: ldxr w13, " Y "\n stxr w13, w10, " Y "\n cbnz w13, 2b\n" DMB Ra(X))
THREAD(swpalx_ay, ".arch_extension lse\n swpal w10, w13, " X "\n" Aa(Y))
THREAD(swpaly_ax, ".arch_extension lse\n swpal w10, w13, " Y "\n" Aa(X))
THREAD(wx_swply, W1(X) ".arch_extension lse\n swpl w10, w13, " Y "\n")
THREAD(swpay_rx, ".arch_extension lse\n ldadda wzr, w0, " Y "\n" Rb(X))
THREAD(wx_stlxry, W1(X) "2: ldxr w13, " Y "\n stlxr w13, w10, " Y "\n cbnz w13, 2b\n")
THREAD(ldaxry_rx, "ldaxr w0, " Y "\n" Rb(X))
// Load buffering
THREAD(rx_wy, Ra(X) W1(Y))
THREAD(ry_wx, Ra(Y) W1(X))
THREAD(rx_data_wy, Ra(X) data_1 W1(Y))
THREAD(ry_data_wx, Ra(Y) data_1 W1(X))
THREAD(rx_addr_wy, Ra(X) address_y W1(there))
THREAD(ry_addr_wx, Ra(Y) address_x W1(there))
THREAD(rx_ctrl_wy, Ra(X) control W1(Y))
THREAD(ry_ctrl_wx, Ra(Y) control W1(X))
THREAD(rx_dmb_wy, Ra(X) DMB W1(Y))
THREAD(ry_dmb_wx, Ra(Y) DMB W1(X))
THREAD(rx_dmbld_wy, Ra(X) DMB_LD W1(Y))
THREAD(ry_dmbld_wx, Ra(Y) DMB_LD W1(X))
THREAD(ax_wy, Aa(X) W1(Y))
THREAD(ay_wx, Aa(Y) W1(X))
THREAD(rx_ly, Ra(X) L1(Y))
THREAD(ry_lx, Ra(Y) L1(X))
// Two writers
THREAD(wx_w2y, W1(X) W2(Y))
THREAD(wy_w2x, W1(Y) W2(X))
THREAD(wx_dmb_w2y, W1(X) DMB W2(Y))
THREAD(wy_dmb_w2x, W1(Y) DMB W2(X))
THREAD(wx_dmbst_w2y, W1(X) DMB_ST W2(Y))
THREAD(wy_dmbst_w2x, W1(Y) DMB_ST W2(X))
THREAD(wx_l2y, W1(X) L2(Y))
THREAD(wy_l2x, W1(Y) L2(X))
// Chains
THREAD(ry_addr_wz, Ra(Y) address_z W1(there))
THREAD(ry_dmb_wz, Ra(Y) DMB W1(Z))
THREAD(ay_lz, Aa(Y) L1(Z))
// One location
THREAD(rx_rx, Ra(X) Rb(X))
THREAD(w1x_w2x, W1(X) W2(X))
THREAD(rx_w1x, Ra(X) W1(X))
THREAD(w1x_rx, W1(X) Ra(X))
CONDITION(corr_seen, o->p1[0] == 1 && o->p1[1] == 0)
CONDITION(coww_seen, o->x != 2)
CONDITION(corw1_seen, o->p0[0] != 0)
CONDITION(corw2_seen, o->p0[0] == 2 && o->x == 2)
CONDITION(cowr_seen, o->p0[0] == 0 || (o->p0[0] == 2 && o->x == 1))
CONDITION(corr2_seen, o->p2[0] == 1 && o->p2[1] == 2 && o->p3[0] == 2 && o->p3[1] == 1)
CONDITION(co_order_seen, (o->p1[0] == 2 && o->p1[1] != 2) || (o->p1[0] == 1 && o->p1[1] == 0))
// Single-copy atomicity: a location is all old or all new.
THREAD(wide_write, "mov x10, #-1\n str x10, [x2]\n str x10, [x3]\n")
THREAD(wide_read, "ldr x12, [x3]\n ldr x13, [x2]\n add x12, x12, #1\n add x13, x13, #1\n cmp x12, #1\n cset w0, hi\n cmp x13, #1\n cset w1, hi\n")
THREAD(half_read, "ldr w12, [x2]\n add w12, w12, #1\n cmp w12, #1\n cset w0, hi\n ldrh w13, [x3]\n cmp w13, #0\n mov w12, #0xffff\n ccmp w13, w12, #4, ne\n cset w1, ne\n")
THREAD(pair_read, "ldp x12, x13, [x2]\n add x12, x12, #1\n cmp x12, #1\n cset w0, hi\n cmp x13, #0\n cset w1, ne\n")
THREAD(exclusive_pair_write, "2: ldxp x12, x13, [x2]\n mov x10, #-1\n stxp w12, x10, x10, [x2]\n cbnz w12, 2b\n")
THREAD(exclusive_pair_read, "2: ldxp x0, x1, [x2]\n stxp w12, x0, x1, [x2]\n cbnz w12, 2b\n")
CONDITION(torn_seen, o->p1[0] != 0 || o->p1[1] != 0)
CONDITION(torn_pair_seen, o->p1[0] != o->p1[1])

#define two(name, verdict, outcome, p0, p1) test(name, verdict, outcome, p0, p1, NULL, NULL)
#define three(name, verdict, outcome, p0, p1, p2) test(name, verdict, outcome, p0, p1, p2, NULL)

static bool has_rcpc(void) { return id_field(id_aa64isar1_el1, 20) != 0; }

static void message_passing(void) {
    two("MP", allowed, mp_seen, wx_wy, ry_rx);
    two("MP+dmb+po", allowed, mp_seen, wx_dmb_wy, ry_rx);
    two("MP+dmbs", forbidden, mp_seen, wx_dmb_wy, ry_dmb_rx);
    two("MP+dmb.st+dmb.ld", forbidden, mp_seen, wx_dmbst_wy, ry_dmbld_rx);
    two("MP+dsbs", forbidden, mp_seen, wx_dsb_wy, ry_dsb_rx);
    two("MP+dmb+addr", forbidden, mp_seen, wx_dmb_wy, ry_addr_rx);
    two("MP+dmb+ctrlisb", forbidden, mp_seen, wx_dmb_wy, ry_ctrlisb_rx);
    two("MP+popl+poap", forbidden, mp_seen, wx_ly, ay_rx);
    if (has_rcpc()) two("MP+popl+poqp", forbidden, mp_seen, wx_ly, qy_rx);
    two("MP+popl+addr", forbidden, mp_seen, wx_ly, ry_addr_rx);
    two("MP+dmb.st+poap", forbidden, mp_seen, wx_dmbst_wy, ay_rx);
    two("MP+swpl+ldadda", forbidden, mp_seen, wx_swply, swpay_rx);
    two("MP+stlxr+ldaxr", forbidden, mp_seen, wx_stlxry, ldaxry_rx);
}

static void store_buffering(void) {
    // What most hosts do if nobody tells them not to: where two vCPUs really run at a time, look longer.
    uint64_t usual = rounds;
    if (machine.cpu_count == 2) rounds *= 4;
    two("SB", allowed, sb_seen, wx_ry, wy_rx);
    two("SB+dmb.sts", allowed, sb_seen, wx_dmbst_ry, wy_dmbst_rx);
    two("SB+dmb+po", allowed, sb_seen, wx_dmb_ry, wy_rx);
    two("SB+popls", allowed, sb_seen, lx_ry, ly_rx);
    two("SB+rfis", allowed, sb_seen, wx_own_ry, wy_own_rx);
    two("SB+dmbs", forbidden, sb_seen, wx_dmb_ry, wy_dmb_rx);
    two("SB+dsbs", forbidden, sb_seen, wx_dsb_ry, wy_dsb_rx);
    two("SB+polas", forbidden, sb_seen, lx_ay, ly_ax);
    if (has_rcpc()) two("SB+polqs", allowed, sb_seen, lx_qy, ly_qx);
    two("SB+dmb+pola", forbidden, sb_seen, wx_dmb_ry, ly_ax);
    two("SB+swps+dmbs", forbidden, sb_seen, swpx_dmb_ry, swpy_dmb_rx);
    two("SB+stxrs+dmbs", forbidden, sb_seen, stxrx_dmb_ry, stxry_dmb_rx);
    two("SB+swpals+as", forbidden, sb_seen, swpalx_ay, swpaly_ax);
    two("R", allowed, r_seen, wx_wy, w2y_dmb_rx);
    two("R+dmbs", forbidden, r_seen, wx_dmb_wy, w2y_dmb_rx);
    two("R+dmb.st+dmb", forbidden, r_seen, wx_dmbst_wy, w2y_dmb_rx);
    two("R+popl+pola", forbidden, r_seen, wx_ly, l2y_ax);
    three("RWC+dmb+dmb", forbidden, rwc_seen, w1x, rx_dmb_ry, wy_dmb_rx);
    three("RWC+addr+dmb", forbidden, rwc_seen, w1x, rx_addr_ry, wy_dmb_rx);
    rounds = usual;
}

static void load_buffering(void) {
    two("LB", allowed, lb_seen, rx_wy, ry_wx);
    two("LB+datas", forbidden, lb_seen, rx_data_wy, ry_data_wx);
    two("LB+addrs", forbidden, lb_seen, rx_addr_wy, ry_addr_wx);
    two("LB+ctrls", forbidden, lb_seen, rx_ctrl_wy, ry_ctrl_wx);
    two("LB+dmbs", forbidden, lb_seen, rx_dmb_wy, ry_dmb_wx);
    two("LB+dmb.lds", forbidden, lb_seen, rx_dmbld_wy, ry_dmbld_wx);
    two("LB+poaps", forbidden, lb_seen, ax_wy, ay_wx);
    two("LB+popls", forbidden, lb_seen, rx_ly, ry_lx);
}

static void writes(void) {
    two("S", allowed, s_seen, w2x_wy, ry_wx);
    two("S+dmb+data", forbidden, s_seen, w2x_dmb_wy, ry_data_wx);
    two("S+dmb+ctrl", forbidden, s_seen, w2x_dmb_wy, ry_ctrl_wx);
    two("S+dmb.st+dmb", forbidden, s_seen, w2x_dmbst_wy, ry_dmb_wx);
    two("S+popl+poap", forbidden, s_seen, w2x_ly, ay_wx);
    two("2+2W", allowed, two_two_w_seen, wx_w2y, wy_w2x);
    two("2+2W+dmbs", forbidden, two_two_w_seen, wx_dmb_w2y, wy_dmb_w2x);
    two("2+2W+dmb.sts", forbidden, two_two_w_seen, wx_dmbst_w2y, wy_dmbst_w2x);
    two("2+2W+popls", forbidden, two_two_w_seen, wx_l2y, wy_l2x);
}

static void chains(void) {
    three("WRC", allowed, wrc_seen, w1x, rx_wy, ry_rx);
    three("WRC+addrs", forbidden, wrc_seen, w1x, rx_addr_wy, ry_addr_rx);
    three("WRC+data+addr", forbidden, wrc_seen, w1x, rx_data_wy, ry_addr_rx);
    three("WRC+dmbs", forbidden, wrc_seen, w1x, rx_dmb_wy, ry_dmb_rx);
    three("WRC+poap+poap", forbidden, wrc_seen, w1x, ax_wy, ay_rx);
    three("WWC+data+data", forbidden, wwc_seen, w2x, rx_data_wy, ry_data_wx);
    three("ISA2", allowed, isa2_seen, wx_wy, ry_addr_wz, rz_addr_rx);
    three("ISA2+dmb+addr+addr", forbidden, isa2_seen, wx_dmb_wy, ry_addr_wz, rz_addr_rx);
    three("ISA2+dmbs", forbidden, isa2_seen, wx_dmb_wy, ry_dmb_wz, rz_dmb_rx);
    three("ISA2+popl+pola+poap", forbidden, isa2_seen, wx_ly, ay_lz, az_rx);
    test("IRIW", allowed, iriw_seen, w1x, w1y, rx_ry, ry_rx);
    test("IRIW+addrs", forbidden, iriw_seen, w1x, w1y, rx_addr_ry, ry_addr_rx);
    test("IRIW+dmbs", forbidden, iriw_seen, w1x, w1y, rx_dmb_ry, ry_dmb_rx);
    test("IRIW+dmb.lds", forbidden, iriw_seen, w1x, w1y, rx_dmbld_ry, ry_dmbld_rx);
    test("IRIW+poaas", forbidden, iriw_seen, w1x, w1y, ax_ay, ay_ax);
}

static void one_location(void) {
    two("CoRR", forbidden, corr_seen, w1x, rx_rx);
    test("CoWW", forbidden, coww_seen, w1x_w2x, NULL, NULL, NULL);
    test("CoRW1", forbidden, corw1_seen, rx_w1x, NULL, NULL, NULL);
    two("CoRW2", forbidden, corw2_seen, rx_w1x, w2x);
    two("CoWR", forbidden, cowr_seen, w1x_rx, w2x);
    two("CoRR of two writes", forbidden, co_order_seen, w1x_w2x, rx_rx);
    test("CoRR2", forbidden, corr2_seen, w1x, w2x, rx_rx, rx_rx);
    two("a doubleword is not torn", forbidden, torn_seen, wide_write, wide_read);
    two("words and halfwords are not torn", forbidden, torn_seen, wide_write, half_read);
    two("doublewords of LDP are not torn", forbidden, torn_seen, wide_write, pair_read);
    two("a quadword by exclusives is not torn", forbidden, torn_pair_seen, exclusive_pair_write, exclusive_pair_read);
}

int main(void) {
    probe_begin("litmus");
    // Two vCPUs meet often where there are two processors; four mostly wait for each other.
    rounds = argument("rounds", machine.cpu_count <= 2 ? 20 : 4);
    if (machine.cpu_count > 1) team_begin();
    message_passing();
    store_buffering();
    load_buffering();
    writes();
    chains();
    one_location();
    probe_end();
    return 0;
}
