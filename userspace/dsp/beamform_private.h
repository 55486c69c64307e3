/* SPDX-License-Identifier: MIT */
/*
 * The beamformer's object, as its own files see it: beamform.c makes it of
 * services, waves and laws, beamform_frame.c works through it.
 */
#ifndef DSP_BEAMFORM_PRIVATE_H
#define DSP_BEAMFORM_PRIVATE_H

#include <stdbool.h>

#include "aperture.h"
#include "beamform.h"

#define TILE		BEAMFORM_TILE
#define STEPS		(1 << BEAMFORM_POSITION_BITS)	/* to the sample */

/* Either half of a delay: a float counts its steps, 32 bits their sum. */
#define DELAY_MAX	16383.0

/* Elements and lines with the same delays are looked for up to these. */
#define LAWS_MAX	2048

/* What may be called for a tile, see beamform_add_fn. */
enum tile_kind {
	TILE_IRREGULAR,
	TILE_REGULAR,
	TILE_INSIDE,	/* regular, and rows have all its samples */
};

/* An event that is used: its place in the frame and its image. */
struct part {
	uint32_t event;
	uint32_t group;
	double place;		/* of its focus across the lines */
};

/*
 * Transmit positions of a tile: start + j grow + rest[j]. With receive
 * positions, its first sample lies in line @from of the rows or in one of the
 * @more behind that one.
 */
struct wave {
	int32_t start;
	int32_t grow;
	int16_t rest[TILE];
	int16_t from;
	uint8_t more;		/* UINT8_MAX: nobody knows how many */
	uint8_t kind;		/* enum tile_kind */
};

/* An event's share in a line. */
struct service {
	uint32_t part;
	float weight;
};

/* What one worker writes while it works. */
struct scratch {
	int32_t *receive;	/* [laws or GROUP_DELAYS][TILE] */
	int16_t *weight;	/* [group][channels][TILE] */
	float *acc;		/* [images][group][2 TILE] */
	float *heard;		/* the same, with a coherence factor */
	/* with laws kept; else NULL */
	uint8_t *laws;		/* those of a tile, then [group][channels] */
	uint32_t *law;		/* packets: [group][channels], their numbers */
	struct bundle *bundle;	/* [group][BUNDLES] */
};

/* Sums over channels @first to @end that have their laws in common. */
struct bundle {
	struct beamform_sets sets;	/* of rows of one scale */
	const uint32_t *law;	/* as beamform_sum_fn's */
	uint32_t first, end;
	bool even;		/* all rows are of one scale */
	struct {
		uint32_t line, k;	/* a service */
		uint32_t on;	/* from a channel to the set's own */
	} of[BEAMFORM_SETS];
};

/* Of a line: with those that repeat it, and what they leave on either side. */
#define BUNDLES		3

/*
 * A line's channel has the law that the channel @channels before has, @lines
 * before it. Where none does: 1 and 0, and @found is false.
 */
struct repeat {
	bool found;
	uint32_t lines;
	uint32_t channels;
};

struct beamform {
	const struct sono_scan *scan;
	struct beamform_params params;
	double fs;		/* of analytic samples [Hz] */
	struct beamform_taps taps;
	beamform_receive_fn *receive;
	beamform_add_fn *add;
	bool quads;		/* as add's variant says */
	beamform_note_fn *note;
	struct aperture *aperture;
	/*
	 * Variants want neighbouring samples at most two samples of a row
	 * apart: where the caller's are farther, the grid here is finer, and
	 * every refine-th of its samples is given.
	 */
	uint32_t refine;
	uint32_t tiles;		/* of a line */
	uint32_t most;		/* services of a line */
	uint32_t parts;
	struct part *part;	/* [parts] */
	uint32_t *services;	/* [lines], of a line */
	struct service *service;	/* [most][lines] */
	struct wave *wave;	/* [tiles][most][lines], as they are used */
	/*
	 * Receive laws. Seen along a line, an element lies so far ahead and so
	 * far across; where lines and elements repeat each other there are few
	 * such pairs, each of them worked out once a tile.
	 */
	bool shared;
	uint32_t laws;		/* shared, or lines x channels */
	float *along;		/* [laws], steps of position */
	float *across2;		/* [laws], their squares */
	uint32_t *law;		/* shared: [lines][channels]; else [channels];
				 * times TILE */
	/*
	 * Laws of a tile that several lines or events have in common are
	 * worked out once and kept: of lines where one wave reaches them
	 * alike, of events (a packet) where all are of one wave.
	 */
	bool *fitted;		/* [tiles]; NULL: none is */
	bool one_wave;
	bool packet;
	uint32_t kept;		/* laws that lines have in common, or 0 */
	bool alike;		/* line_like is of use */
	uint32_t *line_like;	/* [lines], first line that is reached alike */
	uint32_t *law_like;	/* [LAWS_MAX], of the shared laws' lines */
	struct repeat repeat;
	beamform_law_fn *make_laws;
	beamform_sum_fn *sum;
	uint32_t group;		/* lines at a time */
	struct scratch *scratch;	/* [workers] */
};

static inline const struct service *service_of(const struct beamform *b,
					       uint32_t line, uint32_t k)
{
	return &b->service[(size_t)k * b->params.grid.lines + line];
}

static inline struct wave *wave_of(const struct beamform *b, uint32_t tile,
				   uint32_t line, uint32_t k)
{
	return &b->wave[((size_t)tile * b->most + k) * b->params.grid.lines +
			line];
}

static inline void get_transmit(const struct wave *wave, int32_t *out)
{
	int32_t at = wave->start;
	uint32_t j;

	for (j = 0; j < TILE; j++, at += wave->grow)
		out[j] = at + wave->rest[j];
}

/* Number of the receive law of a channel in a line. */
static inline uint32_t law_of(const struct beamform *b, uint32_t line,
			      uint32_t c)
{
	const size_t at = (size_t)line * b->scan->channels + c;

	return b->shared ? b->law[at] / TILE : at;
}

/* Lines that are summed together, from a multiple of it on. */
static inline uint32_t beamform_unit(const struct beamform *b)
{
	return b->repeat.found ? BEAMFORM_SETS * b->repeat.lines : 1;
}

/* --- a frame --- */

/* A group of lines at one tile, and who works on it. */
struct spot {
	struct scratch *scratch;
	uint32_t tile;
	uint32_t first;		/* line */
	uint32_t lines;
};

static inline float *acc_of(const struct beamform *b, const struct spot *s,
		     uint32_t image, uint32_t line)
{
	return s->scratch->acc +
	       ((size_t)image * b->group + line - s->first) * 2 * TILE;
}

static inline int16_t *weight_of(const struct beamform *b, const struct spot *s,
			  uint32_t line)
{
	return s->scratch->weight +
	       (size_t)(line - s->first) * b->scan->channels * TILE;
}

/* An event's share in a tile of a line. */
struct share {
	uint32_t line;
	uint32_t event;
	const struct wave *wave;
	float weight;
	float *acc;
	const struct analytic_span *span;	/* of all rows; NULL: of some */
};

/* The span that all rows of a tile have in common, or NULL; beamform_runs.c */
const struct analytic_span *beamform_common(const struct analytic *in,
					    uint32_t event,
					    const struct wave *wave);

static inline struct share share_of(const struct beamform *b, const struct spot *s,
			     const struct analytic *in, uint32_t line,
			     uint32_t k)
{
	const struct service *service = service_of(b, line, k);
	const struct part *part = &b->part[service->part];
	const struct wave *wave = wave_of(b, s->tile, line, k);

	return (struct share){
		.line = line,
		.event = part->event,
		.wave = wave,
		.weight = service->weight * (1.0f / BEAMFORM_GAIN),
		.acc = acc_of(b, s, part->group, line),
		.span = in->even[part->event] ?
			analytic_spans(in, part->event, 0) :
			beamform_common(in, part->event, wave),
	};
}

static inline struct beamform_rows rows_of(const struct beamform *b,
				    const struct analytic *in,
				    const struct share *share, uint32_t first,
				    const struct analytic_span *span,
				    bool only)
{
	return (struct beamform_rows){
		.data = analytic_row(in, share->event, first) +
			span->moved * (ptrdiff_t)in->line,
		.lines = in->lines,
		.line = in->line,
		.plane = in->plane,
		.row = in->row,
		.inside = share->wave->kind == TILE_INSIDE,
		.taps = &b->taps,
		.only = only ? span : NULL,
	};
}

/* Receive delays of a line in a group. */
static inline const int32_t *receive_of(const struct beamform *b,
				 const struct spot *s, uint32_t line)
{
	if (b->shared)
		return s->scratch->receive;
	return s->scratch->receive +
	       (size_t)(line - s->first) * b->scan->channels * TILE;
}

/* Numbers of the laws of a line's channels, times TILE. */
static inline const uint32_t *laws_of(const struct beamform *b, uint32_t line)
{
	return b->shared ? b->law + (size_t)line * b->scan->channels : b->law;
}

/* beamform_services.c */

/* Lists the events that count, in part[], which has room for all. */
void beamform_fill_parts(struct beamform *b);

/* Which of the parts serve a line; room for their waves. 0 or -ENOMEM. */
int beamform_make_services(struct beamform *b);

/* beamform_waves.c */

/* The transmit delays of all services. Return: NULL, or the fault. */
const char *beamform_fill_waves(struct beamform *b);

/* What may be called for every tile, of its transmit and receive delays. */
void beamform_fill_kinds(struct beamform *b);

/* beamform_laws.c */

/* Receive laws, shared where they repeat. 0, -EINVAL with @why, or -ENOMEM. */
int beamform_make_laws(struct beamform *b, const char **why);

/* In which tiles laws are kept. 0 or -ENOMEM. */
int beamform_choose_kept(struct beamform *b);

/* beamform_runs.c */

/*
 * A run is channels one after another whose tiles begin in spans alike.
 * Return: where the run ends that begins with channel @first, @end at the
 * latest; the span in @span.
 */
uint32_t beamform_find_run(const struct analytic *in,
			   const struct share *share, const int32_t *receive,
			   const uint32_t *law, int32_t transmit,
			   uint32_t first, uint32_t end,
			   const struct analytic_span **span);

/* beamform_kept.c */

/* A tile's laws that lines have in common, once their delays are known. */
void beamform_make_kept(const struct beamform *b, const struct spot *s,
			const struct analytic *in);

/*
 * Adds every event to a spot whose lines are prepared: but for packets only
 * the channels that are whole.
 */
void beamform_add_kept(const struct beamform *b, const struct spot *s,
		       const struct analytic *in);

/** beamform_add_channels() - a service's channels of one tile */
void beamform_add_channels(const struct beamform *b, const struct spot *s,
			   const struct analytic *in,
			   const struct share *share, const int32_t *transmit,
			   const struct aperture_tile *t, uint32_t first,
			   uint32_t end);

/** beamform_add_coherent() - a spot's sums, times their coherence factors */
void beamform_add_coherent(const struct beamform *b, const struct spot *s,
			   const struct analytic *in);

#endif /* DSP_BEAMFORM_PRIVATE_H */
