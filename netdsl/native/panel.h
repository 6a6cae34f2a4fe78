/* The heart of every matrix product here: ROWS rows times a panel of two vectors of outputs, kept in registers. */
#pragma once
#include "lanes.h"

enum { ROWS = 6, VECTORS = 2, PANEL = VECTORS * LANES };

/* sum[m][v] += x[m][0..channels] · weight[0..channels][PANEL], for M rows and the first V vectors of the panel. */
INLINE void accumulate(const int M, const int V, const float *const *x, int channels, const float *weight,
                       lanes sum[ROWS][VECTORS]) {
    for (int c = 0; c < channels; c++, weight += PANEL) {
        lanes w[VECTORS];
        UNROLL for (int v = 0; v < V; v++) w[v] = load(weight + v * LANES);
        UNROLL for (int m = 0; m < M; m++) {
            const lanes a = all(x[m][c]);
            UNROLL for (int v = 0; v < V; v++) sum[m][v] += a * w[v];
        }
    }
}

INLINE int panels(int outputs) { return (outputs + PANEL - 1) / PANEL; }

/* `CALL(m)` with a constant `m`, so that the compiler knows how many registers it takes. */
#define WITH_ROWS(m, CALL)  \
    switch (m) {            \
    case 1: CALL(1); break; \
    case 2: CALL(2); break; \
    case 3: CALL(3); break; \
    case 4: CALL(4); break; \
    case 5: CALL(5); break; \
    case 6: CALL(6); break; \
    }
