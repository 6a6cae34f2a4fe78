/* Walks over windows channel by channel, for what mixes no channels: depthwise convolutions and pools. */
#pragma once
#include "step.h"

/* Taps of a window that lie inside the map: where the first of them lies, and which. */
struct window {
    int rows, columns; /* taps inside */
    int top, left;     /* the first tap inside */
    int y, x;          /* where that lies in the map */
};

/* Along one axis: the first tap inside, its place, and how many are inside. */
INLINE int inside(int out, int axis, int extent, const struct step *step, int *tap, int *place) {
    const int dilation = step->dilation[axis], start = out * step->stride[axis] - step->padding[axis];
    *tap = start < 0 ? (-start + dilation - 1) / dilation : 0;
    *place = start + *tap * dilation;
    const int end = extent - 1 - start < 0 ? 0 : least(step->kernel[axis], (extent - 1 - start) / dilation + 1);
    return most(0, end - *tap);
}

INLINE struct window window(const struct step *step, int y, int x) {
    struct window found;
    found.rows = inside(y, 0, step->height, step, &found.top, &found.y);
    found.columns = inside(x, 1, step->width, step, &found.left, &found.x);
    return found;
}
