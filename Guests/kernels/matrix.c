// Integer matrix product: multiply-accumulate, unit and long strides.
#include "kernel.h"

enum { n = 192, rounds = 24 };
const char kernel_name[] = "matrix";
static uint32_t a[n][n], b[n][n], c[n][n];

uint64_t kernel(void) {
    uint64_t state = 0x123456789abcdef, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            a[i][j] = (uint32_t)(next_random(&state) >> 40);
            b[i][j] = (uint32_t)(next_random(&state) >> 40);
        }
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; j < n; j++) {
                uint32_t dot = 0;
                for (uint32_t k = 0; k < n; k++) dot += a[i][k] * b[k][j];
                c[i][j] = dot;
            }
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; j < n; j++) a[i][j] = c[i][j] ^ round;
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) sum = sum * 31 + c[i][j];
    return sum;
}
