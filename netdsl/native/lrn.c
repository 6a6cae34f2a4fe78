/* Local response normalisation with the exponent 3/4 of Krizhevsky et al., 2012, across channels:
   x / (k + alpha / size · Σ x²)^(3/4); `kernel[0]` is the size, `scale` has alpha / size and k. */
#include "step.h"
#include <math.h>
#include <omp.h>

static void pixel(const struct step *step, const float *x, float *out) {
    const int channels = step->channels[0], before = step->kernel[0] / 2, after = (step->kernel[0] - 1) / 2;
    float squares[channels + step->kernel[0]], *square = squares + before; /* with zeros on both sides */
    for (int c = 0; c < before; c++) squares[c] = 0;
    for (int c = 0; c < channels; c++) square[c] = x[c] * x[c];
    for (int c = 0; c < after + 1; c++) square[channels + c] = 0;
    for (int c = 0; c < channels; c++) {
        float sum = 0;
        for (int near = -before; near <= after; near++) sum += square[c + near];
        const float base = step->scale[1] + step->scale[0] * sum, root = sqrtf(base);
        out[c] = x[c] / (root * sqrtf(root));
    }
}

void response_norm(const struct step *step) {
#pragma omp parallel for collapse(2) schedule(static) if (omp_get_max_threads() > 1)
    for (int image = 0; image < step->images; image++)
        for (int y = 0; y < step->out_height; y++)
            for (int x = 0; x < step->out_width; x++)
                pixel(step, at(&step->source[0], image, y, x), at(&step->out, image, y, x));
}
