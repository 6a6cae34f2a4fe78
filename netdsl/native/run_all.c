/* Kernels one after the other, so that Python is asked once for all of them and not between any two. */
#include "series.h"
#include <omp.h>
#include <time.h>

void run_all(const struct call *calls, int count) {
    for (int i = 0; i < count; i++) calls[i].kernel(calls[i].step);
}

INLINE void place(struct map *map, const struct own *maps, int thread, int image) {
    if (!map->data) return;
    const size_t within = (char *)map->data - maps->begin;
    if (within < maps->size) map->data = (float *)((char *)map->data + thread * maps->size);
    else map->data += image * map->image;
}

static long nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* All of them for one image, then for the next; each thread has images of its own, and takes another when it is done.
   Steps are for one image, the first, and what lies outside of `maps` is one of many. `spent`, where it is not null, has
   one place for each call and thread, to which the nanoseconds are added. */
void run_by_image(const struct call *calls, int count, int images, int threads, const struct own *maps,
                  const struct own *scratch, long *spent) {
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num();
        omp_set_num_threads(1); /* of the kernels that this thread calls */
#pragma omp for schedule(dynamic)
        for (int image = 0; image < images; image++)
            for (int i = 0; i < count; i++) {
                const long begin = spent ? nanoseconds() : 0;
                struct step step = *calls[i].step;
                for (int s = 0; s < step.sources; s++) place(&step.source[s], maps, thread, image);
                place(&step.residual, maps, thread, image);
                place(&step.out, maps, thread, image);
                if (step.scratch) step.scratch = (float *)((char *)step.scratch + thread * scratch->size);
                calls[i].kernel(&step);
                if (spent) spent[(size_t)thread * count + i] += nanoseconds() - begin;
            }
    }
}
