/* Kernels one after the other, so that Python is asked once for all of them and not between any two. */
#include "step.h"

struct call {
    void (*kernel)(const struct step *);
    const struct step *step;
};

void run_all(const struct call *calls, int count) {
    for (int i = 0; i < count; i++) calls[i].kernel(calls[i].step);
}
