// SPDX-License-Identifier: MIT
#include <math.h>
#include <sys/utsname.h>
#include <time.h>

#include "json.h"
#include "session.h"

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *of_measure(const struct diag_measure *m)
{
	return json_pack("{s:s s:o s:s s:o s:o s:o s:s}", "name", m->name,
			 "value", number(m->value), "unit", m->unit, "lo",
			 number(m->lo), "hi", number(m->hi), "baseline",
			 number(m->baseline), "status",
			 diag_status_text(m->status));
}

/* The worst of those that are limited, and of these the first; or NULL. */
static const struct diag_measure *deciding(const struct diag_result *r)
{
	const struct diag_measure *worst = NULL;

	for (size_t i = 0; i < r->measures; i++) {
		const struct diag_measure *m = &r->measure[i];

		if (isinf(m->lo) && isinf(m->hi))
			continue;
		if (!worst || m->status > worst->status)
			worst = m;
	}
	return worst;
}

json_t *diag_json_result(const struct diag_result *r)
{
	const struct diag_measure none = { .value = NAN, .lo = NAN, .hi = NAN };
	const struct diag_measure *m = deciding(r);
	json_t *faults = json_array(), *measures = json_array();

	for (size_t i = 0; i < r->faults; i++)
		json_array_append_new(faults, json_string(r->fault[i]));
	for (size_t i = 0; i < r->measures; i++)
		json_array_append_new(measures, of_measure(&r->measure[i]));
	m = m ? m : &none;
	return json_pack("{s:s s:s s:s s:s s:o s:s* s:o s:o s:f s:s s:o s:o}",
			 "id", r->check->id, "level",
			 diag_level_text(r->check->level), "title",
			 r->check->title, "status", diag_status_text(r->status),
			 "value", number(m->value), "unit", m->unit, "lo",
			 number(m->lo), "hi", number(m->hi), "duration_ms",
			 1e3 * r->duration, "detail", r->detail, "faults",
			 faults, "measures", measures);
}

json_t *diag_json_board(const struct diag *d)
{
	struct utsname machine = { 0 };
	char serial[64];
	const bool known = diag_serial(d, serial, sizeof(serial));

	uname(&machine);
	return json_pack("{s:s s:s? s:s s:o}", "device", d->source, "serial",
			 known ? serial : NULL, "machine", machine.nodename,
			 "time", diag_json_time());
}

json_t *diag_json_time(void)
{
	const time_t now = time(NULL);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	return json_string(text);
}
