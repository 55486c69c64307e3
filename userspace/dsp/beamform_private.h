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
	uint8_t *laws;		/* fitted: [laws]; else NULL */
};

struct beamform {
	const struct sono_scan *scan;
	struct beamform_params params;
	double fs;		/* of analytic samples [Hz] */
	struct beamform_taps taps;
	beamform_receive_fn *receive;
	beamform_add_fn *add;
	bool quads;		/* as add's variant says */
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
	 * Where one wave reaches lines alike, laws of a tile that several
	 * lines have in common are worked out once and kept.
	 */
	bool *fitted;		/* [tiles]; NULL: none is */
	bool alike;		/* line_like is of use */
	uint32_t *line_like;	/* [lines], first line that is reached alike */
	uint32_t *law_like;	/* [LAWS_MAX], of the shared laws' lines */
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

#endif /* DSP_BEAMFORM_PRIVATE_H */
