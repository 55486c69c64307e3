// SPDX-License-Identifier: MIT
/* sono info: what a board says of itself. */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "recording.h"
#include "scan.h"
#include "sono.h"
#include "sono_regs.h"
#include "tools.h"

#define SOURCE_FILE "file:"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sono info [--json] [SOURCE...]\n"
	     "\n"
	     "Says what each board is. SOURCE is /dev/sonoN, sim:SCENE or\n"
	     "file:RECORDING; without one, every /dev/sonoN.\n"
	     "\n"
	     "Scenes: points, cyst, speckle, vessel, disk, heart, abdomen, phantom, air, noise.");
}

static json_t *features_of(uint32_t bits)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ SONO_FEAT_RAMP, "ramp" },
		{ SONO_FEAT_PRBS, "prbs" },
		{ SONO_FEAT_NOISE, "noise" },
		{ SONO_FEAT_TRIG_EXT, "trigger" },
		{ SONO_FEAT_TRIG_ECG, "ecg" },
		{ SONO_FEAT_FLASH, "flash" },
		{ SONO_FEAT_CHECK, "check" },
		{ SONO_FEAT_VERIFY, "verify" },
		{ SONO_FEAT_EMULATED, "emulated" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (bits & names[i].bit)
			json_array_append_new(list,
					      json_string(names[i].name));
	return list;
}

static json_t *version_of(uint32_t major, uint32_t minor, int patch)
{
	if (patch < 0)
		return json_sprintf("%u.%u", major, minor);
	return json_sprintf("%u.%u.%d", major, minor, patch);
}

static json_t *collect_recording(const char *source,
				 const struct sono_recording *rec)
{
	const struct sono_scan *scan = sono_recording_scan(rec);
	json_t *info = json_pack(
		"{s:s s:s s:I s:i s:i s:i s:f s:f s:f s:I}", "source", source,
		"note", sono_recording_note(rec), "frames",
		(json_int_t)sono_recording_frames(rec), "elements",
		scan->elements, "channels", scan->channels, "events",
		scan->events, "fs_hz", scan->fs, "fc_hz", scan->fc, "c_m_s",
		scan->c, "frame_bytes", (json_int_t)scan->frame_bytes);
	const char *damage = sono_recording_damage(rec);

	if (damage)
		json_object_set_new(info, "damage", json_string(damage));
	return info;
}

/* Everything that is known, collected once; printed in one of two ways. */
static json_t *collect_board(const char *source, const struct sono_info *i)
{
	return json_pack(
		"{s:s s:o s:o s:o s:i s:i s:i s:i s:i s:i s:i s:i s:i s:i s:i s:i s:i s:i}",
		"source", source, "revision",
		version_of(i->revision >> 16, i->revision & 0xffff, -1),
		"firmware",
		version_of(i->firmware >> 24, i->firmware >> 16 & 0xff,
			   i->firmware & 0xffff),
		"features", features_of(i->hw_features), "channels",
		i->channels, "elements", i->elements, "adc_bits", i->adc_bits,
		"adc_clock_hz", i->adc_clock, "board_clock_hz", i->board_clock,
		"events_max", i->seq_events_max, "frame_bytes_max",
		i->frame_bytes_max, "slots_max", i->slots_max,
		"event_overhead_ticks", i->event_overhead, "dma_rate_max_mb_s",
		i->dma_rate_max, "hv_max_mv", i->hv_max, "prf_max_hz",
		i->prf_max, "tx_duty_max_ppm", i->tx_duty_max,
		"heartbeat_max_ms", i->heartbeat_max);
}

static void print_list(const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item)
		printf("%s%s", i ? " " : "", json_string_value(item));
}

static void print_text(json_t *info)
{
	const char *key;
	json_t *value;

	json_object_foreach (info, key, value) {
		printf("%-22s", key);
		if (json_is_string(value))
			fputs(json_string_value(value), stdout);
		else if (json_is_array(value))
			print_list(value);
		else
			printf("%.10g", json_number_value(value));
		putchar('\n');
	}
}

/* That frames are missing is a failure, though all else is said. */
static int add_recording(json_t *all, const char *source)
{
	struct sono_recording *rec;
	const char *damage;
	char why[256];
	int ret = sono_recording_open(&rec, source + strlen(SOURCE_FILE), why,
				      sizeof(why));

	if (ret)
		return tool_fail("open", source, why, ret);
	json_array_append_new(all, collect_recording(source, rec));
	damage = sono_recording_damage(rec);
	if (damage)
		ret = tool_fail("say all of", source, damage, -EBADMSG);
	sono_recording_close(rec);
	return ret;
}

static int add(json_t *all, const char *source)
{
	char why[256];
	struct sono *s;
	int ret;

	if (!strncmp(source, SOURCE_FILE, strlen(SOURCE_FILE)))
		return add_recording(all, source);
	ret = sono_open(&s, source, why, sizeof(why));
	if (ret)
		return tool_fail("open", source, why, ret);
	json_array_append_new(all, collect_board(source, sono_info(s)));
	sono_close(s);
	return TOOL_OK;
}

static int add_all(json_t *all, int sources, char **source)
{
	int status = TOOL_OK;

	for (int i = 0; i < sources; i++)
		if (add(all, source[i]))
			status = TOOL_FAILED;
	return status;
}

static int add_devices(json_t *all)
{
	glob_t found;
	int status;

	if (glob("/dev/sono[0-9]*", 0, NULL, &found)) {
		fputs("sono: no board: there is no /dev/sonoN (is sono.ko loaded?)\n",
		      stderr);
		return TOOL_FAILED;
	}
	status = add_all(all, (int)found.gl_pathc, found.gl_pathv);
	globfree(&found);
	return status;
}

static void print_all(json_t *all, int as_json)
{
	size_t i;
	json_t *info;

	if (as_json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	json_array_foreach (all, i, info) {
		if (i)
			putchar('\n');
		print_text(info);
	}
}

int tool_info(int argc, char **argv)
{
	int as_json = 0, option, status;
	json_t *all;

	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			as_json = 1;
			break;
		case 'h':
			help();
			return TOOL_OK;
		default:
			return TOOL_USAGE;
		}
	}
	all = json_array();
	status = optind < argc ?
			 add_all(all, argc - optind, argv + optind) :
			 add_devices(all);
	print_all(all, as_json);
	json_decref(all);
	return status;
}
