// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share.h"
#include "udmabuf.h"

/* Rows of floats and layers begin on lines of their own. */
#define ALIGN 64
#define PAGE 4096

/**
 * struct share - buffers
 * @format: what they hold
 * @memory: of all of them, for readers: read-only
 * @writable: the same memory, ours
 * @map: where it is mapped
 * @users: buffers in use, and the maker; atomic
 * @buffer: [format.buffers]; users are atomic: 0 to 1 is share_take()'s alone
 */
struct share {
	struct sono_stream_format format;
	int memory;
	int writable;
	uint8_t *map;
	unsigned int users;
	struct share_buffer buffer[];
};

static uint64_t align(uint64_t bytes, uint64_t to)
{
	return (bytes + to - 1) / to * to;
}

/* --- what the buffers hold --- */

static void place(struct sono_stream_format *f, struct sono_stream_layer *l)
{
	l->offset = f->buffer_bytes;
	f->buffer_bytes = align(l->offset + l->bytes, ALIGN);
}

static void add_image(struct sono_stream_format *f, enum sono_layer layer,
		      const struct image *image)
{
	struct sono_stream_layer *l = &f->layer[layer];
	const size_t row = (size_t)image->raster.width *
			   image_bytes_per_pixel(image->format);

	l->fourcc = image->format == IMAGE_RGB24 ? SONO_FORMAT_RGB24 :
						   SONO_FORMAT_GREY8;
	l->stride = align(row, ALIGN);
	l->bytes = (uint64_t)l->stride * image->raster.height;
	l->image = *image;
	l->image.stride = l->stride;
	l->image.data = NULL;
	place(f, l);
}

static void add_grid(struct sono_stream_format *f, enum sono_layer layer,
		     const struct grid *grid)
{
	struct sono_stream_layer *l = &f->layer[layer];

	l->fourcc = SONO_FORMAT_FLOAT;
	l->stride = grid->samples * sizeof(float);
	l->bytes = (uint64_t)l->stride * grid->lines;
	l->grid = *grid;
	place(f, l);
}

static void add_strip(struct sono_stream_format *f, enum sono_layer layer,
		      const struct pipeline *p, enum region_kind kind)
{
	const struct image *strip = pipeline_layer(p, kind);

	if (strip)
		add_image(f, layer, strip);
}

static void lay_out(struct sono_stream_format *f, const struct pipeline *p)
{
	add_image(f, SONO_LAYER_COMPOSITE, pipeline_image(p));
	add_strip(f, SONO_LAYER_SECTION, p, REGION_B);
	add_grid(f, SONO_LAYER_GREY, pipeline_b_grid(p));
	if (pipeline_vel(p)) {
		add_grid(f, SONO_LAYER_VELOCITY, pipeline_colour_grid(p));
		add_grid(f, SONO_LAYER_POWER, pipeline_colour_grid(p));
	}
	add_strip(f, SONO_LAYER_M, p, REGION_M);
	add_strip(f, SONO_LAYER_SPECTRUM, p, REGION_SPECTRUM);
	add_strip(f, SONO_LAYER_ECG, p, REGION_ECG);
	f->buffer_bytes = align(f->buffer_bytes, PAGE);
}

/* --- memory --- */

/*
 * Readers get a descriptor that was opened for reading. Its mode keeps them
 * from opening it anew for writing, and the seals its size; F_SEAL_WRITE would
 * keep us out, F_SEAL_FUTURE_WRITE keeps udmabuf from taking it.
 */
static int open_memory(struct share *s)
{
	const uint64_t bytes = s->format.buffer_bytes * s->format.buffers;
	char path[32];

	s->writable = memfd_create("sono-pictures",
				   MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (s->writable < 0 || ftruncate(s->writable, bytes) ||
	    fcntl(s->writable, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ||
	    fchmod(s->writable, 0444))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->writable);
	s->memory = open(path, O_RDONLY | O_CLOEXEC);
	if (s->memory < 0)
		return -errno;
	s->map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      s->writable, 0);
	return s->map == MAP_FAILED ? -errno : 0;
}

static void destroy(struct share *s)
{
	if (s->map != MAP_FAILED)
		munmap(s->map, s->format.buffer_bytes * s->format.buffers);
	if (s->memory >= 0)
		close(s->memory);
	if (s->writable >= 0)
		close(s->writable);
	free(s);
}

int share_create(struct share **share, const struct pipeline *p,
		 unsigned int buffers)
{
	struct share *s = calloc(1, sizeof(*s) + buffers * sizeof(*s->buffer));
	int ret;

	if (!s)
		return -ENOMEM;
	s->format.kind = SONO_STREAM_FORMAT;
	s->format.buffers = buffers;
	s->memory = -1;
	s->map = MAP_FAILED;
	s->users = 1;
	lay_out(&s->format, p);
	ret = open_memory(s);
	if (ret) {
		destroy(s);
		return ret;
	}
	for (unsigned int i = 0; i < buffers; i++) {
		s->buffer[i].share = s;
		s->buffer[i].data = s->map + i * s->format.buffer_bytes;
		s->buffer[i].frame.index = i;
	}
	*share = s;
	return 0;
}

void share_drop(struct share *s)
{
	if (s && !__atomic_sub_fetch(&s->users, 1, __ATOMIC_ACQ_REL))
		destroy(s);
}

struct sono_stream_format *share_format(struct share *s)
{
	return &s->format;
}

int share_memory(const struct share *s)
{
	return s->memory;
}

int share_dmabuf(const struct share *s, unsigned int index)
{
	return udmabuf(s->writable, index * s->format.buffer_bytes,
		       s->format.buffer_bytes);
}

/* --- buffers --- */

struct share_buffer *share_take(struct share *s)
{
	for (unsigned int i = 0; i < s->format.buffers; i++) {
		struct share_buffer *b = &s->buffer[i];

		/* pairs with the release in share_put(): it was read */
		if (__atomic_load_n(&b->users, __ATOMIC_ACQUIRE))
			continue;
		__atomic_store_n(&b->users, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&s->users, 1, __ATOMIC_RELAXED);
		return b;
	}
	return NULL;
}

void share_get(struct share_buffer *b)
{
	__atomic_add_fetch(&b->users, 1, __ATOMIC_RELAXED);
}

void share_put(struct share_buffer *b)
{
	struct share *s;

	if (!b)
		return;
	s = b->share;
	if (!__atomic_sub_fetch(&b->users, 1, __ATOMIC_ACQ_REL))
		share_drop(s);
}

static bool wanted(const struct share_buffer *b, uint32_t layers,
		   enum sono_layer layer)
{
	return layers & 1U << layer && b->share->format.layer[layer].fourcc;
}

static const struct sono_stream_layer *
begin_layer(struct share_buffer *b, enum sono_layer layer, uint8_t **to)
{
	const struct sono_stream_layer *l = &b->share->format.layer[layer];

	*to = b->data + l->offset;
	b->frame.layers |= 1U << layer;
	return l;
}

static void fill_image(struct share_buffer *b, enum sono_layer layer,
		       const struct image *image)
{
	const size_t row = (size_t)image->raster.width *
			   image_bytes_per_pixel(image->format);
	const struct sono_stream_layer *l;
	uint8_t *to;

	l = begin_layer(b, layer, &to);
	for (uint32_t i = 0; i < image->raster.height; i++)
		memcpy(to + (size_t)i * l->stride,
		       image->data + i * image->stride, row);
}

static void fill_floats(struct share_buffer *b, enum sono_layer layer,
			const float *from, const uint8_t *valid)
{
	const struct sono_stream_layer *l;
	uint8_t *data;
	float *to;

	l = begin_layer(b, layer, &data);
	to = (float *)data;
	if (!valid) {
		memcpy(to, from, l->bytes);
		return;
	}
	for (size_t i = 0; i < l->bytes / sizeof(float); i++)
		to[i] = valid[i] ? from[i] : NAN;
}

static void fill_strip(struct share_buffer *b, uint32_t layers,
		       enum sono_layer layer, const struct pipeline *p,
		       enum region_kind kind)
{
	if (wanted(b, layers, layer))
		fill_image(b, layer, pipeline_layer(p, kind));
}

static void note_columns(struct share_buffer *b, const struct image *image)
{
	for (uint32_t i = 0; i < image->regions; i++) {
		const struct image_region *r = &image->region[i];

		if (r->kind != REGION_B)
			b->frame.now[r->kind - REGION_M] = r->now;
	}
}

void share_fill(struct share_buffer *b, const struct pipeline *p,
		uint32_t layers)
{
	const struct image *image = pipeline_image(p);

	b->frame.layers = 0;
	fill_image(b, SONO_LAYER_COMPOSITE, image);
	note_columns(b, image);
	fill_strip(b, layers, SONO_LAYER_SECTION, p, REGION_B);
	if (wanted(b, layers, SONO_LAYER_GREY))
		fill_floats(b, SONO_LAYER_GREY, pipeline_env(p)->db, NULL);
	if (wanted(b, layers, SONO_LAYER_VELOCITY))
		fill_floats(b, SONO_LAYER_VELOCITY, pipeline_vel(p)->v,
			    pipeline_vel(p)->valid);
	if (wanted(b, layers, SONO_LAYER_POWER))
		fill_floats(b, SONO_LAYER_POWER, pipeline_vel(p)->power, NULL);
	fill_strip(b, layers, SONO_LAYER_M, p, REGION_M);
	fill_strip(b, layers, SONO_LAYER_SPECTRUM, p, REGION_SPECTRUM);
	fill_strip(b, layers, SONO_LAYER_ECG, p, REGION_ECG);
	b->frame.format = b->share->format.format;
	b->frame.seq = image->seq;
	b->frame.time = image->time;
	b->frame.phase = image->phase;
	b->frame.heart_rate = image->heart_rate;
}
