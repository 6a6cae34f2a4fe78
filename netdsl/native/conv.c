/* Convolutions and linear layers, as a matrix product that never builds its matrix.

   Six output pixels times a panel of outputs stay in registers until they are done. For each tap of the window, `rows`
   points to the six pixels that it reads, or to zeros in the padding (Dukhan, "The Indirect Convolution Algorithm",
   2019). Where that would be slow (fewer channels than lanes) or not enough (a prologue), windows are gathered into a
   matrix after all, but only of as many pixels as the cache holds.

   weight: [groups, panels, sources, taps, channels, PANEL]; bias: [groups, panels, PANEL]. */
#include "panel.h"
#include "step.h"
#include <omp.h>

enum { CACHED = 64 * 1024 }; /* floats of weights that the second level of the cache holds beside all else */

/* Output pixels that are computed together, and what they read: [blocks, sources, taps, ROWS] pointers. */
struct pixels {
    int blocks, taps;
    const int *sizes; /* rows in each block */
    const int *channels;
    const float **rows;
    float **outs;
    const float **residuals;
};

/* Outputs `k` to `k + count` of a block of pixels; `shift` is where their group begins in the sources. */
INLINE void block(const int M, const int V, const struct step *step, const struct pixels *pixels, int b,
                  const float *weight, const float *bias, int shift, int k, int count) {
    const float **rows = pixels->rows + (size_t)b * step->sources * pixels->taps * ROWS;
    lanes sum[ROWS][VECTORS];
    UNROLL for (int m = 0; m < M; m++) { /* it will be there when the sums are done */
        __builtin_prefetch(pixels->outs[b * ROWS + m] + k, 1);
        if (step->residual.data) __builtin_prefetch(pixels->residuals[b * ROWS + m] + k);
    }
    UNROLL for (int m = 0; m < M; m++)
        UNROLL for (int v = 0; v < V; v++) sum[m][v] = load(bias + v * LANES);
    for (int s = 0; s < step->sources; s++)
        for (int tap = 0; tap < pixels->taps; tap++, rows += ROWS) {
            const int channels = pixels->channels[s];
            const float *x[ROWS];
            UNROLL for (int m = 0; m < M; m++) x[m] = rows[m] + shift;
            accumulate(M, V, x, channels, weight, sum);
            weight += (size_t)channels * PANEL;
        }
    if (!step->residual.data && step->activation.slope == 1) { /* decided once for all of them */
        UNROLL for (int m = 0; m < M; m++)
            UNROLL for (int v = 0; v < V; v++)
                store_some(pixels->outs[b * ROWS + m] + k + v * LANES, bounded(sum[m][v], &step->activation),
                           count - v * LANES);
        return;
    }
    UNROLL for (int m = 0; m < M; m++)
        UNROLL for (int v = 0; v < V; v++)
            finish(step, sum[m][v], pixels->outs[b * ROWS + m], pixels->residuals[b * ROWS + m], k + v * LANES,
                   count - v * LANES);
}

static void whole(int m, const struct step *step, const struct pixels *pixels, int b, const float *weight,
                  const float *bias, int shift, int k) {
#define CALL(M) block(M, VECTORS, step, pixels, b, weight, bias, shift, k, PANEL)
    WITH_ROWS(m, CALL)
#undef CALL
}

static void partial(int m, const struct step *step, const struct pixels *pixels, int b, const float *weight,
                    const float *bias, int shift, int k, int count) {
    if (count <= LANES) {
#define CALL(M) block(M, 1, step, pixels, b, weight, bias, shift, k, count)
        WITH_ROWS(m, CALL)
#undef CALL
    } else {
#define CALL(M) block(M, VECTORS, step, pixels, b, weight, bias, shift, k, count)
        WITH_ROWS(m, CALL)
#undef CALL
    }
}

/* Where the window of output pixel (y, x) has tap (r, q) in source `s`; null in the padding. */
INLINE const float *tapped(const struct step *step, int s, int image, int y, int x, int r, int q) {
    const int v = y * step->stride[0] - step->padding[0] + r * step->dilation[0];
    const int u = x * step->stride[1] - step->padding[1] + q * step->dilation[1];
    if (v < 0 || v >= step->height || u < 0 || u >= step->width) return 0;
    return at(&step->source[s], image, v, u);
}

/* The window of one output pixel, after the prologue: [taps, channels of all groups]. */
static void gather(const struct step *step, int image, int y, int x, float *to) {
    const int channels = step->channels[0] * step->groups, across = step->kernel[1] * channels;
    const int left = x * step->stride[1] - step->padding[1];
    const int together = !step->prologue && step->dilation[1] == 1 && step->source[0].pixel == channels && left >= 0 &&
                         left + step->kernel[1] <= step->width;
    for (int r = 0; r < step->kernel[0]; r++) {
        const float *row = tapped(step, 0, image, y, x, r, 0);
        if (together && row) { /* the taps of a row lie side by side */
            int i = 0;
            for (; i + LANES <= across; i += LANES) store(to + i, load(row + i));
            for (; i < across; i++) to[i] = row[i];
            to += across;
            continue;
        }
        for (int q = 0; q < step->kernel[1]; q++, to += channels) {
            const float *from = tapped(step, 0, image, y, x, r, q);
            for (int c = 0; c < channels; c += LANES) {
                const int count = channels - c;
                store_some(to + c, from ? prepare(step, load_some(from + c, count), c, count) : all(0), count);
            }
        }
    }
}

/* Output pixels `first` to `last` in panels `from` to `to`, counted through all groups. */
static void piece(const struct step *step, int gathers, int first, int last, int from, int to) {
    const int window = step->kernel[0] * step->kernel[1], count = last - first;
    const int joined = gathers && step->groups == 1; /* a gathered window is one long row of channels */
    const int taps = joined ? 1 : window, blocks = (count + ROWS - 1) / ROWS;
    const int apart = step->channels[0] * step->groups, gathered = window * apart;
    const float *rows[(size_t)blocks * step->sources * taps * ROWS], *residuals[blocks * ROWS];
    float *outs[blocks * ROWS], matrix[gathers ? (size_t)count * gathered : 1];
    int sizes[blocks];
    for (int b = 0, pixel = first; b < blocks; b++) {
        sizes[b] = count / blocks + (b < count % blocks);
        for (int m = 0; m < sizes[b]; m++, pixel++) {
            const int x = pixel % step->out_width, y = pixel / step->out_width % step->out_height;
            const int image = pixel / step->out_width / step->out_height;
            const float **row = rows + (size_t)b * step->sources * taps * ROWS + m;
            outs[b * ROWS + m] = at(&step->out, image, y, x);
            residuals[b * ROWS + m] = step->residual.data ? at(&step->residual, image, y, x) : 0;
            if (gathers) {
                float *to = matrix + (size_t)(pixel - first) * gathered;
                gather(step, image, y, x, to);
                for (int tap = 0; tap < taps; tap++) row[tap * ROWS] = to + tap * apart;
                continue;
            }
            for (int s = 0; s < step->sources; s++)
                for (int r = 0; r < step->kernel[0]; r++)
                    for (int q = 0; q < step->kernel[1]; q++, row += ROWS) {
                        const float *found = tapped(step, s, image, y, x, r, q);
                        *row = found ? found : step->zeros;
                    }
        }
    }
    const struct pixels pixels = {blocks, taps, sizes, joined ? &gathered : step->channels, rows, outs, residuals};
    const int columns = panels(step->outputs);
    size_t size = 0;
    for (int s = 0; s < step->sources; s++) size += (size_t)window * step->channels[s] * PANEL;
    /* Weights that the cache holds are read again for each block, so that whole pixels are written; others once. */
    const int outer = size * (to - from) <= CACHED ? blocks : 1, inner = outer == 1 ? blocks : 1;
    for (int o = 0; o < outer; o++)
        for (int p = from; p < to; p++) {
            const int group = p / columns, shift = group * step->channels[0], start = p % columns * PANEL;
            const int k = group * step->outputs + start, left = step->outputs - start;
            const float *weight = step->weight + p * size, *bias = step->bias + p * PANEL;
            for (int b = o; b < o + inner; b++)
                if (left >= PANEL) whole(sizes[b], step, &pixels, b, weight, bias, shift, k);
                else partial(sizes[b], step, &pixels, b, weight, bias, shift, k, left);
        }
}

/* Threads share the output pixels, or where these are few, the panels of weights. */
void convolve(const struct step *step) {
    const int pixels = step->images * step->out_height * step->out_width, threads = omp_get_max_threads();
    const int chunks = (pixels + step->block - 1) / step->block, columns = step->groups * panels(step->outputs);
    const int parts = chunks % threads == 0 || chunks >= 8 * threads ? 1 : least(threads, columns);
    const int gathers =
        step->prologue || (step->sources == 1 && step->groups == 1 && step->channels[0] < LANES);
#pragma omp parallel for collapse(2) schedule(static) if (threads > 1)
    for (int chunk = 0; chunk < chunks; chunk++)
        for (int part = 0; part < parts; part++)
            piece(step, gathers, (long)pixels * chunk / chunks, (long)pixels * (chunk + 1) / chunks,
                  columns * part / parts, columns * (part + 1) / parts);
}
