// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 *	same A.png B.png [LEFT TOP WIDTH HEIGHT]
 *
 * Do two pictures have the same pixels, all or those of a rectangle? Exit 0: yes;
 * 1: no, and how many and by how much is said; 2: a picture cannot be read, or
 * they differ in size.
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

struct picture {
	long width, height;
	png_bytep rgb;
};

static int read_picture(struct picture *p, const char *path)
{
	png_image image = { .version = PNG_IMAGE_VERSION };

	if (!png_image_begin_read_from_file(&image, path))
		goto failed;
	image.format = PNG_FORMAT_RGB;
	p->width = image.width;
	p->height = image.height;
	p->rgb = malloc(PNG_IMAGE_SIZE(image));
	if (p->rgb && png_image_finish_read(&image, NULL, p->rgb, 0, NULL))
		return 0;
failed:
	fprintf(stderr, "%s: %s\n", path,
		*image.message ? image.message : "no memory");
	return 2;
}

static int compare(const struct picture *a, const struct picture *b,
		   const long box[4])
{
	long differ = 0, worst = 0;

	for (long y = box[1]; y < box[1] + box[3]; y++)
		for (long i = 3 * box[0]; i < 3 * (box[0] + box[2]); i++) {
			const long at = 3 * y * a->width + i;
			const long by = labs((long)a->rgb[at] - b->rgb[at]);

			differ += by > 0;
			worst = by > worst ? by : worst;
		}
	if (differ)
		printf("# %ld values differ, by %ld at most\n", differ, worst);
	return differ > 0;
}

/* All of it, or the rectangle that four words say. */
static int judge(const struct picture *a, const struct picture *b, char **words,
		 int count)
{
	long box[4] = { 0, 0, a->width, a->height };

	if (a->width != b->width || a->height != b->height) {
		printf("# %ldx%ld and %ldx%ld\n", a->width, a->height, b->width,
		       b->height);
		return 2;
	}
	for (int i = 0; i < count; i++)
		box[i] = atol(words[i]);
	if (box[0] < 0 || box[1] < 0 || box[0] + box[2] > a->width ||
	    box[1] + box[3] > a->height)
		return 2;
	return compare(a, b, box);
}

int main(int argc, char **argv)
{
	struct picture a = { 0 }, b = { 0 };
	int status = 2;

	if (argc != 3 && argc != 7)
		return 2;
	if (!read_picture(&a, argv[1]) && !read_picture(&b, argv[2]))
		status = judge(&a, &b, argv + 3, argc - 3);
	free(a.rgb);
	free(b.rgb);
	return status;
}
