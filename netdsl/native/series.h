/* What a series is told. `netdsl/native/series.py` has the same fields in the same order. */
#pragma once
#include "step.h"

struct call {
    void (*kernel)(const struct step *);
    const struct step *step;
};

/* Memory that each thread has a copy of, one behind the other, each of `size` bytes. Steps point into the first. */
struct own {
    char *begin;
    size_t size;
};
