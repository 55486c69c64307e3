// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

__asm__(".section .rodata\n"
	"diag_limits_text:\n"
	".incbin \"userspace/diag/limits.tsv\"\n"
	".byte 0\n"
	".previous\n");

extern const char diag_limits_text[];

/* A field of a row, up to a tab or the end of the line; NULL: there is none. */
static const char *field(const char *row, int index, size_t *n)
{
	while (index--) {
		row += strcspn(row, "\t\n");
		if (*row != '\t')
			return NULL;
		row++;
	}
	*n = strcspn(row, "\t\n");
	return row;
}

static int number(const char *row, int index, double none, double *value)
{
	size_t n;
	const char *text = field(row, index, &n);
	char *end;

	if (!text)
		return -EINVAL;
	*value = none;
	if (n == 1 && *text == '-')
		return 0;
	*value = strtod(text, &end);
	return end == text + n ? 0 : -EINVAL;
}

static int read_row(const char *row, struct diag_limit *l)
{
	static const char *const names[] = { "value", "change", "percent" };
	size_t n, i;
	const char *of = field(row, 1, &n);

	for (i = 0; of && i < 3; i++)
		if (strlen(names[i]) == n && !strncmp(names[i], of, n))
			break;
	if (!of || i == 3)
		return -EINVAL;
	l->of = i;
	return number(row, 3, -INFINITY, &l->fail_below) ||
			       number(row, 4, -INFINITY, &l->warn_below) ||
			       number(row, 5, INFINITY, &l->warn_above) ||
			       number(row, 6, INFINITY, &l->fail_above) ?
		       -EINVAL :
		       1;
}

/* "image" and "width.3" are "image.width". */
static bool names(const char *row, const char *check, const char *measure)
{
	size_t n, c = strlen(check), m = strlen(measure);
	const char *text = field(row, 0, &n);
	const char *dot = strrchr(measure, '.');

	if (dot && dot[1] >= '0' && dot[1] <= '9')
		m = (size_t)(dot - measure);
	return n == c + 1 + m && !strncmp(text, check, c) && text[c] == '.' &&
	       !strncmp(text + c + 1, measure, m);
}

int diag_limit_next(const char **at, const char *check, const char *measure,
		    struct diag_limit *l)
{
	const char *row = *at ? *at : diag_limits_text, *next;

	for (; *row; row = next) {
		next = row + strcspn(row, "\n");
		next += *next == '\n';
		*at = next;
		if (*row != '#' && names(row, check, measure))
			return read_row(row, l);
	}
	return 0;
}

static double quantity(const struct diag_limit *l, const struct diag_measure *m)
{
	switch (l->of) {
	case DIAG_OF_CHANGE:
		return m->value - m->baseline;
	case DIAG_OF_PERCENT:
		return 100 * (m->value - m->baseline) / fabs(m->baseline);
	default:
		return m->value;
	}
}

/* A limit as one of the figure itself. */
static double absolute(const struct diag_limit *l, const struct diag_measure *m,
		       double limit)
{
	switch (l->of) {
	case DIAG_OF_CHANGE:
		return m->baseline + limit;
	case DIAG_OF_PERCENT:
		return m->baseline + fabs(m->baseline) * limit / 100;
	default:
		return limit;
	}
}

static double tighter(double fail, double warn)
{
	return isinf(warn) ? fail : warn;
}

void diag_limit_judge(const struct diag_limit *l, struct diag_measure *m)
{
	double q = quantity(l, m), limit;
	enum diag_status status = DIAG_PASS;

	if (l->of != DIAG_OF_VALUE && isnan(m->baseline))
		return;
	/* a figure that is none is not within limits */
	if (!(q >= l->fail_below && q <= l->fail_above))
		status = DIAG_FAIL;
	else if (q < l->warn_below || q > l->warn_above)
		status = DIAG_WARN;
	if (status > m->status)
		m->status = status;
	limit = absolute(l, m, tighter(l->fail_below, l->warn_below));
	m->lo = fmax(m->lo, limit);
	limit = absolute(l, m, tighter(l->fail_above, l->warn_above));
	m->hi = fmin(m->hi, limit);
}
