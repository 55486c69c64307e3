/* SPDX-License-Identifier: MIT */
/* A plot as SVG. */
#ifndef DIAG_SVG_H
#define DIAG_SVG_H

#include <stdio.h>

#include "diag.h"

/** diag_svg() - write a plot, 360 x 150 units wide and high */
void diag_svg(FILE *to, const struct diag_plot *plot);

#endif /* DIAG_SVG_H */
