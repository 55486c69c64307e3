// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cine.h"

#define KEPT_MIN 2

/* Over which a rate is a mean [s]. */
#define RATE_TIME 1.0

/**
 * struct cine - pictures
 * @room: pictures that there is room for
 * @count: kept
 * @next: where the next one goes
 * @picture: [room]; their data are of @memory
 * @memory: of all
 */
struct cine {
	uint32_t room;
	uint32_t count;
	uint32_t next;
	struct image *picture;
	uint8_t *memory;
};

/* Memory is taken when it is written: a loop that stays short costs little. */
int cine_create(struct cine **cine, const struct image *like, size_t bytes)
{
	const size_t each = like->stride * like->raster.height;
	const size_t room = bytes / each > KEPT_MIN ? bytes / each : KEPT_MIN;
	struct cine *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->room = room;
	c->picture = calloc(room, sizeof(*c->picture));
	c->memory = calloc(room, each);
	if (!c->picture || !c->memory) {
		cine_destroy(c);
		return -ENOMEM;
	}
	for (size_t i = 0; i < room; i++)
		c->picture[i].data = c->memory + i * each;
	*cine = c;
	return 0;
}

void cine_add(struct cine *c, const struct image *picture)
{
	struct image *to = &c->picture[c->next];
	uint8_t *data = to->data;

	*to = *picture;
	to->data = data;
	memcpy(data, picture->data, picture->stride * picture->raster.height);
	c->next = (c->next + 1) % c->room;
	if (c->count < c->room)
		c->count++;
}

uint32_t cine_count(const struct cine *c)
{
	return c->count;
}

const struct image *cine_picture(const struct cine *c, uint32_t place)
{
	return &c->picture[(c->next + c->room - c->count + place) % c->room];
}

double cine_rate(const struct cine *c, uint32_t place)
{
	const double end = cine_picture(c, place)->time;
	uint32_t first = place;
	double time;

	while (first && cine_picture(c, first - 1)->time >= end - RATE_TIME)
		first--;
	time = end - cine_picture(c, first)->time;
	return time > 0 ? (place - first) / time : NAN;
}

void cine_clear(struct cine *c)
{
	c->count = 0;
}

void cine_destroy(struct cine *c)
{
	if (!c)
		return;
	free(c->picture);
	free(c->memory);
	free(c);
}
