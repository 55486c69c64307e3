// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* clock: tells the kernel that its clock is right, as an NTP daemon does. */
#include <stdio.h>
#include <sys/timex.h>

int main(void)
{
	struct timex t = {
		.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR,
		.maxerror = 1000,
		.esterror = 100,
	};

	if (adjtimex(&t) >= 0)
		return 0;
	perror("clock");
	return 1;
}
