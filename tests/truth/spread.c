// SPDX-License-Identifier: MIT
#include <math.h>

#include "spread.h"

void spread_judge(struct verdict *v, const struct spread *got,
		  const json_t *target, const json_t *tolerance)
{
	double x_error = truth_number(target, "x_error_um");
	double got_x = got->x_error;

	/* two equal maxima about x = 0: reference.json, "statistic" */
	if (truth_number(target, "x_m") == 0) {
		x_error = fabs(x_error);
		got_x = fabs(got_x);
	}
	verdict_percent(v, "lateral width [mm]", got->lateral,
			truth_number(target, "lateral_fwhm_mm"),
			truth_number(tolerance, "lateral_fwhm_pct"));
	verdict_percent(v, "axial width [mm]", got->axial,
			truth_number(target, "axial_fwhm_mm"),
			truth_number(tolerance, "axial_fwhm_pct"));
	verdict_near(v, "x error [um]", got_x, x_error,
		     truth_number(tolerance, "x_error_um"));
	verdict_near(v, "z error [um]", got->z_error,
		     truth_number(target, "z_error_um"),
		     truth_number(tolerance, "z_error_um"));
}
