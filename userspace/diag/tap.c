// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "tap.h"

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* A line; what would begin a directive does not. */
static void put_line(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', to);
		fputc(*text == '\n' ? ' ' : *text, to);
	}
}

static bool is(const json_t *check, const char *status)
{
	return !strcmp(string_of(check, "status"), status);
}

/* JSON is YAML. */
static void put_yaml(FILE *to, json_t *check)
{
	const char *key;
	json_t *value;

	fputs("  ---\n", to);
	json_object_foreach (check, key, value) {
		fprintf(to, "  %s: ", key);
		json_dumpf(value, to, JSON_ENCODE_ANY);
		fputc('\n', to);
	}
	fputs("  ...\n", to);
}

static void put_check(FILE *to, size_t number, json_t *check)
{
	const bool good = !is(check, "fail") && !is(check, "timeout");

	fprintf(to, "%sok %zu - %s: ", good ? "" : "not ", number,
		string_of(check, "id"));
	put_line(to, string_of(check, "title"));
	if (is(check, "skip")) {
		fputs(" # SKIP ", to);
		put_line(to, string_of(check, "detail"));
	}
	fputc('\n', to);
	put_yaml(to, check);
}

int diag_tap_write(FILE *to, const json_t *all)
{
	const json_t *checks = json_object_get(all, "checks");
	json_t *check;
	size_t i;

	fprintf(to, "TAP version 14\n1..%zu\n# ", json_array_size(checks));
	put_line(to, string_of(all, "device"));
	if (*string_of(all, "serial"))
		fprintf(to, ", number %s", string_of(all, "serial"));
	fputs(", on ", to);
	put_line(to, string_of(all, "machine"));
	fprintf(to, ": %s\n", string_of(all, "level"));
	json_array_foreach (checks, i, check)
		put_check(to, i + 1, check);
	return ferror(to) ? -EIO : 0;
}
