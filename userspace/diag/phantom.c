// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "phantom.h"

__asm__(".section .rodata\n"
	"diag_phantom_text:\n"
	".incbin \"userspace/diag/phantom.tsv\"\n"
	".byte 0\n"
	"diag_phantom_plan:\n"
	".incbin \"userspace/diag/phantom.plan\"\n"
	".byte 0\n"
	".previous\n");

extern const char diag_phantom_text[], diag_phantom_plan[];

#define MM 1e-3

static int read_place(struct phantom *p, const char *kind, const double *v,
		      int n)
{
	if (!strcmp(kind, "wire") && n == 2 && p->wires < PHANTOM_WIRES) {
		p->wire[p->wires++] =
			(struct phantom_place){ v[0] * MM, v[1] * MM, 0 };
	} else if (!strcmp(kind, "shallow") && n == 2 &&
		   p->shallows < PHANTOM_SHALLOW) {
		p->shallow[p->shallows++] =
			(struct phantom_place){ v[0] * MM, v[1] * MM, 0 };
	} else if (!strcmp(kind, "cyst") && n == 3 &&
		   p->cysts < PHANTOM_CYSTS) {
		p->cyst[p->cysts++] = (struct phantom_place){
			v[0] * MM, v[1] * MM, v[2] * MM
		};
	} else if (!strcmp(kind, "flow") && n == 5) {
		p->flow = (struct phantom_place){ v[0] * MM, v[1] * MM,
						  v[2] * MM };
		p->rises = v[3] * M_PI / 180;
		p->fastest = v[4] / 100;
	} else if (!strcmp(kind, "uniform") && n == 4) {
		for (int i = 0; i < n; i++)
			p->uniform[i] = v[i] * MM;
	} else {
		return -EINVAL;
	}
	return 0;
}

static int read_row(struct phantom *p, const char *row)
{
	double v[5];
	char kind[16];
	const int n = sscanf(row, "%15s %lf %lf %lf %lf %lf", kind, &v[0],
			     &v[1], &v[2], &v[3], &v[4]) - 1;
	struct phantom_pair *pair = NULL;

	if (n < 0)
		return -EINVAL;
	if (!strcmp(kind, "axial"))
		pair = &p->axial;
	else if (!strcmp(kind, "lateral"))
		pair = &p->lateral;
	if (!pair)
		return read_place(p, kind, v, n);
	if (n != 2)
		return -EINVAL;
	*pair = (struct phantom_pair){ (unsigned int)v[0], (unsigned int)v[1] };
	return 0;
}

int phantom_read(struct phantom *p)
{
	const char *row = diag_phantom_text;
	int ret = 0;

	memset(p, 0, sizeof(*p));
	for (; *row && !ret; row += strcspn(row, "\n") + 1)
		if (*row != '#')
			ret = read_row(p, row);
	if (!ret && (p->axial.to >= p->wires || p->lateral.to >= p->wires))
		ret = -EINVAL;
	return ret;
}

/* Plans come from files; this one's lives as long as it is read. */
int phantom_plan(struct sono_plan **plan, const struct sono_info *info,
		 char *why, size_t why_bytes)
{
	const size_t n = strlen(diag_phantom_plan);
	const int fd = memfd_create("phantom.plan", MFD_CLOEXEC);
	char path[32];
	int ret;

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, diag_phantom_plan, n) == (ssize_t)n)
		ret = sono_plan_open(plan, path, info, why, why_bytes);
	else
		ret = -EIO;
	close(fd);
	return ret;
}
