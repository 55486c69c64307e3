// SPDX-License-Identifier: MIT
/* What the kernel tells of the board's link, and what the board is. */
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "place.h"
#include "session.h"
#include "sono_regs.h"

#define FLASH_ROUNDS 4

/* False: there is no such place, which has been said. */
static bool need_driver(const struct diag *d, struct diag_result *r)
{
	if (!diag_is_driver(d))
		diag_skip(r, "no PCI Express in process");
	return diag_is_driver(d);
}

static double number(const struct diag *d, const char *file)
{
	char text[64], *end;
	double value;

	if (diag_place_read(d->source, file, text, sizeof(text)))
		return NAN;
	value = strtod(text, &end);
	return end == text ? NAN : value;
}

/* "8.0 GT/s PCIe"; what the link is capable of is the slot's affair as well. */
static void judge_pair(struct diag *d, struct diag_result *r, const char *name,
		       const char *unit, const char *now, const char *most,
		       const char *fault)
{
	const double is = number(d, now), can = number(d, most);

	if (isnan(is) || isnan(can)) {
		diag_blame(r, DIAG_WARN, "the link's %s is not told", name);
		return;
	}
	diag_note(d, r, name, unit, is);
	if (is < can)
		diag_blame(r, DIAG_FAIL, fault, is, can);
}

void diag_check_link(struct diag *d, struct diag_result *r)
{
	char speed[32] = "?", width[32] = "?";

	if (!need_driver(d, r))
		return;
	judge_pair(d, r, "width", "lanes", "device/current_link_width",
		   "device/max_link_width",
		   "the link is narrow: %.0f of %.0f lanes");
	judge_pair(d, r, "speed", "GT/s", "device/current_link_speed",
		   "device/max_link_speed",
		   "the link is slow: %.1f of %.1f GT/s");
	diag_place_read(d->source, "device/current_link_speed", speed,
			sizeof(speed));
	diag_place_read(d->source, "device/current_link_width", width,
			sizeof(width));
	diag_detail(r, "%s x%s", speed, width);
}

/* The last line of such a file is the total. */
static int total(const struct diag *d, const char *file, double *value)
{
	char path[DIAG_PLACE], line[128];
	int ret = diag_place(path, d->source, file);
	FILE *f = ret ? NULL : fopen(path, "re");
	unsigned long long n;

	if (!f)
		return ret ? ret : -errno;
	ret = -ENODATA;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "TOTAL_%*s %llu", &n) != 1)
			continue;
		*value = (double)n;
		ret = 0;
	}
	fclose(f);
	return ret;
}

void diag_check_aer(struct diag *d, struct diag_result *r)
{
	double fatal, nonfatal, corrected;

	if (!need_driver(d, r))
		return;
	if (total(d, "device/aer_dev_fatal", &fatal) ||
	    total(d, "device/aer_dev_nonfatal", &nonfatal) ||
	    total(d, "device/aer_dev_correctable", &corrected)) {
		diag_skip(r, "this kernel counts no errors of the link");
		return;
	}
	if (diag_measure(d, r, "uncorrectable", "errors", fatal + nonfatal) >
	    DIAG_PASS)
		diag_blame(r, r->status,
			   "the link had errors: %.0f fatal, %.0f not fatal",
			   fatal, nonfatal);
	if (diag_measure(d, r, "corrected", "errors", corrected) > DIAG_PASS)
		diag_blame(r, DIAG_WARN, "the link corrected %.0f errors",
			   corrected);
	diag_detail(r, "%.0f fatal, %.0f not fatal, %.0f corrected since the kernel started",
		    fatal, nonfatal, corrected);
}

/* What the driver asks for is all that it uses: SONO_NUM_VECS, of MSI-X. */
static double count_vectors(const struct diag *d)
{
	char pattern[DIAG_PLACE];
	glob_t found;
	double n;

	if (diag_place(pattern, d->source, "device/msi_irqs/*") ||
	    glob(pattern, 0, NULL, &found))
		return 0;
	n = (double)found.gl_pathc;
	globfree(&found);
	return n;
}

/* "group 5 (DMA-FQ)": the type says whether it translates. */
static void group_text(const struct diag *d, char *text, size_t n)
{
	char path[DIAG_PLACE], group[DIAG_PLACE], type[32] = "";
	ssize_t bytes = -1;

	if (!diag_place(path, d->source, "device/iommu_group"))
		bytes = readlink(path, group, sizeof(group) - 1);
	if (bytes < 0) {
		snprintf(text, n, "no IOMMU");
		return;
	}
	group[bytes] = '\0';
	diag_place_read(d->source, "device/iommu_group/type", type,
			sizeof(type));
	snprintf(text, n, "IOMMU group %.20s (%s)", strrchr(group, '/') + 1,
		 *type ? type : "of an unknown kind");
}

void diag_check_vectors(struct diag *d, struct diag_result *r)
{
	char group[96];
	double has;

	if (!need_driver(d, r))
		return;
	has = count_vectors(d);
	group_text(d, group, sizeof(group));
	diag_detail(r, "%.0f interrupt vectors; %s", has, group);
	if (diag_measure(d, r, "missing", "vectors", SONO_NUM_VECS - has) >
	    DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "interrupt vectors are missing: the board has %.0f of %d",
			   has, SONO_NUM_VECS);
}

static void version_text(char *text, size_t n, uint32_t version)
{
	snprintf(text, n, "%u.%u.%u", version >> 24, version >> 16 & 0xff,
		 version & 0xffff);
}

/* What may be done with the node decides what else can be checked. */
void diag_check_identity(struct diag *d, struct diag_result *r)
{
	const struct sono_info *i = d->info;
	char firmware[24], serial[32];
	const bool known = diag_serial(d, serial, sizeof(serial));

	version_text(firmware, sizeof(firmware), i->firmware);
	diag_detail(r, "revision %u.%u, firmware %s, %u channels, %u elements%s%s",
		    i->revision >> 16, i->revision & SONO_REVISION_MINOR,
		    firmware, i->channels, i->elements,
		    known ? ", number " : "", known ? serial : "");
	diag_note(d, r, "channels", "", i->channels);
	if (!(i->features & SONO_FEATURE_STREAM))
		diag_blame(r, DIAG_FAIL, "the driver cannot stream");
	if (diag_is_driver(d) && access(d->source, R_OK | W_OK))
		diag_blame(r, DIAG_FAIL,
			   "%s cannot be read and written by this user",
			   d->source);
}

/* An image that waits for its first boot is nobody's fault, and worth a word. */
static void compare_versions(struct diag *d, struct diag_result *r)
{
	char runs[32], next[32], floor_[32], bank[8];

	if (diag_place_read(d->source, "firmware", runs, sizeof(runs)) ||
	    diag_place_read(d->source, "firmware_next", next, sizeof(next)) ||
	    diag_place_read(d->source, "firmware_floor", floor_,
			    sizeof(floor_)) ||
	    diag_place_read(d->source, "firmware_bank", bank, sizeof(bank)))
		return;
	diag_detail(r, "%s in bank %s, next %s, none below %s", runs, bank,
		    next, floor_);
	if (strcmp(runs, next))
		diag_blame(r, DIAG_WARN,
			   "firmware %s waits for the board's next boot, %s runs",
			   next, runs);
}

void diag_check_firmware(struct diag *d, struct diag_result *r)
{
	struct sono_selftest_result s;

	if (!(d->info->hw_features & SONO_FEAT_FLASH)) {
		diag_skip(r, "the board has no flash");
		return;
	}
	/* a flash that fails now and then is bad, too */
	for (int i = 0; i < FLASH_ROUNDS; i++) {
		if (!diag_try(d, r, SONO_SELFTEST_FLASH, &s))
			return;
		if (s.failed)
			break;
	}
	compare_versions(d, r);
	diag_measure(d, r, "failed", "steps", s.failed);
	if (s.failed && s.code == SONO_FW_E_CRC)
		diag_blame(r, DIAG_FAIL,
			   "bad flash: the firmware that runs is not as it was written");
	else if (s.failed && s.code == SONO_FW_E_FLASH)
		diag_blame(r, DIAG_FAIL,
			   "bad flash: it does not hold what is written");
	else if (s.failed)
		diag_blame(r, DIAG_FAIL, "bad flash: the board says %u", s.code);
}
