/* Depthwise convolutions, a channel each. weight: [taps, channels]; bias: [panels, PANEL].

   Windows of 3x3 are most of them: neighbours in a row share what they read of the weights and, through pointers to the
   columns under all of their windows, what they read of the map. A pointer into the padding leads to zeros, so that the
   edge takes no time of its own. All other windows, prologues and narrow maps go pixel by pixel. */
#include "window.h"
#include <omp.h>

enum { NEAR = 3, MANY = 8, SEVERAL = 4, COLUMNS = (MANY - 1) * 2 + NEAR }; /* MANY or SEVERAL pixels at once */

/* A pixel and after it its neighbours in the row; `residual` may be null. */
struct pixels {
    float *out;
    const float *residual;
};

/* Activated and written: LANES channels from `c` of M pixels. */
INLINE void finish_all(const int M, const struct step *step, lanes *sum, struct pixels pixels, int c) {
    const lanes low = all(step->activation.low), high = all(step->activation.high);
    const float slope = step->activation.slope;
    if (pixels.residual)
        UNROLL for (int m = 0; m < M; m++) sum[m] += load(pixels.residual + m * step->residual.pixel + c);
    if (slope != 1)
        UNROLL for (int m = 0; m < M; m++) sum[m] = where(sum[m] < all(0), sum[m] * slope, sum[m]);
    UNROLL for (int m = 0; m < M; m++) store(pixels.out + m * step->out.pixel + c, at_most(high, at_least(low, sum[m])));
}

/* Channels `from` to `to`, at least LANES, of M pixels from (y, x) on whose windows are 3x3 and `stride` apart. The last
   vector may compute again some of what the one before it did. */
INLINE void near(const int M, const int stride, const struct step *step, int image, int y, int x, int from, int to) {
    const int columns = (M - 1) * stride + NEAR, wide = step->channels[0];
    const int top = y * stride - step->padding[0], left = x * stride - step->padding[1];
    const float *column[NEAR][COLUMNS];
    for (int r = 0; r < NEAR; r++) {
        const int in_row = top + r >= 0 && top + r < step->height;
        const float *row = in_row ? at(&step->source[0], image, top + r, 0) : 0;
        UNROLL for (int j = 0; j < columns; j++)
            column[r][j] = row && left + j >= 0 && left + j < step->width ? row + (left + j) * step->source[0].pixel
                                                                            : step->zeros;
    }
    const struct pixels pixels = {at(&step->out, image, y, x),
                                  step->residual.data ? at(&step->residual, image, y, x) : 0};
    for (int next = from; next < to; next += LANES) {
        const int c = least(next, to - LANES);
        lanes sum[MANY];
        UNROLL for (int m = 0; m < M; m++) sum[m] = load(step->bias + c);
        UNROLL for (int r = 0; r < NEAR; r++) {
            lanes w[NEAR];
            UNROLL for (int q = 0; q < NEAR; q++) w[q] = load(step->weight + (r * NEAR + q) * wide + c);
            UNROLL for (int j = 0; j < columns; j++) {
                const lanes read = load(column[r][j] + c);
                UNROLL for (int m = 0; m < M; m++)
                    if (j >= m * stride && j < m * stride + NEAR) sum[m] += w[j - m * stride] * read;
            }
        }
        finish_all(M, step, sum, pixels, c);
    }
}

/* The same of a whole row, at least SEVERAL pixels. The last of them may be computed twice. */
INLINE void row_of_near(const int stride, const struct step *step, int image, int y, int from, int to) {
    int x = 0;
    for (; x + MANY <= step->out_width; x += MANY) near(MANY, stride, step, image, y, x, from, to);
    for (; x < step->out_width; x += SEVERAL)
        near(SEVERAL, stride, step, image, y, least(x, step->out_width - SEVERAL), from, to);
}

/* Channels `from` to `to` of one pixel, whatever its window. */
static void any(const struct step *step, int image, int y, int x, int from, int to) {
    const struct window found = window(step, y, x);
    const float *corner = at(&step->source[0], image, found.y, found.x);
    const float *residual = step->residual.data ? at(&step->residual, image, y, x) : 0;
    const long down = step->dilation[0] * step->source[0].row, across = step->dilation[1] * step->source[0].pixel;
    for (int c = from; c < to; c += LANES) {
        lanes sum = load(step->bias + c);
        for (int r = 0; r < found.rows; r++)
            for (int q = 0; q < found.columns; q++) {
                const int tap = (found.top + r) * step->kernel[1] + found.left + q, count = to - c;
                const lanes read = prepare(step, load_some(corner + r * down + q * across + c, count), c, count);
                sum += load_some(step->weight + (long)tap * step->channels[0] + c, count) * read;
            }
        finish(step, sum, at(&step->out, image, y, x), residual, c, to - c);
    }
}

/* Threads share the rows; and where these are few, the channels. */
void depthwise(const struct step *step) {
    const int threads = omp_get_max_threads(), channels = step->channels[0];
    const int parts = step->images * step->out_height < 16 * threads && channels >= 2 * LANES * threads ? threads : 1;
    const int is_near = step->kernel[0] == NEAR && step->kernel[1] == NEAR && step->dilation[0] == 1 &&
                        step->dilation[1] == 1 && step->stride[0] == step->stride[1] && step->stride[0] <= 2 &&
                        !step->prologue && channels >= LANES && step->out_width >= SEVERAL;
#pragma omp parallel for collapse(3) schedule(static) if (threads > 1)
    for (int part = 0; part < parts; part++)
        for (int image = 0; image < step->images; image++)
            for (int y = 0; y < step->out_height; y++) {
                const int from = channels / LANES * part / parts * LANES;
                const int to = part + 1 == parts ? channels : channels / LANES * (part + 1) / parts * LANES;
                if (is_near && step->stride[0] == 1) row_of_near(1, step, image, y, from, to);
                else if (is_near) row_of_near(2, step, image, y, from, to);
                else
                    for (int x = 0; x < step->out_width; x++) any(step, image, y, x, from, to);
            }
}
