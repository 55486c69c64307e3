// SPDX-License-Identifier: MIT
/* link_error corrected|nonfatal: an error of /dev/sono0's link, by aer_inject. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest/sysfs.h"

int main(int argc, char **argv)
{
	char function[64];
	int ret;

	if (argc != 2)
		return 2;
	ret = sysfs_function(function, sizeof(function));
	if (!ret && !strcmp(argv[1], "corrected"))
		ret = sysfs_aer_inject(function, 0, AER_RECEIVER_ERROR);
	else if (!ret)
		ret = sysfs_aer_inject(function, AER_COMPLETION_TIMEOUT, 0);
	if (ret)
		fprintf(stderr, "link_error: %s\n", strerror(-ret));
	/* the kernel counts when it has looked */
	sleep(1);
	return ret ? 1 : 0;
}
