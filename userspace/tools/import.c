// SPDX-License-Identifier: MIT
/* sono import: a set of channel data becomes a recording. */
#include <endian.h>
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import.h"
#include "output.h"
#include "recording.h"
#include "sequence.h"
#include "tools.h"

#define AUX_BYTES SONO_ROW_ALIGN
#define BOARD_CLOCK 100000000
#define CLOCK_TRIES 16		/* ADC clocks per sample */

static const struct option options[] = {
	{ "ensemble", no_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sono import [--ensemble] SET-DIR OUT.sono\n"
	      "\n"
	      "Makes a recording of a set of channel data: a folder with meta.json\n"
	      "and rf_int16.bin. An existing OUT.sono is replaced.\n"
	      "\n"
	      "  --ensemble  all frames of the set become the events of one frame");
}

/* A set on its way into a file. */
struct job {
	const char *from, *to;
	bool ensemble;
	struct sono_import *set;
	struct sono_scan *scan;		/* of a frame of the recording */
	struct sono_info info;
	struct sono_table table;
	struct sono_recorder *out;
	char why[512];
};

/*
 * A board that could have made the set: its ADC clock is the least multiple
 * of fs that is a whole number of hertz and has a tick at the window's start.
 */
static int find_board(struct job *j)
{
	const struct sono_scan *s = j->set->scan;

	j->info = (struct sono_info){
		.channels = s->channels,
		.elements = s->elements,
		.board_clock = BOARD_CLOCK,
		.seq_events_max = UINT32_MAX,
		.seq_bytes_max = UINT32_MAX,
		.frame_bytes_max = UINT32_MAX,
		.dma_rate_max = UINT32_MAX,
		.prf_max = UINT32_MAX,
		.tx_duty_max = UINT32_MAX,
	};
	for (int n = 1; n <= CLOCK_TRIES; n++) {
		const double clock = rint(s->fs * n);
		const double start = s->event[0].rx_start * clock;

		if (fabs(clock / n / s->fs - 1) < 1e-9 && clock < UINT32_MAX &&
		    fabs(start - rint(start)) < 0.01) {
			j->info.adc_clock = clock;
			return 0;
		}
	}
	snprintf(j->why, sizeof(j->why),
		 "no ADC clock gives %.9g MHz and a start at %.9g us",
		 s->fs / 1e6, s->event[0].rx_start * 1e6);
	return -EINVAL;
}

/* Event @from of the set as event @to of the recording. */
static void copy_event(struct job *j, uint32_t from, uint32_t to)
{
	const struct sono_event *event = &j->set->scan->event[from];
	struct sono_event *copy = &j->scan->event[to];
	const double *delay = copy->delay;
	const double tick = 1.0 / BOARD_CLOCK;

	memcpy((void *)delay, event->delay, j->scan->elements * sizeof(*delay));
	*copy = *event;
	copy->delay = delay;
	copy->tag = SONO_TAG(j->ensemble ? SONO_ROLE_COLOUR : SONO_ROLE_B,
			     to / j->set->scan->events,
			     to % j->set->scan->events);
	/* without a PRF the period is the window, perhaps cut short */
	copy->period = fmax(rint(event->period / tick),
			    ceil((event->rx_start +
				  event->samples / j->set->scan->fs) / tick)) *
		       tick;
	j->scan->frame_period += copy->period;
}

static int make_scan(struct job *j)
{
	const struct sono_scan *s = j->set->scan;
	const uint32_t repeats = j->ensemble ? j->set->frames : 1;

	j->scan = sono_scan_alloc(s->elements, s->channels,
				  s->events * repeats);
	if (!j->scan)
		return -ENOMEM;
	memcpy(j->scan->element, s->element, s->elements * sizeof(*s->element));
	memcpy(j->scan->channel_element, s->channel_element,
	       s->channels * sizeof(*s->channel_element));
	j->scan->fs = s->fs;
	j->scan->fc = s->fc;
	j->scan->c = s->c;
	j->scan->lens_delay = s->lens_delay;
	j->scan->pulse_delay = s->pulse_delay;
	for (uint32_t i = 0; i < j->scan->events; i++)
		copy_event(j, i % s->events, i);
	sono_scan_layout(j->scan, AUX_BYTES);
	return 0;
}

/* A set does not say how it transmitted: the shortest pulse at fc, 0 V. */
static int make_table(struct job *j)
{
	struct sono_waveform *w = calloc(j->scan->events, sizeof(*w));
	struct sono_fault fault;
	int ret;

	if (!w)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->scan->events; i++)
		w[i] = (struct sono_waveform){
			.frequency = j->scan->fc,
			.half_cycles = 1,
		};
	ret = sono_sequence_compile(&j->table, j->scan, w, &j->info, &fault);
	if (ret == -EINVAL)
		snprintf(j->why, sizeof(j->why), "%s", fault.why);
	free(w);
	return ret;
}

static int read_set(struct job *j)
{
	int ret = sono_import(j->from, &j->set, j->why, sizeof(j->why));

	if (!ret)
		ret = find_board(j);
	if (!ret)
		ret = make_scan(j);
	return ret ? ret : make_table(j);
}

/* Frame @index: as many of the set's as fit, then the auxiliary block. */
static int write_frame(struct job *j, uint32_t index, uint8_t *payload)
{
	const uint32_t repeats = j->scan->events / j->set->scan->events;
	const size_t bytes = j->set->scan->frame_bytes;
	const struct sono_aux aux = {
		.magic = htole32(SONO_AUX_MAGIC),
		.bytes = htole32(AUX_BYTES),
	};
	const struct sono_record record = {
		.seq = index,
		.hw_ts = llrint(index * j->scan->frame_period * BOARD_CLOCK),
		.len = j->scan->frame_bytes,
		.cfg_gen = 1,
	};

	memcpy(payload, j->set->payload + index * repeats * bytes,
	       repeats * bytes);
	memcpy(payload + j->scan->aux_offset, &aux, sizeof(aux));
	return sono_recorder_append(j->out, &record, payload);
}

static int write_frames(struct job *j)
{
	const uint32_t frames = j->ensemble ? 1 : j->set->frames;
	uint8_t *payload = malloc(j->scan->frame_bytes);
	int ret = payload ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < frames && !ret; i++)
		ret = write_frame(j, i, payload);
	free(payload);
	return ret;
}

static int write_recording(struct job *j)
{
	char path[4096];
	int ret, err;

	snprintf(path, sizeof(path), "%s", j->from);
	ret = sono_recorder_create(&j->out, j->to, j->scan, &j->table,
				   &j->info, basename(path), j->why,
				   sizeof(j->why));
	if (ret)
		return ret;
	ret = write_frames(j);
	err = sono_recorder_close(j->out);
	if (!ret)
		ret = err;
	if (ret)
		unlink(j->to);
	return ret;
}

/* The files of a set. */
static int check_output(const struct job *j)
{
	char meta[4096], samples[4096];
	const char *in[] = { meta, samples };

	snprintf(meta, sizeof(meta), "%s/meta.json", j->from);
	snprintf(samples, sizeof(samples), "%s/rf_int16.bin", j->from);
	return output_apart(&j->to, 1, in, 2);
}

static int run(struct job *j)
{
	int status = check_output(j), ret;

	if (status)
		return status;
	ret = read_set(j);
	if (ret)
		status = tool_fail("import", j->from, j->why, ret);
	else if ((ret = write_recording(j)))
		status = tool_fail("write", j->to, j->why, ret);
	else
		printf("%s: %u frames of %u events, %u channels, %u samples\n",
		       j->to, j->ensemble ? 1 : j->set->frames, j->scan->events,
		       j->scan->channels, j->scan->event[0].samples);
	sono_table_finish(&j->table);
	sono_scan_free(j->scan);
	sono_import_free(j->set);
	return status;
}

int tool_import(int argc, char **argv)
{
	struct job job = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			job.ensemble = true;
			break;
		case 'h':
			help();
			return TOOL_OK;
		default:
			return TOOL_USAGE;
		}
	}
	if (argc - optind != 2) {
		fputs("sono import: needs a SET-DIR and an OUT.sono (see sono import --help)\n",
		      stderr);
		return TOOL_USAGE;
	}
	job.from = argv[optind];
	job.to = argv[optind + 1];
	return run(&job);
}
