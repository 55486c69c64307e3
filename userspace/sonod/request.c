// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "why.h"

void chosen_init(struct chosen *c, const char *presets)
{
	*c = (struct chosen){ .presets = presets };
	sono_controls_init(&c->now.controls);
}

/* --- from JSON --- */

/* A number with its unit, of a control or of a part of one. */
struct field {
	const char *name;
	double unit;	/* one of it in SI units, or in dB */
	size_t at;	/* in struct sono_controls */
};

#define DEGREE (M_PI / 180)
#define MM 1e-3
#define FIELD(name, unit, member) \
	{ name, unit, offsetof(struct sono_controls, member) }

static const struct field plain[] = {
	FIELD("depth_mm", MM, depth),
	FIELD("gain_db", 1, gain),
	FIELD("power_db", 1, power),
	FIELD("focus_mm", MM, focus),
	{ 0 }
};

static const struct field box_sector[] = {
	FIELD("left_deg", DEGREE, box[0]), FIELD("right_deg", DEGREE, box[1]),
	FIELD("near_mm", MM, box[2]),	   FIELD("far_mm", MM, box[3]),
	{ 0 }
};

static const struct field box_linear[] = {
	FIELD("left_mm", MM, box[0]), FIELD("right_mm", MM, box[1]),
	FIELD("near_mm", MM, box[2]), FIELD("far_mm", MM, box[3]),
	{ 0 }
};

static const struct field volume_angle[] = {
	FIELD("angle_deg", DEGREE, volume[0]),
	FIELD("depth_mm", MM, volume[1]), FIELD("gate_mm", MM, volume[2]),
	{ 0 }
};

static const struct field volume_place[] = {
	FIELD("x_mm", MM, volume[0]),
	FIELD("depth_mm", MM, volume[1]), FIELD("gate_mm", MM, volume[2]),
	{ 0 }
};

static const struct field *box_fields(const struct scanner_status *status)
{
	return status->sector ? box_sector : box_linear;
}

static const struct field *volume_fields(const struct scanner_status *status)
{
	return status->angles ? volume_angle : volume_place;
}

static double *member(struct sono_controls *controls, const struct field *f)
{
	return (double *)((char *)controls + f->at);
}

static const struct field *find(const struct field *fields, const char *name)
{
	while (fields->name && strcmp(fields->name, name))
		fields++;
	return fields->name ? fields : NULL;
}

static int set_field(struct sono_controls *controls, const struct field *f,
		     const json_t *value, char *why, size_t why_bytes)
{
	if (json_is_null(value)) {
		*member(controls, f) = NAN;
		return 0;
	}
	if (!json_is_number(value))
		return sono_why(why, why_bytes, -EINVAL, "%s: not a number",
				f->name);
	*member(controls, f) = json_number_value(value) * f->unit;
	return 0;
}

/* What is not said of a box or a volume stays as it is in force. */
static int set_group(struct sono_controls *controls,
		     const struct sono_controls *in_force,
		     const struct field *fields, const char *name,
		     json_t *value, char *why, size_t why_bytes)
{
	const char *key;
	json_t *number;
	int ret = 0;

	if (!json_is_object(value) && !json_is_null(value))
		return sono_why(why, why_bytes, -EINVAL, "%s: not an object",
				name);
	for (const struct field *f = fields; f->name; f++)
		*member(controls, f) =
			json_is_null(value) ?
				NAN :
				*member((struct sono_controls *)in_force, f);
	if (json_is_object(value) && !json_object_size(value))
		return sono_why(why, why_bytes, -EINVAL, "%s: no part is named",
				name);
	json_object_foreach(value, key, number) {
		const struct field *f = find(fields, key);

		if (!f)
			return sono_why(why, why_bytes, -EINVAL,
					"%s: %.40s: no such part", name, key);
		ret = json_is_null(number) ?
			      sono_why(why, why_bytes, -EINVAL,
				       "%s: %s: not a number", name, key) :
			      set_field(controls, f, number, why, why_bytes);
		if (ret)
			break;
	}
	return ret;
}

static int set_control(struct sono_controls *controls,
		       const struct scanner_status *status, const char *key,
		       json_t *value, char *why, size_t why_bytes)
{
	const struct field *f = find(plain, key);

	if (f)
		return set_field(controls, f, value, why, why_bytes);
	if (!strcmp(key, "box"))
		return set_group(controls, &status->controls,
				 box_fields(status), key, value, why,
				 why_bytes);
	if (!strcmp(key, "volume"))
		return set_group(controls, &status->controls,
				 volume_fields(status), key, value, why,
				 why_bytes);
	return sono_why(why, why_bytes, -EINVAL, "%.40s: no such control",
			key);
}

/* --- requests --- */

int request_preset(const struct chosen *c, const json_t *request,
		   struct wanted *wanted, char *why, size_t why_bytes)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	int ret;

	(void)c;
	if (!name)
		return sono_why(why, why_bytes, -EINVAL,
				"preset: \"name\" is missing");
	ret = setup_check_name(name, why, why_bytes);
	if (ret)
		return ret;
	snprintf(wanted->preset, sizeof(wanted->preset), "%s", name);
	sono_controls_init(&wanted->controls);
	return 0;
}

int request_set(const struct chosen *c, const json_t *request,
		struct wanted *wanted, char *why, size_t why_bytes)
{
	struct scanner_status status;
	const char *key;
	json_t *value;
	bool named = false;
	int ret = 0;

	if (!*c->now.preset)
		return sono_why(why, why_bytes, -EINVAL,
				"set: no preset has been chosen");
	*wanted = c->now;
	scanner_status(c->scanner, &status);
	json_object_foreach((json_t *)request, key, value) {
		if (!strcmp(key, "do") || !strcmp(key, "id"))
			continue;
		ret = set_control(&wanted->controls, &status, key, value, why,
				  why_bytes);
		if (ret)
			return ret;
		named = true;
	}
	return named ? 0 :
		       sono_why(why, why_bytes, -EINVAL,
				"set: no control is named");
}

/* --- to JSON --- */

/* What somebody named may be no UTF-8: where it was cut off, or as a file is. */
json_t *words_json(const char *words)
{
	json_t *json = json_string(words);
	char ascii[256];
	size_t n = 0;

	if (json)
		return json;
	for (; words[n] && n < sizeof(ascii) - 1; n++)
		ascii[n] = words[n] & 0x80 ? '?' : words[n];
	ascii[n] = '\0';
	return json_string(ascii);
}

/* NAN, which JSON has not: left out. */
static void put(json_t *to, const char *key, double value)
{
	if (!isnan(value))
		json_object_set_new(to, key, json_real(value));
}

static void put_fields(json_t *to, const struct field *fields,
		       const struct sono_controls *controls)
{
	for (const struct field *f = fields; f->name; f++)
		put(to, f->name,
		    *member((struct sono_controls *)controls, f) / f->unit);
}

static void put_group(json_t *to, const char *key, const struct field *fields,
		      const struct sono_controls *controls)
{
	json_t *group = json_object();

	put_fields(group, fields, controls);
	if (json_object_size(group))
		json_object_set_new(to, key, group);
	else
		json_decref(group);
}

static int is_plan(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	return n > 5 && !strcmp(entry->d_name + n - 5, ".plan");
}

static json_t *preset_names(const char *folder)
{
	json_t *names = json_array();
	struct dirent **entry;
	int n = scandir(folder, &entry, is_plan, alphasort);

	for (int i = 0; i < n; i++) {
		json_array_append_new(names,
				      json_stringn(entry[i]->d_name,
						   strlen(entry[i]->d_name) - 5));
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return names;
}

static const char *const states[] = {
	[SCANNER_FROZEN] = "frozen",
	[SCANNER_SCANNING] = "scanning",
	[SCANNER_FAULT] = "fault",
};

static json_t *counts_json(const struct scanner_status *s)
{
	const struct sono_stream_counts *n = &s->counts;

	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "run", (json_int_t)s->run,
			 "taken", (json_int_t)n->taken, "skipped",
			 (json_int_t)n->skipped, "dropped",
			 (json_int_t)n->dropped, "lost", (json_int_t)n->lost);
}

json_t *state_json(const struct chosen *c)
{
	struct scanner_status s;
	json_t *state;

	scanner_status(c->scanner, &s);
	state = json_pack(
		"{s:s,s:o,s:i,s:o,s:{s:b,s:i},s:{s:f,s:f,s:b}}", "state",
		states[s.state], "presets", preset_names(c->presets),
		"cfg_gen", s.cfg_gen, "frames", counts_json(&s), "interlock",
		"transmit", s.state == SCANNER_SCANNING, "heartbeat_ms",
		s.heartbeat_ms, "output", "mi", s.indices.mi, "ti",
		s.indices.ti, "calibrated", s.calibrated);
	if (s.state == SCANNER_FAULT)
		json_object_set_new(state, "fault", words_json(s.fault));
	if (!*s.preset)
		return state;
	json_object_set_new(state, "preset", words_json(s.preset));
	put_fields(state, plain, &s.controls);
	put_group(state, "box", box_fields(&s), &s.controls);
	put_group(state, "volume", volume_fields(&s), &s.controls);
	put(state, "frame_rate_hz", s.rates.frame_rate);
	put(state, "prf_hz", s.rates.prf);
	put(state, "nyquist_cm_s",
	    s.rates.nyquist > 0 ? s.rates.nyquist * 100 : NAN);
	return state;
}
