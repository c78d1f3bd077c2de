// Reads the flattened device tree once into `machine` (Devicetree Specification, "Flattened Devicetree (DTB) Format").
#include "guest.h"

struct machine machine;

enum { FDT_MAGIC = 0xd00dfeed, FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4 };

static uint32_t be32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static uint64_t be64(const uint8_t *p) { return (uint64_t)be32(p) << 32 | be32(p + 4); }

static bool equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}
static bool begins(const char *text, const char *prefix) {
    while (*prefix)
        if (*text++ != *prefix++) return false;
    return true;
}
static struct region region_at(const uint8_t *value, uint32_t index) {
    return (struct region){be64(value + 16 * index), be64(value + 16 * index + 8)};
}

static void read_property(const char *node, const char *name, const uint8_t *value, uint32_t size) {
    bool is_reg = equal(name, "reg");
    if (is_reg && begins(node, "cpu@")) {
        if (machine.cpu_count < maximum_cpu_count)
            machine.mpidr[machine.cpu_count++] = size == 8 ? be64(value) : be32(value);
    } else if (is_reg && begins(node, "memory")) {
        machine.memory = region_at(value, 0);
    } else if (is_reg && (begins(node, "intc@") || begins(node, "interrupt-controller@"))) {
        machine.distributor = region_at(value, 0);
        for (uint32_t i = 1; i < size / 16 && i <= maximum_redistributor_regions; i++)
            machine.redistributors[machine.redistributor_region_count++] = region_at(value, i);
    } else if (equal(node, "chosen") && equal(name, "bootargs")) {
        for (uint32_t i = 0; i < size && i < sizeof machine.bootargs - 1; i++) machine.bootargs[i] = (char)value[i];
    }
}

void fdt_read(const void *dtb) {
    const uint8_t *header = dtb;
    if (be32(header) != FDT_MAGIC) panic("no device tree at %lx", (uint64_t)dtb);
    const uint8_t *p = header + be32(header + 8), *strings = header + be32(header + 12);
    // Node names by depth: a property belongs to the node that was opened last and is not closed yet.
    const char *nodes[8] = {0};
    uint32_t depth = 0;
    for (;;) {
        uint32_t token = be32(p);
        p += 4;
        if (token == FDT_BEGIN_NODE) {
            if (depth < 8) nodes[depth] = (const char *)p;
            depth++;
            while (*p) p++;
            p = (const uint8_t *)(((uint64_t)p + 4) & ~3ull);
        } else if (token == FDT_END_NODE) {
            depth--;
        } else if (token == FDT_PROP) {
            uint32_t size = be32(p);
            const char *name = (const char *)strings + be32(p + 4);
            // Below depth 3 are no nodes of interest (the ITS is one level below the distributor).
            if (depth >= 2 && depth <= 3 && nodes[depth - 1]) read_property(nodes[depth - 1], name, p + 8, size);
            p += 8 + ((size + 3) & ~3u);
        } else if (token != FDT_NOP) {
            break;
        }
    }
    if (machine.cpu_count == 0) panic("the device tree names no processor");
}
