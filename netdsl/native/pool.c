/* Pools with windows, and over whole maps; a prologue comes first, padding after it. */
#include "window.h"
#include <math.h>
#include <omp.h>

/* The largest or the sum of what a window covers, of LANES channels from `c`. */
INLINE lanes pooled(const int max, const int prologue, const struct step *step, struct window window, const float *corner,
                    int c, int count) {
    const long down = step->dilation[0] * step->source[0].row, across = step->dilation[1] * step->source[0].pixel;
    lanes found = all(max ? -INFINITY : 0);
    for (int r = 0; r < window.rows; r++)
        for (int q = 0; q < window.columns; q++) {
            lanes x = load_some(corner + r * down + q * across + c, count);
            if (prologue) x = prepare(step, x, c, count);
            if (max) found = larger(x, found);
            else found += x;
        }
    return found;
}

INLINE void pixel(const int max, const int prologue, const struct step *step, int image, int y, int x, float share) {
    const struct window found = window(step, y, x);
    const float *corner = at(&step->source[0], image, found.y, found.x);
    float *out = at(&step->out, image, y, x);
    int c = 0;
    for (; c + LANES <= step->channels[0]; c += LANES)
        finish(step, share * pooled(max, prologue, step, found, corner, c, LANES), out, 0, c, LANES);
    if (c < step->channels[0]) {
        const int count = step->channels[0] - c;
        finish(step, share * pooled(max, prologue, step, found, corner, c, count), out, 0, c, count);
    }
}

void max_pool(const struct step *step) {
#pragma omp parallel for collapse(2) schedule(static) if (omp_get_max_threads() > 1)
    for (int image = 0; image < step->images; image++)
        for (int y = 0; y < step->out_height; y++)
            for (int x = 0; x < step->out_width; x++)
                if (step->prologue) pixel(1, 1, step, image, y, x, 1);
                else pixel(1, 0, step, image, y, x, 1);
}

/* How many taps a mean divides by along one axis: those in the padding too, or not; but none beyond it, where the last
   window of a pool in ceil mode may reach. */
INLINE int counted(const struct step *step, int out, int axis, int extent) {
    const int start = out * step->stride[axis] - step->padding[axis];
    const int from = step->counts_padding ? start : most(start, 0);
    return least(start + step->kernel[axis], step->counts_padding ? extent + step->padding[axis] : extent) - from;
}

void avg_pool(const struct step *step) {
#pragma omp parallel for collapse(2) schedule(static) if (omp_get_max_threads() > 1)
    for (int image = 0; image < step->images; image++)
        for (int y = 0; y < step->out_height; y++)
            for (int x = 0; x < step->out_width; x++) {
                const float share = 1.0f / (counted(step, y, 0, step->height) * counted(step, x, 1, step->width));
                if (step->prologue) pixel(0, 1, step, image, y, x, share);
                else pixel(0, 0, step, image, y, x, share);
            }
}

/* The mean of each channel's map. */
void global_avg_pool(const struct step *step) {
    const int channels = step->channels[0], groups = (channels + LANES - 1) / LANES;
    const float share = 1.0f / ((float)step->height * step->width);
#pragma omp parallel for collapse(2) schedule(static) if (omp_get_max_threads() > 1)
    for (int image = 0; image < step->images; image++)
        for (int group = 0; group < groups; group++) {
            const int c = group * LANES, count = channels - c;
            lanes sum = all(0);
            for (int y = 0; y < step->height; y++) {
                lanes row = all(0); /* summed row by row, so that errors stay small */
                for (int x = 0; x < step->width; x++)
                    row += prepare(step, load_some(at(&step->source[0], image, y, x) + c, count), c, count);
                sum += row;
            }
            finish(step, sum * share, at(&step->out, image, 0, 0), 0, c, count);
        }
}
