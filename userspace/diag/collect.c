// SPDX-License-Identifier: MIT
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "collect.h"
#include "place.h"
#include "session.h"
#include "sign.h"
#include "store.h"

#define EARLIER 200
#define FILE_MAX (1u << 20)
#define RECORD_MAX 8192

/* Of the node's folder in sysfs; a pattern may stand for several. */
static const char *const node_files[] = {
	"revision", "serial", "probe", "state", "firmware", "firmware_bank",
	"firmware_next", "firmware_floor", "selftest_scratch",
	"selftest_interrupt", "selftest_flash", "device/vendor",
	"device/device", "device/subsystem_vendor", "device/subsystem_device",
	"device/revision", "device/class", "device/enable", "device/irq",
	"device/numa_node", "device/power_state", "device/reset_method",
	"device/resource", "device/local_cpulist", "device/dma_mask_bits",
	"device/current_link_width", "device/max_link_width",
	"device/current_link_speed", "device/max_link_speed",
	"device/aer_dev_correctable", "device/aer_dev_fatal",
	"device/aer_dev_nonfatal", "device/msi_irqs/*",
	"device/power/runtime_status", "device/power/control",
	"device/hwmon/hwmon*/temp1_*", "device/hwmon/hwmon*/in0_*",
};

/* Of the machine: what a driver or its speed depends on. */
static const char *const machine_files[] = {
	"/etc/os-release", "/proc/interrupts", "/proc/iomem",
	"/proc/meminfo", "/proc/sys/kernel/tainted",
	"/proc/sys/kernel/io_uring_disabled", "/proc/sys/vm/nr_hugepages",
	"/sys/devices/system/cpu/online", "/sys/devices/system/cpu/isolated",
	"/sys/module/sono/version", "/sys/module/sono/srcversion",
	"/sys/module/sono/taint", "/sys/module/sono/parameters/*",
	"/etc/udev/rules.d/60-sono.rules", "/usr/lib/udev/rules.d/60-sono.rules",
};

/** struct text - of a file that grows: @bytes of @text once @f is closed */
struct text {
	FILE *f;
	char *text;
	size_t bytes;
};

/**
 * struct bundle - an archive in the making
 * @d: handle
 * @to: archive
 * @entry: what is said of its next file
 * @now: when all of it was made
 * @ret: first error of writing
 * @missing: what was not there
 * @sums: manifest, as "sha256sum" writes it
 */
struct bundle {
	struct diag *d;
	struct archive *to;
	struct archive_entry *entry;
	time_t now;
	int ret;
	struct text missing;
	struct text sums;
};

static int text_open(struct text *t)
{
	t->f = open_memstream(&t->text, &t->bytes);
	return t->f ? 0 : -ENOMEM;
}

static void text_close(struct text *t)
{
	if (t->f)
		fclose(t->f);
	t->f = NULL;
}

/* Nobody's: who made it is nobody's affair. */
static int put(struct bundle *b, const char *path, const void *data, size_t n)
{
	struct archive_entry *e = archive_entry_clear(b->entry);

	archive_entry_set_pathname(e, path);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, b->now, 0);
	archive_entry_set_size(e, (int64_t)n);
	if (archive_write_header(b->to, e) != ARCHIVE_OK ||
	    archive_write_data(b->to, data, n) != (ssize_t)n)
		return -EIO;
	return 0;
}

static int add_sum(struct bundle *b, const char *name, const void *data,
		   size_t n)
{
	uint8_t sum[DIAG_SHA256_BYTES];

	if (diag_sha256(data, n, sum))
		return -EIO;
	for (size_t i = 0; i < sizeof(sum); i++)
		fprintf(b->sums.f, "%02x", sum[i]);
	fprintf(b->sums.f, "  %s\n", name);
	return 0;
}

static void add(struct bundle *b, const char *name, const void *data, size_t n)
{
	char path[100];

	snprintf(path, sizeof(path), "sono-diag/%s", name);
	/* the manifest has no line of itself */
	if (!b->ret && b->sums.f)
		b->ret = add_sum(b, name, data, n);
	if (!b->ret)
		b->ret = put(b, path, data, n);
}

static void add_json(struct bundle *b, const char *name, const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2));

	if (text)
		add(b, name, text, strlen(text));
	free(text);
}

/* Files of sysfs do not know how long they are. */
static void add_file(struct bundle *b, const char *path, const char *name)
{
	char *data = malloc(FILE_MAX);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t more = -1;

	while (data && fd >= 0 && n < FILE_MAX &&
	       (more = read(fd, data + n, FILE_MAX - n)) > 0)
		n += (size_t)more;
	if (more < 0)
		fprintf(b->missing.f, "%s: %s\n", name, strerror(errno));
	else
		add(b, name, data, n);
	if (fd >= 0)
		close(fd);
	free(data);
}

/* @skip: bytes of the paths that their names in the archive leave out. */
static void add_files(struct bundle *b, const char *pattern, size_t skip,
		      const char *folder)
{
	char name[DIAG_PLACE];
	glob_t found;

	if (glob(pattern, GLOB_NOCHECK, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];

		snprintf(name, sizeof(name), "%s/%s", folder, path + skip);
		add_file(b, path, name);
	}
	globfree(&found);
}

/* --- the board -------------------------------------------------------------- */

/* As "lspci -xxxx" has it, which reads it back with -F. */
static void add_config(struct bundle *b, const char *folder)
{
	char path[DIAG_PLACE], slot[DIAG_PLACE], *text = NULL;
	unsigned char c[4096];
	ssize_t n;
	size_t bytes;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%.200sdevice", folder);
	n = readlink(path, slot, sizeof(slot) - 1);
	slot[n > 0 ? n : 0] = '\0';
	snprintf(path, sizeof(path), "%.200sdevice/config", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, c, sizeof(c));
	if (fd >= 0)
		close(fd);
	f = n > 0 ? open_memstream(&text, &bytes) : NULL;
	if (!f) {
		fprintf(b->missing.f, "pci-config: %s\n", strerror(errno));
		return;
	}
	fprintf(f, "%s Signal processing controller\n",
		strrchr(slot, '/') ? strrchr(slot, '/') + 1 : slot);
	for (ssize_t i = 0; i < n; i++) {
		if (i % 16 == 0)
			fprintf(f, "%02zx:", (size_t)i);
		fprintf(f, " %02x%s", c[i], i % 16 == 15 ? "\n" : "");
	}
	fclose(f);
	add(b, "pci-config", text, bytes);
	free(text);
}

static void add_debugfs(struct bundle *b)
{
	static const char *const files[] = { "counters", "registers" };
	const char *node = strrchr(b->d->source, '/');
	char path[DIAG_PLACE], name[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/sono/%.32s/%s",
			 node + 1, files[i]);
		snprintf(name, sizeof(name), "debugfs/%s", files[i]);
		add_file(b, path, name);
	}
}

static void add_board(struct bundle *b)
{
	char folder[DIAG_PLACE], pattern[2 * DIAG_PLACE];

	if (!diag_is_driver(b->d) ||
	    diag_place(folder, b->d->source, "")) {
		fprintf(b->missing.f, "sysfs, debugfs: the board is in process\n");
		return;
	}
	for (size_t i = 0; i < sizeof(node_files) / sizeof(*node_files); i++) {
		snprintf(pattern, sizeof(pattern), "%s%s", folder,
			 node_files[i]);
		add_files(b, pattern, strlen(folder), "sysfs");
	}
	add_config(b, folder);
	add_debugfs(b);
}

/* --- the log ---------------------------------------------------------------- */

/*
 * Of the kernel itself (facility 0: what programs write has another one), about
 * the driver, its link or its interrupts.
 */
static bool wanted(const char *record)
{
	static const char *const words[] = { "sono", "AER", "pcieport", "DMAR",
					     "iommu", "vfio" };
	const char *text = strchr(record, ';');

	if (!text || strtoul(record, NULL, 10) >> 3)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

static void add_log(struct bundle *b)
{
	const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_MAX], *text = NULL;
	size_t bytes;
	FILE *f = fd < 0 ? NULL : open_memstream(&text, &bytes);
	ssize_t n;

	if (!f) {
		fprintf(b->missing.f, "kernel-log: %s\n", strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	/* EPIPE: lines were overwritten, and the next ones are there */
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = '\0';
		record[strcspn(record, "\n")] = '\0';
		if (wanted(record))
			fprintf(f, "%s\n", record);
	}
	close(fd);
	fclose(f);
	add(b, "kernel-log", text, bytes);
	free(text);
}

/* --- results ---------------------------------------------------------------- */

/* Keys that are ours; a source may have any name in it, so it is left out. */
static json_t *clean(const json_t *line)
{
	static const char *const keys[] = { "time", "level", "status", "exit",
					    "faults", "skipped", "figures" };
	json_t *all = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		json_object_set(all, keys[i], json_object_get(line, keys[i]));
	return all;
}

static void add_results(struct bundle *b, const char *dir)
{
	json_t *lines, *line, *cleaned = json_array();
	char path[DIAG_STORE_PATH];
	size_t i;

	diag_store_path(path, dir, b->d, "history.jsonl");
	lines = diag_history_read(path, EARLIER);
	json_array_foreach (lines, i, line)
		json_array_append_new(cleaned, clean(line));
	add_json(b, "history.json", cleaned);
	json_decref(cleaned);
	json_decref(lines);
	diag_store_path(path, dir, b->d, "baseline.json");
	if (!diag_baseline_load(b->d, path))
		add_json(b, "baseline.json", b->d->baseline);
	else
		fprintf(b->missing.f, "baseline.json: none is saved\n");
}

static void add_about(struct bundle *b)
{
	const struct sono_info *i = b->d->info;
	const time_t now = time(NULL);
	struct utsname u;
	char when[32];
	json_t *about;

	uname(&u);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	about = json_pack(
		"{s:s s:s s:s s:s s:I s:i s:I s:i s:i s:i s:i s:i s:i}",
		"time", when, "kernel", u.release, "kernel_version", u.version,
		"machine", u.machine, "features",
		(json_int_t)i->features, "revision", i->revision, "hw_features",
		(json_int_t)i->hw_features, "firmware", i->firmware, "channels",
		i->channels, "elements", i->elements, "adc_bits", i->adc_bits,
		"adc_clock_hz", i->adc_clock, "board_clock_hz", i->board_clock);
	add_json(b, "about.json", about);
	json_decref(about);
}

static void add_all(struct bundle *b, const char *dir)
{
	add_about(b);
	add_board(b);
	for (size_t i = 0; i < sizeof(machine_files) / sizeof(*machine_files);
	     i++)
		add_files(b, machine_files[i], 1, "machine");
	add_log(b);
	add_results(b, dir);
	text_close(&b->missing);
	add(b, "missing", b->missing.text, b->missing.bytes);
	text_close(&b->sums);
	add(b, "SHA256SUMS", b->sums.text, b->sums.bytes);
}

static int open_archive(struct bundle *b, FILE *to)
{
	b->to = archive_write_new();
	b->entry = archive_entry_new();
	if (!b->to || !b->entry)
		return -ENOMEM;
	if (archive_write_set_format_ustar(b->to) != ARCHIVE_OK ||
	    archive_write_open_FILE(b->to, to) != ARCHIVE_OK)
		return -EIO;
	return 0;
}

int diag_collect(struct diag *d, const char *dir, FILE *to)
{
	struct bundle b = { .d = d, .now = time(NULL) };

	b.ret = text_open(&b.missing) ?: text_open(&b.sums) ?:
		open_archive(&b, to);
	if (!b.ret)
		add_all(&b, dir);
	if (!b.ret && archive_write_close(b.to) != ARCHIVE_OK)
		b.ret = -EIO;
	archive_write_free(b.to);
	archive_entry_free(b.entry);
	text_close(&b.missing);
	text_close(&b.sums);
	free(b.missing.text);
	free(b.sums.text);
	return b.ret;
}
