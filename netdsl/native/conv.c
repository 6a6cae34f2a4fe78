/* Convolutions and linear layers, as a matrix product that never builds its matrix.

   Six output pixels times a panel of outputs stay in registers until they are done. For each tap of the window, `rows`
   points to the six pixels that it reads, or to zeros in the padding (Dukhan, "The Indirect Convolution Algorithm",
   2019). Where that would be slow (fewer channels than lanes) or not enough (a prologue), windows are gathered into a
   matrix after all, but only of as many pixels as the cache holds.

   weight: [groups, panels, sources, taps, channels, PANEL]; bias: [groups, panels, PANEL]. */
#include "panel.h"
#include "step.h"
#include <omp.h>

enum {
    CACHED = 64 * 1024, /* floats of weights that the second level of the cache holds beside all else */
    SHARES = 8          /* pieces for each thread */
};

/* Output pixels that are computed together, and what they read: [blocks, sources, taps, ROWS] pointers. */
struct pixels {
    int blocks, taps;
    const int *channels; /* that lie together in each source */
    const float **rows;
    float **outs;
    const float **residuals;
    size_t panel; /* floats of its weights */
};

/* Channels `k` on, V vectors of them, of a block of pixels: written to `outs`, with `residuals` added where there are any.
   What a store might change as far as the compiler knows is read before the first. */
INLINE void block(const int M, const int V, const struct step *step, const struct pixels *pixels, int b,
                  const float *weight, const float *bias, int shift, float *const *outs, const float *const *residuals,
                  int k) {
    const float *const *rows = pixels->rows + (size_t)b * step->sources * pixels->taps * ROWS;
    const lanes low = all(step->activation.low), high = all(step->activation.high);
    const float slope = step->activation.slope;
    lanes sum[ROWS][VECTORS];
    float *out[ROWS];
    UNROLL for (int m = 0; m < M; m++) {
        out[m] = outs[m] + k;
        __builtin_prefetch(out[m], 1); /* it will be there when the sums are done */
        if (residuals) __builtin_prefetch(residuals[m] + k);
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
    if (residuals)
        UNROLL for (int m = 0; m < M; m++)
            UNROLL for (int v = 0; v < V; v++) sum[m][v] += load(residuals[m] + k + v * LANES);
    if (slope != 1)
        UNROLL for (int m = 0; m < M; m++)
            UNROLL for (int v = 0; v < V; v++) sum[m][v] = where(sum[m][v] < all(0), sum[m][v] * slope, sum[m][v]);
    UNROLL for (int m = 0; m < M; m++)
        UNROLL for (int v = 0; v < V; v++) store(out[m] + v * LANES, at_most(high, at_least(low, sum[m][v])));
}

/* The same for `count` channels that are no whole number of vectors, which are put together on the stack. */
INLINE void aside(const int M, const struct step *step, const struct pixels *pixels, int b, const float *weight,
                  const float *bias, int shift, float *const *outs, const float *const *residuals, int k, int count) {
    float made[ROWS][PANEL], added[ROWS][PANEL] = {{0}}, *there[ROWS];
    const float *beside[ROWS];
    for (int m = 0; m < M; m++) {
        there[m] = made[m];
        beside[m] = added[m];
        if (residuals) memcpy(added[m], residuals[m] + k, sizeof(float) * count);
    }
    block(M, VECTORS, step, pixels, b, weight, bias, shift, there, residuals ? beside : 0, 0);
    for (int m = 0; m < M; m++) memcpy(outs[m] + k, made[m], sizeof(float) * count);
}

/* Panels `from` to `to` of a block of M pixels, counted through all groups. */
INLINE void across(const int M, const struct step *step, const struct pixels *pixels, int b, int from, int to) {
    const int columns = panels(step->outputs), ragged = step->outputs % LANES;
    float *const *outs = pixels->outs + b * ROWS;
    const float *const *residuals = step->residual.data ? pixels->residuals + b * ROWS : 0;
    for (int p = from, group = from / columns, column = from % columns; p < to; p++) {
        const int shift = group * step->channels[0], k = group * step->outputs + column * PANEL;
        const int left = step->outputs - column * PANEL;
        const float *weight = step->weight + p * pixels->panel, *bias = step->bias + p * PANEL;
        if (left >= PANEL) block(M, VECTORS, step, pixels, b, weight, bias, shift, outs, residuals, k);
        else if (!ragged) block(M, 1, step, pixels, b, weight, bias, shift, outs, residuals, k);
        else aside(M, step, pixels, b, weight, bias, shift, outs, residuals, k, left);
        if (++column == columns) column = 0, group++;
    }
}

static void blocks_across(int m, const struct step *step, const struct pixels *pixels, int b, int from, int to) {
#define CALL(M) across(M, step, pixels, b, from, to)
    WITH_ROWS(m, CALL)
#undef CALL
}

/* Where the window of output pixel (y, x) has tap (r, q) in source `s`; null in the padding. */
INLINE const float *tapped(const struct step *step, int s, int image, int y, int x, int r, int q) {
    const int v = y * step->stride[0] - step->padding[0] + r * step->dilation[0];
    const int u = x * step->stride[1] - step->padding[1] + q * step->dilation[1];
    if (v < 0 || v >= step->height || u < 0 || u >= step->width) return 0;
    return at(&step->source[s], image, v, u);
}

/* `channels` of a pixel after the prologue. What a store might change as far as the compiler knows is read before. */
static void prepared(const struct step *step, const float *from, int channels, float *to) {
    const lanes low = all(step->pre_activation.low), high = all(step->pre_activation.high);
    const float *const scale = step->scale, *const shift = step->shift, slope = step->pre_activation.slope;
    const long ahead = 4 * step->source[0].pixel; /* in a slice of a wide map no line follows the one before it for long */
    int c = 0;
    for (; c + LANES <= channels; c += LANES) {
        __builtin_prefetch(from + ahead + c);
        lanes x = load(from + c);
        if (scale) x = x * load(scale + c) + load(shift + c);
        if (slope != 1) x = where(x < all(0), x * slope, x);
        store(to + c, at_most(high, at_least(low, x)));
    }
    if (c < channels)
        store_some(to + c, prepare(step, load_some(from + c, channels - c), c, channels - c), channels - c);
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
            if (from && step->prologue) prepared(step, from, channels, to);
            else memcpy(to, from ? from : step->zeros, sizeof(float) * channels);
        }
    }
}

/* How windows are read: `taps` pointers for each source, to so many channels that lie together, `wide` of them where
   sources are not read one by one. A tap is a pixel; or a row of the window, where its pixels lie `beside` each other,
   which leaves only windows on the edge to be gathered; or all of a gathered window. */
struct reading {
    int gathers, joined, beside, taps, wide;
    int gathered; /* floats of a gathered window */
    int plain;    /* a window is the pixel that it stands on */
};

static struct reading reading_of(const struct step *step, int gathers) {
    struct reading how = {gathers, gathers && step->groups == 1};
    const int window = step->kernel[0] * step->kernel[1], apart = step->channels[0] * step->groups;
    how.beside = how.joined && !step->prologue && step->dilation[1] == 1 && step->source[0].pixel == apart;
    how.taps = how.beside ? step->kernel[0] : how.joined ? 1 : window;
    how.gathered = window * apart;
    how.wide = how.joined ? how.gathered / how.taps : apart;
    how.plain = !gathers && window == 1 && !step->padding[0] && !step->padding[1];
    return how;
}

/* What the window of output pixel (y, x) reads: a pointer for each tap, ROWS apart. A window that is gathered is put at
   `matrix`. Returns where the next one goes. */
static float *point(const struct step *step, const struct reading *how, int image, int y, int x, const float **row,
                    float *matrix) {
    const int top = y * step->stride[0] - step->padding[0], left = x * step->stride[1] - step->padding[1];
    const int inner = top >= 0 && top + (step->kernel[0] - 1) * step->dilation[0] < step->height && left >= 0 &&
                      left + (step->kernel[1] - 1) * step->dilation[1] < step->width;
    if (how->gathers && !(how->beside && inner)) {
        gather(step, image, y, x, matrix);
        for (int tap = 0; tap < how->taps; tap++) row[tap * ROWS] = matrix + tap * how->wide;
        return matrix + how->gathered;
    }
    for (int s = 0; s < step->sources; s++)
        for (int r = 0; r < step->kernel[0]; r++)
            for (int q = 0; q < (how->beside ? 1 : step->kernel[1]); q++, row += ROWS) {
                const float *found = tapped(step, s, image, y, x, r, q);
                *row = found ? found : step->zeros;
            }
    return matrix;
}

/* Fills in what `count` output pixels from `first` on read and write, block by block. */
static void find(const struct step *step, const struct reading *how, int first, int count, int blocks,
                 const float **rows, const float **residuals, float **outs, float *matrix) {
    const int least_size = count / blocks, larger = count % blocks; /* so many blocks have a pixel more */
    int x = first % step->out_width, y = first / step->out_width % step->out_height;
    int image = first / step->out_width / step->out_height;
    const long out_pixel = step->out.pixel, residual_pixel = step->residual.pixel;
    const int straight = how->plain && step->sources == 1, added = step->residual.data != 0;
    const long pixel = step->source[0].pixel * step->stride[1];
    for (int b = 0; b < blocks; b++)
        for (int m = 0; m < least_size + (b < larger); m++) {
            const size_t place = (size_t)b * ROWS + m, before = place - 1;
            const float **row = rows + (size_t)b * step->sources * how->taps * ROWS + m;
            /* Within a row of the map the next pixel is found from the one before it. */
            const int goes_on = x && m;
            outs[place] = goes_on ? outs[before] + out_pixel : at(&step->out, image, y, x);
            if (added) residuals[place] = goes_on ? residuals[before] + residual_pixel : at(&step->residual, image, y, x);
            if (straight)
                *row = goes_on ? row[-1] + pixel
                               : at(&step->source[0], image, y * step->stride[0], x * step->stride[1]);
            else matrix = point(step, how, image, y, x, row, matrix);
            if (++x == step->out_width) {
                x = 0;
                if (++y == step->out_height) y = 0, image++;
            }
        }
}

/* Output pixels `first` to `last` in panels `from` to `to`, counted through all groups. */
static void piece(const struct step *step, int gathers, int first, int last, int from, int to) {
    const struct reading how = reading_of(step, gathers);
    const int count = last - first, blocks = (count + ROWS - 1) / ROWS, least_size = count / blocks;
    const int larger = count % blocks;
    const float *rows[(size_t)blocks * step->sources * how.taps * ROWS], *residuals[blocks * ROWS];
    float *outs[blocks * ROWS], matrix[gathers ? (size_t)count * how.gathered : 1];
    find(step, &how, first, count, blocks, rows, residuals, outs, matrix);
    size_t panel = 0;
    for (int s = 0; s < step->sources; s++)
        panel += (size_t)step->kernel[0] * step->kernel[1] * step->channels[s] * PANEL;
    const struct pixels pixels = {blocks, how.taps, how.joined ? &how.wide : step->channels, rows, outs, residuals, panel};
    /* Weights that the cache holds are read again for each block, so that whole pixels are written; others once. */
    if (panel * (to - from) <= CACHED) {
        for (int b = 0; b < blocks; b++) blocks_across(least_size + (b < larger), step, &pixels, b, from, to);
        return;
    }
    for (int p = from; p < to; p++)
        for (int b = 0; b < blocks; b++) blocks_across(least_size + (b < larger), step, &pixels, b, p, p + 1);
}

/* Threads share the pieces, of which there are several for each: where a machine does other things too, one thread may
   take twice as long for a piece as another. Where pixels are few, or weights so many that no piece should read all of
   them, there are pieces of the same pixels with different panels. */
void convolve(const struct step *step) {
    const int pixels = step->images * step->out_height * step->out_width, blocks = (pixels + ROWS - 1) / ROWS;
    const int threads = omp_get_max_threads(), wanted = threads > 1 ? SHARES * threads : 1;
    const int columns = step->groups * panels(step->outputs), window = step->kernel[0] * step->kernel[1];
    const int gathers =
        step->prologue || (step->sources == 1 && step->groups == 1 && step->channels[0] < LANES);
    int chunks = (pixels + step->block - 1) / step->block, parts = 1, channels = 0;
    for (int s = 0; s < step->sources; s++) channels += step->channels[s];
    const int again = (size_t)columns * PANEL * window * channels <= CACHED;
    if (again) chunks = most(chunks, least(wanted, blocks));
    else if (gathers) chunks = most(chunks, least(wanted, blocks / 4));
    if ((chunks < wanted && !gathers) || chunks < threads) parts = least(columns, (wanted + chunks - 1) / chunks);
#pragma omp parallel for collapse(2) schedule(dynamic) if (threads > 1)
    for (int part = 0; part < parts; part++)
        for (int chunk = 0; chunk < chunks; chunk++)
            piece(step, gathers, (long)blocks * chunk / chunks * ROWS,
                  least(pixels, (long)blocks * (chunk + 1) / chunks * ROWS), columns * part / parts,
                  columns * (part + 1) / parts);
}
