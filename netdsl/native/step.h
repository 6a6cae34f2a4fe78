/* What every kernel is told. `netdsl/native/step.py` has the same fields in the same order. */
#pragma once
#include "lanes.h"
#include <stddef.h>

/* A map [N, C, H, W] whose channels lie together; steps are in floats. Absent where `data` is null. */
struct map {
    float *data;
    long image, row, pixel;
};

enum { SOURCES = 4 };

/* relu, relu6, leaky_relu, or nothing: what is negative times `slope`, then no less than `low` and no more than `high`. */
struct activation {
    float slope, low, high;
};

/* out = activation(core(pre_activation(scale · source + shift)) + bias + residual) */
struct step {
    struct map source[SOURCES], residual, out;
    const float *weight, *bias; /* packed as each kernel says; a bias has a whole number of panels */
    const float *scale, *shift; /* of the prologue; null where there is none */
    const float *zeros;         /* as many as any source has channels */
    float *scratch;             /* Winograd's */
    int channels[SOURCES], sources;
    int images, height, width, out_height, out_width;
    int outputs, groups; /* outputs of one group; `channels` are of one group too */
    int kernel[2], stride[2], padding[2], dilation[2];
    struct activation activation, pre_activation;
    int prologue;       /* whether `scale` or `pre_activation` does anything */
    int block;          /* pixels or tiles that are worked on together, for the sake of the caches */
    int counts_padding; /* what lies in the padding is part of a mean */
};

INLINE float *at(const struct map *map, int image, int y, int x) {
    return map->data + image * map->image + y * map->row + x * map->pixel;
}

INLINE lanes bounded(lanes x, const struct activation *activation) {
    return at_most(all(activation->high), at_least(all(activation->low), x));
}

INLINE lanes activate(lanes x, const struct activation *activation) {
    if (activation->slope != 1) x = where(x < all(0), x * activation->slope, x);
    return bounded(x, activation);
}

/* activation(y + residual) into channels `k` to `k + count` of a pixel; `residual` may be null. */
INLINE void finish(const struct step *step, lanes y, float *out, const float *residual, int k, int count) {
    if (residual) y += load_some(residual + k, count);
    store_some(out + k, activate(y, &step->activation), count);
}

/* The prologue on `count` channels from `c`. */
INLINE lanes prepare(const struct step *step, lanes x, int c, int count) {
    if (!step->prologue) return x;
    if (step->scale) x = x * load_some(step->scale + c, count) + load_some(step->shift + c, count);
    return activate(x, &step->pre_activation);
}
