// SPDX-License-Identifier: MIT
/*
 * look [SOCKET [PNG]]: an example of a client. Says of every picture how old it
 * is and what it means, keeps the newest as a PNG, and comes back when sonod
 * was away. cc look.c $(pkg-config --cflags --libs sono)
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "present/present.h"

/* Once, however often it is tried again; "" when it goes well. */
static void complain(const char *why)
{
	static char said[256];

	if (*why && strcmp(said, why))
		fprintf(stderr, "look: %s\n", why);
	snprintf(said, sizeof(said), "%s", why);
}

static void show(struct sono_client *c, const struct sono_picture *p, void *png)
{
	const struct sono_stream_frame *f = &p->frame;
	struct timespec now;
	struct image image;

	sono_client_image(c, p, SONO_LAYER_COMPOSITE, &image);
	errno = png ? -sink_png.frame(png, &image) : 0;
	if (errno)
		err(1, "the picture cannot be kept");
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%" PRIu64 ": %ux%u, %.0f mm deep, %.1f ms after its echoes, MI %.1f%s\n",
	       f->seq, image.raster.width, image.raster.height, f->depth * 1e3,
	       now.tv_sec * 1e3 + now.tv_nsec * 1e-6 - f->t_acquired * 1e-6,
	       f->mi, f->flags & SONO_FRAME_UNCALIBRATED ? " (estimate)" : "");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	void *png = NULL;

	if (argc > 2 && sink_png.open(&png, argv[2]))
		errx(1, "a PNG needs a name");
	for (;; sleep(1)) {
		struct sono_client *c;
		struct sono_picture p;
		char why[256];
		int ret;

		if (sono_client_open(&c, argv[1], 0, 0, why, sizeof(why))) {
			complain(why);
			continue;
		}
		while ((ret = sono_client_next(c, &p)) >= 0) {
			if (ret) {
				complain("");
				show(c, &p, png);
				sono_client_return(c, &p);
			} else {
				sono_client_wait(c, -1);
			}
		}
		complain(sono_client_refusal(c) ? sono_client_refusal(c) :
						  strerror(-ret));
		sono_client_close(c);
	}
}
