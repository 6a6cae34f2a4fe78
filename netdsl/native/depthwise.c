/* Depthwise convolutions, a channel each. weight: [taps, channels]; bias: [panels, PANEL]. */
#include "window.h"
#include <omp.h>

enum { PIXELS = 4 }; /* neighbours in a row that share what is read of the weights */

/* LANES channels from `c` of M neighbouring pixels, whose windows have the same taps inside the map. */
INLINE void channels(const int M, const int rows, const int columns, const int prologue, const struct step *step,
                     const float *corner, const float *weight, float *const *outs, const float *const *residuals, int c,
                     int count) {
    const long down = step->dilation[0] * step->source[0].row, across = step->dilation[1] * step->source[0].pixel;
    const long apart = step->stride[1] * step->source[0].pixel, wide = step->channels[0];
    lanes sum[PIXELS];
    UNROLL for (int m = 0; m < M; m++) sum[m] = load(step->bias + c);
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int q = 0; q < columns; q++) {
            const lanes w = load_some(weight + (r * step->kernel[1] + q) * wide + c, count);
            UNROLL for (int m = 0; m < M; m++) {
                lanes x = load_some(corner + r * down + q * across + m * apart + c, count);
                if (prologue) x = prepare(step, x, c, count);
                sum[m] += w * x;
            }
        }
    UNROLL for (int m = 0; m < M; m++) finish(step, sum[m], outs[m], residuals[m], c, count);
}

INLINE void pixels(const int M, const int rows, const int columns, const int prologue, const struct step *step,
                   int image, int y, int x, struct window window) {
    const float *corner = at(&step->source[0], image, window.y, window.x), *residuals[PIXELS];
    const float *weight = step->weight + (window.top * step->kernel[1] + window.left) * step->channels[0];
    float *outs[PIXELS];
    for (int m = 0; m < M; m++) {
        outs[m] = at(&step->out, image, y, x + m);
        residuals[m] = step->residual.data ? at(&step->residual, image, y, x + m) : 0;
    }
    int c = 0;
    for (; c + LANES <= step->channels[0]; c += LANES)
        channels(M, rows, columns, prologue, step, corner, weight, outs, residuals, c, LANES);
    if (c < step->channels[0])
        channels(M, rows, columns, prologue, step, corner, weight, outs, residuals, c, step->channels[0] - c);
}

static void row(const struct step *step, int image, int y) {
    for (int x = 0; x < step->out_width;) {
        const struct window first = window(step, y, x), last = window(step, y, x + PIXELS - 1);
        const int whole = first.columns == step->kernel[1] && last.columns == step->kernel[1];
        const int several = whole && x + PIXELS <= step->out_width;
        const int rows = first.rows, columns = first.columns;
        if (several && step->prologue) pixels(PIXELS, rows, columns, 1, step, image, y, x, first);
        else if (several && rows == 3 && columns == 3) pixels(PIXELS, 3, 3, 0, step, image, y, x, first);
        else if (several) pixels(PIXELS, rows, columns, 0, step, image, y, x, first);
        else pixels(1, rows, columns, 1, step, image, y, x, first);
        x += several ? PIXELS : 1;
    }
}

void depthwise(const struct step *step) {
#pragma omp parallel for collapse(2) schedule(static) if (omp_get_max_threads() > 1)
    for (int image = 0; image < step->images; image++)
        for (int y = 0; y < step->out_height; y++) row(step, image, y);
}
