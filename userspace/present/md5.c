// SPDX-License-Identifier: MIT
/*
 * A digest per picture: any run becomes a test of regression. The digest is
 * libmd's: BSD-licensed and kept by Debian's own base system, where nettle is
 * LGPL and libcrypto much more than is needed.
 */
#include <errno.h>
#include <md5.h>
#include <stdio.h>

#include "present.h"

static int md5_open(void **state, const char *target)
{
	if (!target)
		return -EINVAL;
	*state = fopen(target, "w");
	return *state ? 0 : -errno;
}

/* The pixels alone: neither the stride nor the calibration counts. */
static int md5_frame(void *state, const struct image *image)
{
	const size_t row = (size_t)image->raster.width *
			   image_bytes_per_pixel(image->format);
	char digest[MD5_DIGEST_STRING_LENGTH];
	MD5_CTX md5;
	uint32_t i;

	MD5Init(&md5);
	for (i = 0; i < image->raster.height; i++)
		MD5Update(&md5, image->data + i * image->stride, row);
	MD5End(&md5, digest);
	if (fprintf(state, "%s  %llu\n", digest,
		    (unsigned long long)image->seq) < 0)
		return -errno;
	return 0;
}

static int md5_close(void *state)
{
	if (!state)
		return 0;
	return fclose(state) ? -errno : 0;
}

const struct sink sink_md5 = { "md5", md5_open, md5_frame, md5_close };
