#ifndef ARMADA_DISASSEMBLER_H
#define ARMADA_DISASSEMBLER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the A64 instruction `word`, as it would stand at `address`, as assembler text with a NUL at its end to the
/// `capacity` bytes at `text`, cut off if it is longer. Returns the length without the NUL. Not for two threads at a time.
size_t armada_disassemble(uint32_t word, uint64_t address, char *text, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
