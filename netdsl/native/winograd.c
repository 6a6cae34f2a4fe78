/* Convolutions of 3x3 with stride 1 by Winograd's F(4x4, 3x3): 36 products for 16 outputs instead of 144.

   A tile of 6x6 inputs becomes 36 numbers by transforms to and fro, each the values of a polynomial at 0, ±√½, ±√2 and
   infinity: of all points those with the smallest error (an RMS error of 1.7e-6 with 512 channels, where summing
   directly has 1.2e-6). See Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.
   A NaN or an infinity spreads over the tile that it lies in.

   weight: [36, panels, channels of all sources, PANEL]; bias: [panels, PANEL];
   scratch: [36, block * (channels + panels * PANEL) + GAP]. */
#include "panel.h"
#include "step.h"
#include <omp.h>

enum { TILE = 4, POINTS = 6, GAP = 32 }; /* the gap keeps the 36 matrices off each other's lines of the cache */

#define A 0.70710678118654752f
#define B 1.41421356237309505f
#define AA 0.5f
#define BB 2.0f

/* The values of x0 .. x5 at the six points: Bᵀ x. */
INLINE void into(const lanes x[POINTS], lanes y[POINTS]) {
    const lanes even_a = x[4] - BB * x[2], odd_a = A * (x[3] - BB * x[1]);
    const lanes even_b = x[4] - AA * x[2], odd_b = B * (x[3] - AA * x[1]);
    y[0] = AA * BB * x[0] - (AA + BB) * x[2] + x[4];
    y[1] = even_a + odd_a;
    y[2] = even_a - odd_a;
    y[3] = even_b + odd_b;
    y[4] = even_b - odd_b;
    y[5] = AA * BB * x[1] - (AA + BB) * x[3] + x[5];
}

/* Four outputs of the products at the six points: Aᵀ y. */
INLINE void back(const lanes y[POINTS], lanes x[TILE]) {
    const lanes sum_a = y[1] + y[2], less_a = A * (y[1] - y[2]), sum_b = y[3] + y[4], less_b = B * (y[3] - y[4]);
    x[0] = y[0] + sum_a + sum_b;
    x[1] = less_a + less_b;
    x[2] = AA * sum_a + BB * sum_b;
    x[3] = AA * less_a + BB * less_b + y[5];
}

struct tiles { int across, down, channels, wide; size_t apart_in, apart_out; };

static void tile_in(const struct step *step, const struct tiles *tiles, int tile, float *to) {
    const int image = tile / (tiles->across * tiles->down);
    const int y0 = tile / tiles->across % tiles->down * TILE - step->padding[0];
    const int x0 = tile % tiles->across * TILE - step->padding[1];
    for (int s = 0; s < step->sources; s++) {
        const float *pixel[POINTS][POINTS];
        for (int i = 0; i < POINTS; i++)
            for (int j = 0; j < POINTS; j++) {
                const int y = y0 + i, x = x0 + j, inside = y >= 0 && y < step->height && x >= 0 && x < step->width;
                pixel[i][j] = inside ? at(&step->source[s], image, y, x) : step->zeros;
            }
        for (int c = 0; c < step->channels[s]; c += LANES) {
            const int count = step->channels[s] - c;
            lanes half[POINTS][POINTS];
            UNROLL for (int j = 0; j < POINTS; j++) {
                lanes x[POINTS], y[POINTS];
                UNROLL for (int i = 0; i < POINTS; i++) x[i] = load_some(pixel[i][j] + c, count);
                into(x, y);
                UNROLL for (int i = 0; i < POINTS; i++) half[i][j] = y[i];
            }
            UNROLL for (int i = 0; i < POINTS; i++) {
                lanes y[POINTS];
                into(half[i], y);
                UNROLL for (int j = 0; j < POINTS; j++)
                    store_some(to + (i * POINTS + j) * tiles->apart_in + c, y[j], count);
            }
        }
        to += step->channels[s];
    }
}

static void tile_out(const struct step *step, const struct tiles *tiles, int tile, const float *from) {
    const int image = tile / (tiles->across * tiles->down);
    const int y0 = tile / tiles->across % tiles->down * TILE, x0 = tile % tiles->across * TILE;
    const int rows = least(TILE, step->out_height - y0), columns = least(TILE, step->out_width - x0);
    for (int k = 0; k < step->outputs; k += LANES) {
        lanes half[TILE][POINTS], whole[TILE][TILE];
        UNROLL for (int j = 0; j < POINTS; j++) {
            lanes y[POINTS], x[TILE];
            UNROLL for (int i = 0; i < POINTS; i++) y[i] = load(from + (i * POINTS + j) * tiles->apart_out + k);
            back(y, x);
            UNROLL for (int i = 0; i < TILE; i++) half[i][j] = x[i];
        }
        const lanes bias = load(step->bias + k);
        UNROLL for (int i = 0; i < TILE; i++) {
            back(half[i], whole[i]);
            UNROLL for (int j = 0; j < TILE; j++) whole[i][j] += bias;
        }
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                finish(step, whole[i][j], at(&step->out, image, y0 + i, x0 + j),
                       step->residual.data ? at(&step->residual, image, y0 + i, x0 + j) : 0, k, step->outputs - k);
    }
}

INLINE void rows_by_panel(const int M, const struct tiles *tiles, const float *from, const float *weight, float *to) {
    const float *x[ROWS];
    lanes sum[ROWS][VECTORS];
    UNROLL for (int m = 0; m < M; m++) {
        x[m] = from + (size_t)m * tiles->channels;
        UNROLL for (int v = 0; v < VECTORS; v++) sum[m][v] = all(0);
    }
    accumulate(M, VECTORS, x, tiles->channels, weight, sum);
    UNROLL for (int m = 0; m < M; m++)
        UNROLL for (int v = 0; v < VECTORS; v++) store(to + (size_t)m * tiles->wide + v * LANES, sum[m][v]);
}

/* [count, channels] times [channels, wide]. */
static void product(const struct tiles *tiles, int count, const float *from, const float *weight, float *to) {
    const int blocks = (count + ROWS - 1) / ROWS;
    for (int k = 0; k < tiles->wide; k += PANEL, weight += (size_t)tiles->channels * PANEL)
        for (int b = 0, row = 0; b < blocks; b++) {
            const int rows = count / blocks + (b < count % blocks);
            const float *x = from + (size_t)row * tiles->channels;
            float *y = to + (size_t)row * tiles->wide + k;
#define CALL(M) rows_by_panel(M, tiles, x, weight, y)
            WITH_ROWS(rows, CALL)
#undef CALL
            row += rows;
        }
}

void winograd(const struct step *step) {
    struct tiles tiles = {(step->out_width + TILE - 1) / TILE, (step->out_height + TILE - 1) / TILE};
    for (int s = 0; s < step->sources; s++) tiles.channels += step->channels[s];
    tiles.wide = panels(step->outputs) * PANEL;
    const int count = step->images * tiles.across * tiles.down, blocks = (count + step->block - 1) / step->block;
    tiles.apart_in = (size_t)step->block * tiles.channels + GAP;
    tiles.apart_out = (size_t)step->block * tiles.wide + GAP;
    float *in = step->scratch, *out = step->scratch + POINTS * POINTS * tiles.apart_in;
#pragma omp parallel if (omp_get_max_threads() > 1)
    for (int b = 0; b < blocks; b++) {
        const int first = (long)count * b / blocks, last = (long)count * (b + 1) / blocks;
#pragma omp for schedule(static)
        for (int t = first; t < last; t++) tile_in(step, &tiles, t, in + (size_t)(t - first) * tiles.channels);
#pragma omp for schedule(static)
        for (int p = 0; p < POINTS * POINTS; p++)
            product(&tiles, last - first, in + p * tiles.apart_in,
                    step->weight + (size_t)p * tiles.channels * tiles.wide, out + p * tiles.apart_out);
#pragma omp for schedule(static)
        for (int t = first; t < last; t++) tile_out(step, &tiles, t, out + (size_t)(t - first) * tiles.wide);
    }
}
