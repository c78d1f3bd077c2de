// Atomics at an address that another process may share. The memory order is in each function's name; a name without
// one is sequentially consistent. All of them compile to one or two instructions and are lock-free on x86-64 and arm64.
#ifndef ARMADA_ATOMICS_H
#define ARMADA_ATOMICS_H

#include <stdbool.h>
#include <stdint.h>

static inline uint8_t armada_load_relaxed8(const void *address) { return __atomic_load_n((const uint8_t *)address, __ATOMIC_RELAXED); }
static inline uint8_t armada_load_acquire8(const void *address) { return __atomic_load_n((const uint8_t *)address, __ATOMIC_ACQUIRE); }
static inline uint8_t armada_load8(const void *address) { return __atomic_load_n((const uint8_t *)address, __ATOMIC_SEQ_CST); }
static inline void armada_store_relaxed8(void *address, uint8_t value) { __atomic_store_n((uint8_t *)address, value, __ATOMIC_RELAXED); }
static inline void armada_store_release8(void *address, uint8_t value) { __atomic_store_n((uint8_t *)address, value, __ATOMIC_RELEASE); }
static inline void armada_store8(void *address, uint8_t value) { __atomic_store_n((uint8_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint8_t armada_exchange8(void *address, uint8_t value) { return __atomic_exchange_n((uint8_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint8_t armada_fetch_add8(void *address, uint8_t value) { return __atomic_fetch_add((uint8_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint8_t armada_fetch_and8(void *address, uint8_t value) { return __atomic_fetch_and((uint8_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint8_t armada_fetch_or8(void *address, uint8_t value) { return __atomic_fetch_or((uint8_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint8_t armada_fetch_xor8(void *address, uint8_t value) { return __atomic_fetch_xor((uint8_t *)address, value, __ATOMIC_SEQ_CST); }
/// Compares and swaps; writes what was found to `*expected`, and says whether it was what was expected.
static inline bool armada_compare_exchange8(void *address, uint8_t *expected, uint8_t desired)
{
    return __atomic_compare_exchange_n((uint8_t *)address, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint16_t armada_load_relaxed16(const void *address) { return __atomic_load_n((const uint16_t *)address, __ATOMIC_RELAXED); }
static inline uint16_t armada_load_acquire16(const void *address) { return __atomic_load_n((const uint16_t *)address, __ATOMIC_ACQUIRE); }
static inline uint16_t armada_load16(const void *address) { return __atomic_load_n((const uint16_t *)address, __ATOMIC_SEQ_CST); }
static inline void armada_store_relaxed16(void *address, uint16_t value) { __atomic_store_n((uint16_t *)address, value, __ATOMIC_RELAXED); }
static inline void armada_store_release16(void *address, uint16_t value) { __atomic_store_n((uint16_t *)address, value, __ATOMIC_RELEASE); }
static inline void armada_store16(void *address, uint16_t value) { __atomic_store_n((uint16_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint16_t armada_exchange16(void *address, uint16_t value) { return __atomic_exchange_n((uint16_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint16_t armada_fetch_add16(void *address, uint16_t value) { return __atomic_fetch_add((uint16_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint16_t armada_fetch_and16(void *address, uint16_t value) { return __atomic_fetch_and((uint16_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint16_t armada_fetch_or16(void *address, uint16_t value) { return __atomic_fetch_or((uint16_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint16_t armada_fetch_xor16(void *address, uint16_t value) { return __atomic_fetch_xor((uint16_t *)address, value, __ATOMIC_SEQ_CST); }
/// Compares and swaps; writes what was found to `*expected`, and says whether it was what was expected.
static inline bool armada_compare_exchange16(void *address, uint16_t *expected, uint16_t desired)
{
    return __atomic_compare_exchange_n((uint16_t *)address, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint32_t armada_load_relaxed32(const void *address) { return __atomic_load_n((const uint32_t *)address, __ATOMIC_RELAXED); }
static inline uint32_t armada_load_acquire32(const void *address) { return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE); }
static inline uint32_t armada_load32(const void *address) { return __atomic_load_n((const uint32_t *)address, __ATOMIC_SEQ_CST); }
static inline void armada_store_relaxed32(void *address, uint32_t value) { __atomic_store_n((uint32_t *)address, value, __ATOMIC_RELAXED); }
static inline void armada_store_release32(void *address, uint32_t value) { __atomic_store_n((uint32_t *)address, value, __ATOMIC_RELEASE); }
static inline void armada_store32(void *address, uint32_t value) { __atomic_store_n((uint32_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint32_t armada_exchange32(void *address, uint32_t value) { return __atomic_exchange_n((uint32_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint32_t armada_fetch_add32(void *address, uint32_t value) { return __atomic_fetch_add((uint32_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint32_t armada_fetch_and32(void *address, uint32_t value) { return __atomic_fetch_and((uint32_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint32_t armada_fetch_or32(void *address, uint32_t value) { return __atomic_fetch_or((uint32_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint32_t armada_fetch_xor32(void *address, uint32_t value) { return __atomic_fetch_xor((uint32_t *)address, value, __ATOMIC_SEQ_CST); }
/// Compares and swaps; writes what was found to `*expected`, and says whether it was what was expected.
static inline bool armada_compare_exchange32(void *address, uint32_t *expected, uint32_t desired)
{
    return __atomic_compare_exchange_n((uint32_t *)address, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint64_t armada_load_relaxed64(const void *address) { return __atomic_load_n((const uint64_t *)address, __ATOMIC_RELAXED); }
static inline uint64_t armada_load_acquire64(const void *address) { return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE); }
static inline uint64_t armada_load64(const void *address) { return __atomic_load_n((const uint64_t *)address, __ATOMIC_SEQ_CST); }
static inline void armada_store_relaxed64(void *address, uint64_t value) { __atomic_store_n((uint64_t *)address, value, __ATOMIC_RELAXED); }
static inline void armada_store_release64(void *address, uint64_t value) { __atomic_store_n((uint64_t *)address, value, __ATOMIC_RELEASE); }
static inline void armada_store64(void *address, uint64_t value) { __atomic_store_n((uint64_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint64_t armada_exchange64(void *address, uint64_t value) { return __atomic_exchange_n((uint64_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint64_t armada_fetch_add64(void *address, uint64_t value) { return __atomic_fetch_add((uint64_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint64_t armada_fetch_and64(void *address, uint64_t value) { return __atomic_fetch_and((uint64_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint64_t armada_fetch_or64(void *address, uint64_t value) { return __atomic_fetch_or((uint64_t *)address, value, __ATOMIC_SEQ_CST); }
static inline uint64_t armada_fetch_xor64(void *address, uint64_t value) { return __atomic_fetch_xor((uint64_t *)address, value, __ATOMIC_SEQ_CST); }
/// Compares and swaps; writes what was found to `*expected`, and says whether it was what was expected.
static inline bool armada_compare_exchange64(void *address, uint64_t *expected, uint64_t desired)
{
    return __atomic_compare_exchange_n((uint64_t *)address, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/// Compares and swaps 16 bytes at a 16-byte boundary; writes what was found to `*low` and `*high`.
static inline bool armada_compare_exchange128(
    void *address, uint64_t *low, uint64_t *high, uint64_t desired_low, uint64_t desired_high)
{
#if defined(__x86_64__)
    bool done;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*(unsigned __int128 *)address), "+a"(*low), "+d"(*high)
                     : "b"(desired_low), "c"(desired_high)
                     : "memory");
    return done;
#else
    unsigned __int128 expected = ((unsigned __int128)*high << 64) | *low;
    unsigned __int128 desired = ((unsigned __int128)desired_high << 64) | desired_low;
    bool done = __atomic_compare_exchange_n(
        (unsigned __int128 *)address, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    *low = (uint64_t)expected;
    *high = (uint64_t)(expected >> 64);
    return done;
#endif
}

static inline void armada_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void armada_fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
static inline void armada_fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }

/// Tells the processor that this is a polling loop.
static inline void armada_spin_hint(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

#endif
