// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "present/present.h"

Test(present, sinks_are_found_by_name)
{
	cr_assert_eq(sink_find("png"), &sink_png);
	cr_assert_eq(sink_find("y4m"), &sink_y4m);
	cr_assert_eq(sink_find("webp"), &sink_webp);
	cr_assert_eq(sink_find("md5"), &sink_md5);
	cr_assert_eq(sink_find("null"), &sink_null);
	cr_assert_null(sink_find("jpeg"));
}

Test(present, null_takes_everything)
{
	struct image image = { .format = IMAGE_GREY8 };
	void *state;

	cr_assert_eq(sink_null.open(&state, NULL), 0);
	cr_assert_eq(sink_null.frame(state, &image), 0);
	cr_assert_eq(sink_null.close(state), 0);
}

Test(present, md5_is_that_of_the_pixels_without_padding)
{
	uint8_t data[] = { 'a', 'b', 0xff, 'c', 'd', 0xff };
	struct image image = {
		.format = IMAGE_GREY8, .raster.width = 2, .raster.height = 2,
		.stride = 3, .data = data, .seq = 9,
	};
	char path[] = "/tmp/test_md5_XXXXXX", line[64] = "";
	int fd = mkstemp(path);
	void *state;

	cr_assert_eq(sink_md5.open(&state, path), 0);
	cr_assert_eq(sink_md5.frame(state, &image), 0);
	cr_assert_eq(sink_md5.close(state), 0);
	cr_assert_gt(read(fd, line, sizeof(line) - 1), 0);
	/* printf abcd | md5sum */
	cr_assert_str_eq(line, "e2fc714c4727ee9395f324cd2e7f331f  9\n");
	close(fd);
	unlink(path);
}

Test(present, md5_tells_why_it_cannot_write)
{
	void *state;

	cr_assert_eq(sink_md5.open(&state, "/nonexistent/digests"), -ENOENT);
	cr_assert_eq(sink_md5.open(&state, NULL), -EINVAL);
	cr_assert_eq(sink_md5.close(NULL), 0);
}
