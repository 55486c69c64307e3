// SPDX-License-Identifier: MIT
/* The machine that the board is in, as far as results and recordings need it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>

#include "disk.h"
#include "session.h"
#include "store.h"

#define LOG "/var/log"
#define MIB 1048576.0

/* What is said of each. */
struct words {
	char room[64], log[64], clock[64], disk[64];
};

/*
 * An emulated board in process is on somebody's desk: the clock there is no
 * scanner's.
 */
static void judge_clock(struct diag *d, struct diag_result *r, char *say,
			size_t n)
{
	struct timex t = { .modes = 0 };
	const bool known = adjtimex(&t) >= 0;
	const bool right = known && !(t.status & STA_UNSYNC);

	snprintf(say, n, "%s", !known ? "clock not known" :
		 right ? "clock synchronised" : "clock not synchronised");
	if (right)
		diag_note(d, r, "clock_error", "s", 1e-6 * (double)t.maxerror);
	if (known && !right && diag_is_driver(d))
		diag_blame(r, DIAG_WARN,
			   "the clock is not synchronised: times of results, recordings and logs may be wrong");
}

/* A folder that is yet to be made is where the one above it is. */
static int nearest(const char *folder, char *path, size_t n, struct statvfs *v)
{
	snprintf(path, n, "%s", folder);
	while (statvfs(path, v)) {
		char *end = strrchr(path, '/');

		if (!strcmp(path, "/") || !strcmp(path, "."))
			return -1;
		if (end && end != path)
			*end = '\0';
		else
			snprintf(path, n, end ? "/" : ".");
	}
	/* some that are in memory alone have no size */
	return v->f_blocks ? 0 : -1;
}

static void judge_room(struct diag *d, struct diag_result *r, const char *name,
		       const char *what, const char *folder, char *say,
		       size_t n)
{
	char path[DIAG_STORE_PATH];
	struct statvfs v;
	double room;

	if (nearest(folder, path, sizeof(path), &v)) {
		snprintf(say, n, "room for %s not known", what);
		return;
	}
	room = (double)v.f_bavail * (double)v.f_frsize / MIB;
	snprintf(say, n, "%.0f MiB for %s", room, what);
	if (diag_measure(d, r, name, "MiB", room) > DIAG_PASS)
		diag_blame(r, r->measure[r->measures - 1].status,
			   "little room for %s: %.0f MiB in %s", what, room,
			   path);
}

static void tell_disk(const char *folder, char *say, size_t n)
{
	char path[DIAG_STORE_PATH], device[64];
	struct statvfs v;
	struct stat st;
	int is = -1;

	if (!nearest(folder, path, sizeof(path), &v) && !stat(path, &st)) {
		snprintf(device, sizeof(device), "/sys/dev/block/%u:%u",
			 major(st.st_dev), minor(st.st_dev));
		is = diag_disk_encrypted(device);
	}
	snprintf(say, n, is < 0 ? "encryption not known" :
		 is ? "disk encrypted" : "disk not encrypted");
}

void diag_check_host(struct diag *d, struct diag_result *r)
{
	struct words w;

	judge_clock(d, r, w.clock, sizeof(w.clock));
	judge_room(d, r, "room", "results", d->state, w.room, sizeof(w.room));
	judge_room(d, r, "log_room", "the log", LOG, w.log, sizeof(w.log));
	tell_disk(d->state, w.disk, sizeof(w.disk));
	diag_detail(r, "%s; %s; %s; %s", w.clock, w.room, w.log, w.disk);
}
