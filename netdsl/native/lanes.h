/* Eight floats at once, in the vector extension of GCC and Clang: plain arithmetic, compiled to what the processor has.
   Maps are [N, H, W, C] in memory, so lanes are neighbouring channels everywhere. */
#pragma once
#include <string.h>

#define LANES 8
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int masks __attribute__((vector_size(4 * LANES)));

INLINE int least(int a, int b) { return a < b ? a : b; }
INLINE int most(int a, int b) { return a > b ? a : b; }

INLINE lanes all(float x) { return (lanes){x, x, x, x, x, x, x, x}; }
INLINE lanes load(const float *x) { return *(const lanes *)x; }
INLINE void store(float *x, lanes v) { *(lanes *)x = v; }

/* The first `count`, which may be more than there are lanes; the others are 0, and are not written. */
INLINE lanes load_some(const float *x, int count) {
    if (count >= LANES) return load(x);
    lanes v = all(0);
    memcpy(&v, x, sizeof(float) * count);
    return v;
}
INLINE void store_some(float *x, lanes v, int count) {
    if (count >= LANES) store(x, v);
    else memcpy(x, &v, sizeof(float) * count);
}

INLINE lanes where(masks yes, lanes a, lanes b) { return (lanes)((yes & (masks)a) | (~yes & (masks)b)); }

/* `x`, but no less than `low`, or no more than `high`. A NaN in `x` stays one. */
#ifdef __AVX__ /* one instruction each, whose second operand is the result where either is a NaN */
INLINE lanes at_least(lanes low, lanes x) { return (lanes)__builtin_ia32_maxps256(low, x); }
INLINE lanes at_most(lanes high, lanes x) { return (lanes)__builtin_ia32_minps256(high, x); }
#else
INLINE lanes at_least(lanes low, lanes x) { return where(x < low, low, x); }
INLINE lanes at_most(lanes high, lanes x) { return where(x > high, high, x); }
#endif

/* The larger; a NaN in either is kept, as in torch's max. */
INLINE lanes larger(lanes a, lanes b) { return where(a != a, a, at_least(a, b)); }
