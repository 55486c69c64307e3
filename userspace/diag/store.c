// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "session.h"
#include "store.h"

void diag_store_dir(char *dir)
{
	const char *said = getenv("SONO_DIAG_STATE");
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (said && *said)
		snprintf(dir, DIAG_STORE_PATH, "%s", said);
	else if (!geteuid())
		snprintf(dir, DIAG_STORE_PATH, "/var/lib/sono/diag");
	else if (state && *state)
		snprintf(dir, DIAG_STORE_PATH, "%s/sono/diag", state);
	else
		snprintf(dir, DIAG_STORE_PATH, "%s/.local/state/sono/diag",
			 home ? home : "");
}

/*
 * Its number; a board in process, or one without, by its source: "sim:points".
 * What is said of it behind that, its faults among it, makes it no other board.
 */
static void name_of(const struct diag *d, char *name, size_t n)
{
	size_t i = 0;

	if (diag_serial(d, name, n))
		return;
	for (const char *c = d->source; *c && *c != ',' && i < n - 1; c++)
		name[i++] = (*c >= 'a' && *c <= 'z') ||
					    (*c >= '0' && *c <= '9') ?
				    *c : '-';
	name[i] = '\0';
}

void diag_store_path(char *path, const char *dir, const struct diag *d,
		     const char *kind)
{
	char name[128];

	name_of(d, name, sizeof(name));
	snprintf(path, DIAG_STORE_PATH, "%s/%s.%s", dir, name, kind);
}

/* All folders on the way to a file. */
static int make_folders(const char *path)
{
	char part[DIAG_STORE_PATH];

	snprintf(part, sizeof(part), "%s", path);
	for (char *c = part + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
		*c = '/';
	}
	return 0;
}

int diag_store_ready(const char *path)
{
	char folder[DIAG_STORE_PATH];
	int ret = make_folders(path);

	if (ret)
		return ret;
	snprintf(folder, sizeof(folder), "%.*s",
		 (int)(strrchr(path, '/') - path + 1), path);
	return access(folder, W_OK) ? -errno : 0;
}

/* A pipe in the place of a file would be waited for. Return: descriptor or -errno. */
static int open_file(const char *path, int flags)
{
	const int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0644);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* --- baseline --------------------------------------------------------------- */

static bool are_figures(json_t *figures)
{
	const char *name;
	json_t *value;

	if (!json_is_object(figures))
		return false;
	/* what JSON cannot say, a figure that is not finite, is null */
	json_object_foreach (figures, name, value)
		if (!json_is_number(value) && !json_is_null(value))
			return false;
	return true;
}

/* The figures of each check, or NULL where that is not what is in the file. */
static json_t *read_baseline(const char *path)
{
	const int fd = open_file(path, O_RDONLY);
	json_t *file = fd < 0 ? NULL : json_loadfd(fd, 0, NULL), *figures;
	json_t *checks = json_incref(json_object_get(file, "baseline"));
	const char *id;

	if (fd >= 0)
		close(fd);
	json_decref(file);
	if (!json_object_size(checks)) {
		json_decref(checks);
		return NULL;
	}
	json_object_foreach (checks, id, figures)
		if (!are_figures(figures)) {
			json_decref(checks);
			return NULL;
		}
	return checks;
}

int diag_baseline_load(struct diag *d, const char *path)
{
	json_t *checks;

	if (access(path, R_OK))
		return -errno;
	checks = read_baseline(path);
	if (!checks)
		return -EINVAL;
	json_decref(d->baseline);
	d->baseline = checks;
	return 0;
}

static json_t *figures(const json_t *result)
{
	json_t *all = json_object(), *m;
	size_t i;

	json_array_foreach (json_object_get(result, "measures"), i, m)
		json_object_set(all,
				json_string_value(json_object_get(m, "name")),
				json_object_get(m, "value"));
	return all;
}

static json_t *all_figures(const json_t *results)
{
	json_t *all = json_object(), *result;
	size_t i;

	json_array_foreach (results, i, result)
		json_object_set_new(all, json_string_value(json_object_get(
						 result, "id")),
				    figures(result));
	return all;
}

/* Of the checks that have found some. */
static json_t *new_figures(const json_t *results)
{
	json_t *all = all_figures(results), *figures;
	const char *id;
	void *next;

	json_object_foreach_safe (all, next, id, figures)
		if (!json_object_size(figures))
			json_object_del(all, id);
	return all;
}

int diag_baseline_save(const char *path, const json_t *results, size_t *kept)
{
	char part[DIAG_STORE_PATH + 32];
	json_t *fresh = new_figures(results), *all, *file;
	const size_t n = json_object_size(fresh);
	int ret = n ? make_folders(path) : -ENODATA;

	if (ret) {
		json_decref(fresh);
		return ret;
	}
	all = read_baseline(path);
	all = all ? all : json_object();
	json_object_update(all, fresh);
	json_decref(fresh);
	*kept = json_object_size(all) - n;
	file = json_pack("{s:o s:o}", "time", diag_json_time(), "baseline", all);
	/* its own, should two diagnoses end at once: the last one's stays */
	snprintf(part, sizeof(part), "%s.%ld.part", path, (long)getpid());
	errno = 0;
	if (json_dump_file(file, part, JSON_INDENT(2)) || rename(part, path)) {
		ret = errno ? -errno : -EIO;
		unlink(part);
	}
	json_decref(file);
	return ret;
}

/* --- history ---------------------------------------------------------------- */

/* Of a diagnosis what one may want to see again in ten years. */
static json_t *line_of(const json_t *all)
{
	const json_t *results = json_object_get(all, "checks");
	json_t *line = json_object(), *faults = json_array();
	json_t *skipped = json_array(), *r;
	size_t i;

	json_object_set(line, "time", json_object_get(all, "time"));
	json_object_set(line, "device", json_object_get(all, "device"));
	json_object_set(line, "level", json_object_get(all, "level"));
	json_object_set(line, "status", json_object_get(all, "status"));
	json_object_set(line, "exit", json_object_get(all, "exit"));
	json_array_foreach (results, i, r) {
		json_array_extend(faults, json_object_get(r, "faults"));
		if (!strcmp(json_string_value(json_object_get(r, "status")),
			    "skip"))
			json_array_append(skipped, json_object_get(r, "id"));
	}
	json_object_set_new(line, "faults", faults);
	json_object_set_new(line, "skipped", skipped);
	json_object_set_new(line, "figures", all_figures(results));
	return line;
}

/* Did the last one get to its end? A machine may have lost power in it. */
static bool ends_in_a_line(int fd)
{
	const off_t end = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return end <= 0 || (pread(fd, &last, 1, end - 1) == 1 && last == '\n');
}

int diag_history_add(const char *path, const json_t *all)
{
	json_t *line;
	char *text, *ended = NULL;
	int ret = make_folders(path), fd, n;

	if (ret)
		return ret;
	fd = open_file(path, O_RDWR | O_CREAT | O_APPEND);
	if (fd < 0)
		return fd;
	line = line_of(all);
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	n = text ? asprintf(&ended, "%s%s\n", ends_in_a_line(fd) ? "" : "\n",
			    text) :
		   -1;
	free(text);
	if (n < 0)
		ret = -ENOMEM;
	else if (write(fd, ended, (size_t)n) != n)
		ret = -errno;
	close(fd);
	free(ended);
	return ret;
}

json_t *diag_history_read(const char *path, size_t most)
{
	const int fd = open_file(path, O_RDONLY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	json_t *all = json_array(), *line;
	char *text = NULL;
	size_t room = 0;

	if (!f && fd >= 0)
		close(fd);
	while (f && getline(&text, &room, f) > 0) {
		line = json_loads(text, 0, NULL);
		if (!json_is_object(line)) {
			json_decref(line);
			continue;
		}
		json_array_append_new(all, line);
		if (json_array_size(all) > most)
			json_array_remove(all, 0);
	}
	free(text);
	if (f)
		fclose(f);
	return all;
}
