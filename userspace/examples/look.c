// SPDX-License-Identifier: MIT
/*
 * look [SOCKET [PNG]]: an example of a client. Says of every picture how old it
 * is and what it means, keeps the newest as a PNG, and comes back when sonod
 * was away. cc look.c $(pkg-config --cflags --libs sono)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "present/present.h"

static void show(struct sono_client *c, const struct sono_picture *p, void *png)
{
	const struct sono_stream_frame *f = &p->frame;
	struct timespec now;
	struct image image;

	if (sono_client_image(c, p, SONO_LAYER_COMPOSITE, &image))
		return;
	if (png)
		sink_png.frame(png, &image);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%" PRIu64 ": %ux%u, %.0f mm deep, %.1f ms after its echoes, MI %.1f%s\n",
	       f->seq, image.raster.width, image.raster.height, f->depth * 1e3,
	       now.tv_sec * 1e3 + now.tv_nsec * 1e-6 - f->t_acquired * 1e-6,
	       f->mi, f->flags & SONO_FRAME_UNCALIBRATED ? " (estimate)" : "");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : NULL;
	void *png = NULL;

	if (argc > 2 && sink_png.open(&png, argv[2]))
		return 1;
	for (;;) {
		struct sono_client *c;
		struct sono_picture p;
		char why[128];
		int ret = sono_client_open(&c, path, 0, 0, why, sizeof(why));

		if (ret) {
			fprintf(stderr, "look: %s\n", why);
			sleep(1);
			continue;
		}
		while ((ret = sono_client_next(c, &p)) >= 0) {
			if (ret) {
				show(c, &p, png);
				sono_client_return(c, &p);
			} else {
				sono_client_wait(c, -1);
			}
		}
		sono_client_close(c);
	}
}
