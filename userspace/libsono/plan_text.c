// SPDX-License-Identifier: MIT
/*
 * Reading a plan by libconfig, guided by a table of keys: what is not in the
 * table, has another type, is missing or out of range is refused with its
 * line.
 */
#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_text.h"
#include "why.h"

#define FILE_MAX (1 << 20)
#define LIST_MAX 4096

enum type {
	NUMBER,
	INTEGER,
	BOOLEAN,
	WORD,
	LIST,
	GROUP,
};

/**
 * struct key - one key of the file
 * @name: as it is written
 * @type: of its value
 * @at: of its struct plan_value or plan_list, in that of its group's
 * @min: least value, or value in a list
 * @max: greatest
 * @standard: value where the key is missing; NAN: it must be there
 * @least: numbers in a list
 * @most: numbers in a list
 * @words: of WORD, NULL at the end
 * @keys: of GROUP, no name at the end
 */
struct key {
	const char *name;
	enum type type;
	size_t at;
	double min, max;
	double standard;
	uint32_t least, most;
	const char *const *words;
	const struct key *keys;
};

/* clang-format off */

#define number(group, key, min, max, standard) \
	{ #key, NUMBER, offsetof(struct plan_##group##_text, key), \
	  min, max, standard, 0, 0, NULL, NULL }
#define integer(group, key, min, max, standard) \
	{ #key, INTEGER, offsetof(struct plan_##group##_text, key), \
	  min, max, standard, 0, 0, NULL, NULL }
#define boolean(group, key, standard) \
	{ #key, BOOLEAN, offsetof(struct plan_##group##_text, key), \
	  0, 1, standard, 0, 0, NULL, NULL }
#define word(group, key, words, standard) \
	{ #key, WORD, offsetof(struct plan_##group##_text, key), \
	  0, 0, standard, 0, 0, words, NULL }
#define list(group, key, min, max, least, most) \
	{ #key, LIST, offsetof(struct plan_##group##_text, key), \
	  min, max, 0, least, most, NULL, NULL }
#define group_at(at, key, keys, standard) \
	{ #key, GROUP, at, 0, 0, standard, 0, 0, NULL, keys }
#define group(group, key, keys, standard) \
	group_at(offsetof(struct plan_##group##_text, key), key, keys, standard)

#define MUST NAN

static const char *const probe_words[] = {
	"linear", "convex", "phased", NULL
};
static const char *const wave_words[] = {
	"plane", "diverging", "focused", NULL
};
static const char *const order_words[] = {
	"b-colour", "colour-b", "alternate", NULL
};
static const char *const interleave_words[] = {
	"simultaneous", "update", NULL
};
static const char *const trigger_words[] = { "free", "ecg", "external", NULL };
static const char *const grid_words[] = { "linear", "sector", NULL };
static const char *const window_words[] = { "boxcar", "hann", "tukey", NULL };
static const char *const interpolation_words[] = {
	"linear", "compensated", "upsampled", NULL
};
static const char *const grey_words[] = { "linear", "gamma", "s", NULL };
static const char *const wall_words[] = {
	"polynomial", "fir", "iir", "svd", NULL
};
static const char *const start_words[] = {
	"projection", "step", "zero", NULL
};
static const char *const estimator_words[] = { "kasai", "loupas", NULL };
static const char *const of_words[] = { "flow", "tissue", NULL };
static const char *const map_words[] = {
	"velocity", "variance", "power", "directional", NULL
};

static const char *const trace_words[] = {
	"none", "peak", "mean", "both", NULL
};

static const struct key probe_keys[] = {
	word(probe, kind, probe_words, MUST),
	integer(probe, elements, 2, 4096, MUST),
	number(probe, pitch_mm, 0.01, 10, 0),
	number(probe, radius_mm, 5, 500, 0),
	number(probe, field_deg, 1, 180, 0),
	number(probe, lens_delay_us, 0, 10, 0),
	{ 0 }
};

static const struct key waves_keys[] = {
	word(waves, kind, wave_words, MUST),
	list(waves, angles_deg, -80, 80, 1, LIST_MAX),
	list(waves, positions_mm, -1000, 1000, 1, LIST_MAX),
	integer(waves, count, 1, LIST_MAX, 0),
	number(waves, max_deg, 0, 80, 0),
	number(waves, max_mm, 0, 1000, 0),
	list(waves, range_deg, -80, 80, 2, 2),
	list(waves, range_mm, -1000, 1000, 2, 2),
	number(waves, steer_deg, -80, 80, 0),
	number(waves, width_deg, 0.1, 170, 0),
	number(waves, focus_mm, 1, 1000, 0),
	number(waves, f_number, 0.1, 100, 0),
	{ 0 }
};

/* Of what is one line, whose place its picture says. */
static const struct key line_waves_keys[] = {
	word(waves, kind, wave_words, MUST),
	number(waves, width_deg, 0.1, 170, 0),
	number(waves, focus_mm, 1, 1000, 0),
	number(waves, f_number, 0.1, 100, 0),
	{ 0 }
};

static const struct key pulse_keys[] = {
	number(pulse, fc_mhz, 0.1, 100, MUST),
	integer(pulse, half_cycles, 1, 65535, MUST),
	boolean(pulse, inverted, 0),
	boolean(pulse, harmonic, 0),
	boolean(pulse, inversion, 0),
	number(pulse, hv_v, 0, 1000, MUST),
	number(pulse, settle_us, 0, 1e6, 0),
	word(pulse, apodisation, window_words, PLAN_BOXCAR),
	number(pulse, taper, 0, 1, 0.5),
	number(pulse, delay_us, -1000, 1000, 0),
	{ 0 }
};

/* What a part's pulse may have otherwise than B's. */
static const struct key own_pulse_keys[] = {
	integer(pulse, half_cycles, 1, 65535, 0),
	boolean(pulse, inverted, 0),
	number(pulse, hv_v, 0, 1000, 0),
	number(pulse, settle_us, 0, 1e6, 0),
	word(pulse, apodisation, window_words, PLAN_BOXCAR),
	number(pulse, taper, 0, 1, 0.5),
	{ 0 }
};

static const struct key receive_window_keys[] = {
	number(receive_window, start_mm, 0, 1000, 0),
	number(receive_window, end_mm, 0.1, 1000, 0),
	number(receive_window, start_us, 0, 1e6, 0),
	integer(receive_window, samples, 1, 1 << 20, 0),
	{ 0 }
};

static const struct key colour_keys[] = {
	group(colour, waves, waves_keys, MUST),
	group(colour, pulse, own_pulse_keys, 0),
	group(colour, window, receive_window_keys, 0),
	integer(colour, ensemble, 2, 1024, MUST),
	number(colour, prf_hz, 0.1, 1e6, 0),
	{ 0 }
};

static const struct key m_keys[] = {
	group(m, waves, line_waves_keys, MUST),
	group(m, window, receive_window_keys, 0),
	number(m, lines_hz, 1, 1e5, MUST),
	integer(m, ensemble, 2, 64, 1),
	number(m, prf_hz, 0.1, 1e6, 0),
	{ 0 }
};

static const struct key pw_keys[] = {
	group(pw, waves, line_waves_keys, MUST),
	group(pw, pulse, own_pulse_keys, 0),
	group(pw, window, receive_window_keys, 0),
	number(pw, prf_hz, 100, 1e5, MUST),
	word(pw, interleave, interleave_words, PLAN_SIMULTANEOUS),
	integer(pw, lines, 16, 4096, 0),
	{ 0 }
};

static const struct key sequence_keys[] = {
	group(sequence, waves, waves_keys, MUST),
	group(sequence, pulse, pulse_keys, MUST),
	group(sequence, window, receive_window_keys, MUST),
	number(sequence, sampling_mhz, 0.1, 1000, MUST),
	number(sequence, prf_hz, 0.1, 1e6, 0),
	number(sequence, frame_rate_hz, 0.01, 1e6, 0),
	integer(sequence, ensemble, 1, 1024, 1),
	group(sequence, colour, colour_keys, 0),
	word(sequence, order, order_words, PLAN_B_COLOUR),
	group(sequence, m, m_keys, 0),
	group(sequence, pw, pw_keys, 0),
	boolean(sequence, ecg, 0),
	word(sequence, trigger, trigger_words, PLAN_FREE),
	list(sequence, tgc_db, 0, 255, 2, 1024),
	{ 0 }
};

static const struct key receive_keys[] = {
	number(receive, c_m_s, 300, 6000, MUST),
	number(receive, f_number, 0, 16, MUST),
	word(receive, apodisation, window_words, PLAN_BOXCAR),
	number(receive, taper, 0, 1, 0.5),
	word(receive, interpolation, interpolation_words, PLAN_ENVELOPE_LINEAR),
	integer(receive, coherence, 0, 1024, 0),
	{ 0 }
};

static const struct key grid_keys[] = {
	word(grid, kind, grid_words, MUST),
	integer(grid, lines, 2, 4096, MUST),
	integer(grid, samples, 2, 65536, MUST),
	list(grid, x_mm, -1000, 1000, 2, 2),
	list(grid, z_mm, 0, 1000, 2, 2),
	list(grid, angle_deg, -90, 90, 2, 2),
	list(grid, range_mm, 0, 1000, 2, 2),
	number(grid, apex_mm, -1000, 0, 0),
	{ 0 }
};

static const struct key box_keys[] = {
	integer(box, lines, 2, 4096, MUST),
	integer(box, samples, 2, 65536, MUST),
	list(box, x_mm, -1000, 1000, 2, 2),
	list(box, z_mm, 0, 1000, 2, 2),
	number(box, steer_deg, -60, 60, 0),
	list(box, angle_deg, -90, 90, 2, 2),
	list(box, range_mm, 0, 1000, 2, 2),
	{ 0 }
};

static const struct key demodulation_keys[] = {
	number(demodulation, pass_mhz, 0.001, 100, MUST),
	number(demodulation, stop_mhz, 0.001, 100, MUST),
	number(demodulation, reject_db, 30, 120, 80),
	integer(demodulation, decimation, 1, 16, 1),
	{ 0 }
};

static const struct key doppler_keys[] = {
	group(doppler, box, box_keys, 0),
	number(doppler, f_number, 0, 16, 0),
	integer(doppler, packet_frames, 1, 1024, 1),
	word(doppler, wall, wall_words, PLAN_POLYNOMIAL),
	integer(doppler, wall_order, -1, 1022, MUST),
	number(doppler, wall_cutoff_cm_s, 0.01, 1000, 0),
	word(doppler, wall_start, start_words, PLAN_PROJECTION),
	word(doppler, estimator, estimator_words, PLAN_KASAI),
	integer(doppler, average_lines, 1, 255, 1),
	integer(doppler, average_samples, 1, 255, 1),
	number(doppler, frequency_mhz, 0.1, 100, 0),
	number(doppler, power_min_db, -300, 300, -INFINITY),
	number(doppler, velocity_min_cm_s, 0, 1000, 0),
	number(doppler, priority_db, -300, 300, INFINITY),
	word(doppler, of, of_words, PLAN_OF_FLOW),
	number(doppler, tissue_db, -300, 300, INFINITY),
	number(doppler, tissue_mm, 0.1, 50, 5),
	{ 0 }
};

/* Of colour M-mode: no box, no packet of frames, no mean over lines. */
static const struct key m_doppler_keys[] = {
	word(doppler, wall, wall_words, PLAN_POLYNOMIAL),
	integer(doppler, wall_order, -1, 1022, MUST),
	number(doppler, wall_cutoff_cm_s, 0.01, 1000, 0),
	word(doppler, wall_start, start_words, PLAN_PROJECTION),
	word(doppler, estimator, estimator_words, PLAN_KASAI),
	integer(doppler, average_samples, 1, 255, 1),
	number(doppler, frequency_mhz, 0.1, 100, 0),
	number(doppler, power_min_db, -300, 300, -INFINITY),
	number(doppler, velocity_min_cm_s, 0, 1000, 0),
	number(doppler, priority_db, -300, 300, INFINITY),
	word(doppler, of, of_words, PLAN_OF_FLOW),
	number(doppler, tissue_db, -300, 300, INFINITY),
	number(doppler, tissue_mm, 0.1, 50, 5),
	{ 0 }
};

static const struct key m_line_keys[] = {
	number(m_line, x_mm, -1000, 1000, 0),
	number(m_line, angle_deg, -80, 80, 0),
	list(m_line, depth_mm, 0, 1000, 2, 2),
	integer(m_line, samples, 2, 65536, MUST),
	group(m_line, doppler, m_doppler_keys, 0),
	{ 0 }
};

static const struct key volume_keys[] = {
	number(volume, x_mm, -1000, 1000, 0),
	number(volume, angle_deg, -80, 80, 0),
	number(volume, depth_mm, 1, 1000, MUST),
	number(volume, gate_mm, 0.1, 50, MUST),
	number(volume, flow_deg, -80, 80, 0),
	number(volume, f_number, 0, 16, 0),
	number(volume, wall_cutoff_cm_s, 0, 1000, 0),
	integer(volume, window, 16, 256, 128),
	integer(volume, fft, 128, 256, 256),
	integer(volume, looks, 1, 16, 2),
	integer(volume, trace_columns, 1, 63, 9),
	number(volume, reference_counts, 1, 1e12, 0),
	number(volume, range_db, 1, 200, 0),
	{ 0 }
};

static const struct key processing_keys[] = {
	group(processing, grid, grid_keys, MUST),
	group(processing, demodulation, demodulation_keys, 0),
	number(processing, reference_counts, 1, 1e12, MUST),
	number(processing, range_db, 1, 200, MUST),
	number(processing, persistence, 0, 0.99, 0),
	list(processing, tgc_trim_db, -100, 100, 2, 1024),
	group(processing, doppler, doppler_keys, 0),
	group(processing, m, m_line_keys, 0),
	group(processing, pw, volume_keys, 0),
	{ 0 }
};

static const struct key display_keys[] = {
	integer(display, width, 1, 16384, MUST),
	integer(display, height, 1, 16384, MUST),
	word(display, grey, grey_words, PLAN_GREY_LINEAR),
	boolean(display, colour, 0),
	word(display, map, map_words, PLAN_VELOCITY),
	number(display, power_range_db, 1, 200, 40),
	number(display, baseline, -1, 1, 0),
	boolean(display, invert, 0),
	integer(display, m_height, 16, 4096, 200),
	boolean(display, m_colour, 0),
	integer(display, pw_height, 16, 4096, 240),
	number(display, pw_baseline, -1, 1, 0),
	boolean(display, pw_invert, 0),
	word(display, pw_trace, trace_words, PLAN_BOTH),
	boolean(display, ecg, 0),
	integer(display, ecg_height, 16, 4096, 80),
	number(display, sweep_mm_s, 10, 400, 50),
	number(display, strip_mm, 10, 1000, 200),
	{ 0 }
};

static const struct key plan_keys[] = {
	group_at(offsetof(struct plan_text, probe), probe, probe_keys, MUST),
	group_at(offsetof(struct plan_text, sequence), sequence, sequence_keys,
		 MUST),
	group_at(offsetof(struct plan_text, receive), receive, receive_keys,
		 MUST),
	group_at(offsetof(struct plan_text, processing), processing,
		 processing_keys, MUST),
	group_at(offsetof(struct plan_text, display), display, display_keys,
		 MUST),
	{ 0 }
};

/* clang-format on */

/* One reading: where it is, for messages. */
struct reader {
	const char *path;
	char *why;
	size_t why_bytes;
	char name[128];		/* of the key in hand, with its groups */
};

#define refuse(r, line, format, ...)                                      \
	sono_why((r)->why, (r)->why_bytes, -EINVAL, "%s:%u: %s: " format, \
		 (r)->path, line, (r)->name, ##__VA_ARGS__)

static const char *type_text(const struct config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a whole number";
	case CONFIG_TYPE_FLOAT:
		return "a number";
	case CONFIG_TYPE_STRING:
		return "text";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "a list";
	}
}

static bool is_whole(const struct config_setting_t *s)
{
	return config_setting_type(s) == CONFIG_TYPE_INT ||
	       config_setting_type(s) == CONFIG_TYPE_INT64;
}

static bool is_number(const struct config_setting_t *s)
{
	return is_whole(s) || config_setting_type(s) == CONFIG_TYPE_FLOAT;
}

static int read_number(struct reader *r, const struct key *key,
		       const struct config_setting_t *s, double *to)
{
	const unsigned int line = config_setting_source_line(s);

	if (key->type == INTEGER ? !is_whole(s) : !is_number(s))
		return refuse(r, line, "%s where %s is wanted", type_text(s),
			      key->type == INTEGER ? "a whole number" :
						     "a number");
	*to = is_whole(s) ? (double)config_setting_get_int64(s) :
			    config_setting_get_float(s);
	if (!(*to >= key->min && *to <= key->max))
		return refuse(r, line, "%.10g is not within %.10g to %.10g",
			      *to, key->min, key->max);
	return 0;
}

static int read_bool(struct reader *r, const struct config_setting_t *s,
		     double *to)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return refuse(r, config_setting_source_line(s),
			      "%s where true or false is wanted", type_text(s));
	*to = config_setting_get_bool(s);
	return 0;
}

static int read_word(struct reader *r, const struct key *key,
		     const struct config_setting_t *s, double *to)
{
	const unsigned int line = config_setting_source_line(s);
	const char *text = config_setting_get_string(s);
	char known[64];
	int i, n = 0;

	if (!text)
		return refuse(r, line, "%s where text is wanted", type_text(s));
	for (i = 0; key->words[i]; i++) {
		if (!strcmp(text, key->words[i])) {
			*to = i;
			return 0;
		}
		n += snprintf(known + n, sizeof(known) - n, "%s%s",
			      i ? ", " : "", key->words[i]);
	}
	return refuse(r, line, "\"%.32s\" is none of %s", text, known);
}

static int read_list(struct reader *r, const struct key *key,
		     const struct config_setting_t *s, struct plan_list *to)
{
	const unsigned int line = config_setting_source_line(s);
	const int type = config_setting_type(s);
	const uint32_t count = config_setting_length(s);
	int ret = 0;

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return refuse(r, line, "%s where a list is wanted",
			      type_text(s));
	if (count < key->least || count > key->most)
		return refuse(r, line, "%u numbers where %u to %u are wanted",
			      count, key->least, key->most);
	to->number = calloc(count, sizeof(*to->number));
	if (!to->number)
		return -ENOMEM;
	to->count = count;
	to->line = line;
	for (uint32_t i = 0; i < count && !ret; i++)
		ret = read_number(r, key, config_setting_get_elem(s, i),
				  &to->number[i]);
	return ret;
}

static int read_group(struct reader *r, const struct key *keys,
		      struct config_setting_t *s, unsigned int line, void *to);

static int read_value(struct reader *r, const struct key *key,
		      struct config_setting_t *s, struct plan_value *to)
{
	to->line = config_setting_source_line(s);
	switch (key->type) {
	case BOOLEAN:
		return read_bool(r, s, &to->number);
	case WORD:
		return read_word(r, key, s, &to->number);
	case GROUP:
		if (!config_setting_is_group(s))
			return refuse(r, to->line,
				      "%s where a group is wanted",
				      type_text(s));
		to->number = 1;
		return read_group(r, key->keys, s, to->line, to);
	default:
		return read_number(r, key, s, &to->number);
	}
}

static int read_key(struct reader *r, const struct key *key,
		    struct config_setting_t *s, unsigned int line, void *group)
{
	void *to = (char *)group + key->at;

	if (s && key->type == LIST)
		return read_list(r, key, s, to);
	if (s)
		return read_value(r, key, s, to);
	if (isnan(key->standard))
		return refuse(r, line, "missing");
	if (key->type != LIST)
		((struct plan_value *)to)->number = key->standard;
	return 0;
}

static bool known(const struct key *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name))
		keys++;
	return keys->name;
}

/* Names the key in hand, within the group named so far. */
static void extend_name(struct reader *r, size_t length, const char *key)
{
	snprintf(r->name + length, sizeof(r->name) - length, "%s%.40s",
		 length ? "." : "", key);
}

static int refuse_unknown(struct reader *r, const struct key *keys,
			  const struct config_setting_t *s)
{
	const size_t length = strlen(r->name);

	for (int i = 0; i < config_setting_length(s); i++) {
		const struct config_setting_t *member =
			config_setting_get_elem(s, i);

		if (known(keys, config_setting_name(member)))
			continue;
		extend_name(r, length, config_setting_name(member));
		return refuse(r, config_setting_source_line(member),
			      "no such key");
	}
	return 0;
}

static int read_group(struct reader *r, const struct key *keys,
		      struct config_setting_t *s, unsigned int line, void *to)
{
	const size_t length = strlen(r->name);
	int ret = refuse_unknown(r, keys, s);

	for (; keys->name && !ret; keys++) {
		struct config_setting_t *member =
			config_setting_get_member(s, keys->name);

		extend_name(r, length, keys->name);
		ret = read_key(r, keys, member, line, to);
		/* a refusal keeps the name that it was made with */
		if (!ret)
			r->name[length] = '\0';
	}
	return ret;
}

/* A plan is one file: what it says is all there to see. */
static const char **no_include(config_t *config, const char *dir,
			       const char *path, const char **error)
{
	(void)config;
	(void)dir;
	(void)path;
	*error = "a plan includes no other file";
	return NULL;
}

static int parse(struct reader *r, const char *content, struct plan_text *text)
{
	config_t config;
	int ret;

	config_init(&config);
	config_set_include_func(&config, no_include);
	if (!config_read_string(&config, content))
		ret = sono_why(r->why, r->why_bytes, -EINVAL, "%s:%d: %s",
			       r->path, config_error_line(&config),
			       config_error_text(&config));
	else
		ret = read_group(r, plan_keys, config_root_setting(&config), 1,
				 text);
	config_destroy(&config);
	return ret;
}

/* The file as a string; it is small and text. */
static int slurp(struct reader *r, char **content)
{
	FILE *file = fopen(r->path, "re");
	size_t n;
	int ret = 0;

	if (!file)
		return sono_why(r->why, r->why_bytes, -errno, "%s: %s",
				r->path, strerror(errno));
	*content = malloc(FILE_MAX + 1);
	if (!*content) {
		fclose(file);
		return -ENOMEM;
	}
	errno = 0;
	n = fread(*content, 1, FILE_MAX + 1, file);
	if (ferror(file))
		ret = sono_why(r->why, r->why_bytes, errno ? -errno : -EIO,
			       "%s: %s", r->path, strerror(errno));
	else if (n > FILE_MAX || memchr(*content, 0, n))
		ret = sono_why(r->why, r->why_bytes, -EINVAL,
			       "%s:1: not a plan: too long or not text",
			       r->path);
	else
		(*content)[n] = '\0';
	fclose(file);
	return ret;
}

int plan_text_read(struct plan_text *text, const char *path, char *why,
		   size_t why_bytes)
{
	struct reader r = {
		.path = path,
		.why = why,
		.why_bytes = why_bytes,
	};
	char *content = NULL;
	int ret;

	*text = (struct plan_text){ 0 };
	ret = slurp(&r, &content);
	if (!ret)
		ret = parse(&r, content, text);
	free(content);
	return ret;
}

static void finish_waves(struct plan_waves_text *waves)
{
	free(waves->angles_deg.number);
	free(waves->positions_mm.number);
	free(waves->range_deg.number);
	free(waves->range_mm.number);
}

void plan_text_finish(struct plan_text *text)
{
	struct plan_grid_text *grid = &text->processing.grid;
	struct plan_box_text *box = &text->processing.doppler.box;

	finish_waves(&text->sequence.waves);
	finish_waves(&text->sequence.colour.waves);
	finish_waves(&text->sequence.m.waves);
	free(text->sequence.tgc_db.number);
	free(grid->x_mm.number);
	free(grid->z_mm.number);
	free(grid->angle_deg.number);
	free(grid->range_mm.number);
	free(box->x_mm.number);
	free(box->z_mm.number);
	free(box->angle_deg.number);
	free(box->range_mm.number);
	free(text->processing.m.depth_mm.number);
	free(text->processing.tgc_trim_db.number);
	*text = (struct plan_text){ 0 };
}
