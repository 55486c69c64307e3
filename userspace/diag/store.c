// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "place.h"
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

/* Its number; a board in process, or one without, by its source. */
static void name_of(const struct diag *d, char *name, size_t n)
{
	size_t i = 0;

	if (diag_is_driver(d) &&
	    !diag_place_read(d->source, "serial", name, n) &&
	    strcmp(name, "0"))
		return;
	for (const char *c = d->source; *c && i < n - 1; c++)
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

/* --- baseline --------------------------------------------------------------- */

int diag_baseline_load(struct diag *d, const char *path)
{
	json_t *file, *checks;

	if (access(path, R_OK))
		return -errno;
	file = json_load_file(path, 0, NULL);
	checks = json_object_get(file, "baseline");
	if (!json_is_object(checks)) {
		json_decref(file);
		return -EINVAL;
	}
	json_decref(d->baseline);
	d->baseline = json_incref(checks);
	json_decref(file);
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

static json_t *now(void)
{
	const time_t t = time(NULL);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
	return json_string(text);
}

int diag_baseline_save(const char *path, const json_t *results)
{
	char part[DIAG_STORE_PATH + 8];
	int ret = make_folders(path);
	json_t *file;

	if (ret)
		return ret;
	file = json_pack("{s:o s:o}", "time", now(), "baseline",
			 all_figures(results));
	snprintf(part, sizeof(part), "%s.part", path);
	errno = 0;
	if (json_dump_file(file, part, JSON_INDENT(2)) || rename(part, path))
		ret = errno ? -errno : -EIO;
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

	json_object_set_new(line, "time", now());
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

int diag_history_add(const char *path, const json_t *all)
{
	json_t *line;
	char *text, *ended = NULL;
	int ret = make_folders(path), fd, n;

	if (ret)
		return ret;
	line = line_of(all);
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	n = text ? asprintf(&ended, "%s\n", text) : -1;
	free(text);
	if (n < 0)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, ended, (size_t)n) != n)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	free(ended);
	return ret;
}

json_t *diag_history_read(const char *path, size_t most)
{
	json_t *all = json_array(), *line;
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

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
