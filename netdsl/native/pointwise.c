/* activation(scale · x + shift + residual), point by point, in one pass. The step has its norm where others have a
   prologue. */
#include "step.h"
#include <omp.h>

void pointwise(const struct step *step) {
#pragma omp parallel for collapse(2) schedule(static) if (omp_get_max_threads() > 1)
    for (int image = 0; image < step->images; image++)
        for (int y = 0; y < step->out_height; y++)
            for (int x = 0; x < step->out_width; x++) {
                const float *residual = step->residual.data ? at(&step->residual, image, y, x) : 0;
                for (int c = 0; c < step->channels[0]; c += LANES) {
                    const int count = step->channels[0] - c;
                    finish(step, prepare(step, load_some(at(&step->source[0], image, y, x) + c, count), c, count),
                           at(&step->out, image, y, x), residual, c, count);
                }
            }
}
