// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "junit.h"

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool is(const json_t *check, const char *status)
{
	return !strcmp(string_of(check, "status"), status);
}

/* XML has no way to say most control characters. */
static void put_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '"')
			fputs("&quot;", to);
		else if (*text == '>')
			fputs("&gt;", to);
		else
			fputc(*(const unsigned char *)text < ' ' ? ' ' : *text,
			      to);
	}
}

static void put_attribute(FILE *to, const char *name, const char *text)
{
	fprintf(to, " %s=\"", name);
	put_text(to, text);
	fputc('"', to);
}

static double seconds(const json_t *check)
{
	return 1e-3 * number_of(check, "duration_ms");
}

/* --- a test case ------------------------------------------------------------ */

static void put_lines(FILE *to, const json_t *check, const char *before)
{
	const json_t *faults = json_object_get(check, "faults");
	json_t *fault;
	size_t i;

	json_array_foreach (faults, i, fault) {
		fputs(before, to);
		put_text(to, json_string_value(fault));
		fputc('\n', to);
	}
}

/* @kind: failure or error */
static void put_fault(FILE *to, const json_t *check, const char *kind)
{
	const json_t *first =
		json_array_get(json_object_get(check, "faults"), 0);

	fprintf(to, "<%s", kind);
	put_attribute(to, "message", first ? json_string_value(first) : "");
	put_attribute(to, "type", string_of(check, "status"));
	fputc('>', to);
	put_lines(to, check, "");
	fprintf(to, "</%s>\n", kind);
}

static void put_limit(FILE *to, const char *word, double limit)
{
	if (!isnan(limit))
		fprintf(to, ", %s %.6g", word, limit);
}

static void put_measure(FILE *to, const json_t *m)
{
	put_text(to, string_of(m, "name"));
	fprintf(to, " = %.6g%s", number_of(m, "value"),
		*string_of(m, "unit") ? " " : "");
	put_text(to, string_of(m, "unit"));
	put_limit(to, "from", number_of(m, "lo"));
	put_limit(to, "to", number_of(m, "hi"));
	put_limit(to, "baseline", number_of(m, "baseline"));
	fprintf(to, ": %s\n", string_of(m, "status"));
}

static void put_output(FILE *to, const json_t *check)
{
	json_t *m;
	size_t i;

	fputs("<system-out>", to);
	if (is(check, "warn"))
		put_lines(to, check, "warning: ");
	put_text(to, string_of(check, "detail"));
	fputc('\n', to);
	json_array_foreach (json_object_get(check, "measures"), i, m)
		put_measure(to, m);
	fputs("</system-out>\n", to);
}

static void put_check(FILE *to, const json_t *check)
{
	fputs("<testcase classname=\"sono.diag.", to);
	put_text(to, string_of(check, "level"));
	fputc('"', to);
	put_attribute(to, "name", string_of(check, "id"));
	fprintf(to, " time=\"%.3f\">\n", seconds(check));
	if (is(check, "skip")) {
		fputs("<skipped", to);
		put_attribute(to, "message", string_of(check, "detail"));
		fputs("/>\n", to);
	} else if (is(check, "fail")) {
		put_fault(to, check, "failure");
	} else if (is(check, "timeout")) {
		put_fault(to, check, "error");
	}
	put_output(to, check);
	fputs("</testcase>\n", to);
}

/* --- the suite -------------------------------------------------------------- */

static unsigned int count(const json_t *checks, const char *status)
{
	unsigned int n = 0;
	json_t *check;
	size_t i;

	json_array_foreach (checks, i, check)
		n += is(check, status);
	return n;
}

static void put_counts(FILE *to, const json_t *checks)
{
	double sum = 0;
	json_t *check;
	size_t i;

	json_array_foreach (checks, i, check)
		sum += seconds(check);
	fprintf(to,
		" tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\"",
		json_array_size(checks), count(checks, "fail"),
		count(checks, "timeout"), count(checks, "skip"), sum);
}

static void put_property(FILE *to, const char *name, const char *value)
{
	fputs("<property", to);
	put_attribute(to, "name", name);
	put_attribute(to, "value", value);
	fputs("/>\n", to);
}

int diag_junit_write(FILE *to, const json_t *all)
{
	const json_t *checks = json_object_get(all, "checks");
	json_t *check;
	size_t i;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", to);
	put_counts(to, checks);
	fputs(">\n<testsuite name=\"sono diag\"", to);
	put_counts(to, checks);
	put_attribute(to, "timestamp", string_of(all, "time"));
	put_attribute(to, "hostname", string_of(all, "machine"));
	fputs(">\n<properties>\n", to);
	put_property(to, "device", string_of(all, "device"));
	put_property(to, "serial", string_of(all, "serial"));
	put_property(to, "level", string_of(all, "level"));
	put_property(to, "status", string_of(all, "status"));
	fputs("</properties>\n", to);
	json_array_foreach (checks, i, check)
		put_check(to, check);
	fputs("</testsuite>\n</testsuites>\n", to);
	return ferror(to) ? -EIO : 0;
}
