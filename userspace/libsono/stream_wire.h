/* SPDX-License-Identifier: MIT */
/*
 * What goes over sonod's stream socket (SOCK_SEQPACKET): one structure per
 * message, of one machine's layout. Documentation/sonod.rst tells who says
 * what when; client.h has functions for all of it.
 */
#ifndef SONO_STREAM_WIRE_H
#define SONO_STREAM_WIRE_H

#include <stdint.h>

#include "dsp/dsp.h"

/* Another number: other structures. */
#define SONO_STREAM_VERSION 1

#define SONO_STREAM_SOCKET "/run/sonod/stream"
#define SONO_CONTROL_SOCKET "/run/sonod/control"

/* Pictures that a client may keep; it gets no other until it returns one. */
#define SONO_STREAM_HELD 2

/* fourcc codes of <drm/drm_fourcc.h>, and one of our own */
#define SONO_FOURCC(a, b, c, d)                                  \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	 (uint32_t)(d) << 24)
#define SONO_FORMAT_GREY8 SONO_FOURCC('R', '8', ' ', ' ')
#define SONO_FORMAT_RGB24 SONO_FOURCC('B', 'G', '2', '4')
#define SONO_FORMAT_FLOAT SONO_FOURCC('S', 'F', '3', '2')

/**
 * enum sono_layer - what a buffer holds
 * @SONO_LAYER_COMPOSITE: the whole picture, always there
 * @SONO_LAYER_SECTION: the section of the body with its colours
 * @SONO_LAYER_GREY: level of B [dB], floats on its beamformed grid
 * @SONO_LAYER_VELOCITY: towards the probe positive [m/s], floats on the box's
 *                       grid, NAN where there is no flow
 * @SONO_LAYER_POWER: of what moves [dB], floats on the box's grid
 * @SONO_LAYER_M: the M strip
 * @SONO_LAYER_SPECTRUM: the spectral strip
 * @SONO_LAYER_ECG: the strip of the electrocardiogram
 */
enum sono_layer {
	SONO_LAYER_COMPOSITE,
	SONO_LAYER_SECTION,
	SONO_LAYER_GREY,
	SONO_LAYER_VELOCITY,
	SONO_LAYER_POWER,
	SONO_LAYER_M,
	SONO_LAYER_SPECTRUM,
	SONO_LAYER_ECG,
	SONO_LAYERS
};

enum sono_stream_kind {
	SONO_STREAM_HELLO = 1,
	SONO_STREAM_RETURN,
	SONO_STREAM_REFUSED,
	SONO_STREAM_FORMAT,
	SONO_STREAM_FRAME,
};

/* The client wants each buffer as a dma-buf, too. */
#define SONO_HELLO_DMABUF (1U << 0)

/**
 * struct sono_stream_hello - the client's first message
 * @kind: SONO_STREAM_HELLO
 * @version: SONO_STREAM_VERSION
 * @layers: bits of enum sono_layer that it wants besides the composite
 * @flags: SONO_HELLO_*
 */
struct sono_stream_hello {
	uint32_t kind;
	uint32_t version;
	uint32_t layers;
	uint32_t flags;
};

/**
 * struct sono_stream_return - a buffer is not looked at any more
 * @kind: SONO_STREAM_RETURN
 * @format: of the record
 * @index: of the record
 * @rsvd: 0
 */
struct sono_stream_return {
	uint32_t kind;
	uint32_t format;
	uint32_t index;
	uint32_t rsvd;
};

/**
 * struct sono_stream_refused - the server's last message
 * @kind: SONO_STREAM_REFUSED
 * @why: text
 */
struct sono_stream_refused {
	uint32_t kind;
	char why[124];
};

/**
 * struct sono_stream_layer - where a layer is in a buffer, and what it means
 * @fourcc: SONO_FORMAT_*; 0: there is no such layer
 * @stride: from row to row, or line to line, in bytes
 * @offset: in the buffer
 * @bytes: size
 * @image: of pixels: format, size and calibration of the layer, without data
 * @grid: of floats: where its samples lie, [lines][samples]
 */
struct sono_stream_layer {
	uint32_t fourcc;
	uint32_t stride;
	uint64_t offset;
	uint64_t bytes;
	struct image image;
	struct grid grid;
};

/* The format comes with dma-bufs, one for each buffer. */
#define SONO_STREAM_DMABUF (1U << 0)

/**
 * struct sono_stream_format - what pictures are like from now on
 * @kind: SONO_STREAM_FORMAT
 * @format: its number, which records and returns say
 * @flags: SONO_STREAM_*
 * @buffers: how many
 * @buffer_bytes: from one to the next in the memory
 * @frame_rate: frames per second of the board, at most [Hz]
 * @preset: name of the plan
 * @layer: the layers
 *
 * With it come descriptors: the memory of all buffers, to be mapped read-only;
 * an eventfd that counts records sent; with SONO_STREAM_DMABUF @buffers
 * dma-bufs. What the client holds of an earlier format is returned by this.
 */
struct sono_stream_format {
	uint32_t kind;
	uint32_t format;
	uint32_t flags;
	uint32_t buffers;
	uint64_t buffer_bytes;
	double frame_rate;
	char preset[64];
	struct sono_stream_layer layer[SONO_LAYERS];
};

/* The indices are estimates: there is no table measured with this probe. */
#define SONO_FRAME_UNCALIBRATED (1U << 0)
/* The frame was made without transmit. */
#define SONO_FRAME_TX_OFF (1U << 1)

/**
 * struct sono_stream_counts - what became of the frames of a run
 * @taken: went into pictures
 * @skipped: the pipeline came too late for them
 * @dropped: found no slot
 * @lost: their completion never came
 */
struct sono_stream_counts {
	uint64_t taken;
	uint64_t skipped;
	uint64_t dropped;
	uint64_t lost;
};

/**
 * struct sono_stream_frame - a picture
 * @kind: SONO_STREAM_FRAME
 * @format: that it has
 * @index: of its buffer
 * @layers: bits of enum sono_layer that are in it
 * @flags: SONO_FRAME_*
 * @cfg_gen: of the table that made it
 * @run: number of the run, the board's
 * @picture: number of the picture; a gap: pictures that this client was not
 *           sent, as it held SONO_STREAM_HELD others
 * @seq: of its newest frame: the board's number in the run
 * @counts: of the run, up to this frame
 * @t_acquired: CLOCK_MONOTONIC when the frame was complete [ns]
 * @t_published: when the picture was in the buffer [ns]
 * @time: as of struct image [s]
 * @phase: as of struct image
 * @heart_rate: as of struct image [Hz]
 * @nyquist: velocity at which colour, or else the spectrum, aliases [m/s]; 0
 * @depth: of the picture [m]
 * @mi: mechanical index
 * @ti: thermal index, soft tissue
 * @now: of the strips, the newest column: of M, spectrum, ECG
 *
 * @seq + 1 is the sum of @counts: a frame that is in no picture is in one of
 * the others.
 */
struct sono_stream_frame {
	uint32_t kind;
	uint32_t format;
	uint32_t index;
	uint32_t layers;
	uint32_t flags;
	uint32_t cfg_gen;
	uint64_t run;
	uint64_t picture;
	uint64_t seq;
	struct sono_stream_counts counts;
	int64_t t_acquired;
	int64_t t_published;
	double time;
	double phase;
	double heart_rate;
	double nyquist;
	double depth;
	double mi;
	double ti;
	uint32_t now[3];
	uint32_t rsvd;
};

#endif /* SONO_STREAM_WIRE_H */
