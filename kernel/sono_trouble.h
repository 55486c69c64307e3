/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes wrong with the board, whether a run is on or not. */
#ifndef SONO_TROUBLE_H
#define SONO_TROUBLE_H

#include <linux/types.h>

struct sono_device;

/**
 * enum sono_trouble - each has a counter, @code and @info of its own
 * @SONO_TROUBLE_FAULT: it has a fault; FAULT, FAULT_INFO
 * @SONO_TROUBLE_UNANSWERED: a command was not answered in time; the offset of
 *                           the register that it was told by
 * @SONO_TROUBLE_BARRED: it took no reset, so the bus was taken from it
 * @SONO_TROUBLE_ABSENT: it read as all ones when it was needed
 * @SONO_TROUBLE_LOST: it did not come back from a reset, an error or sleep
 * @SONO_TROUBLE_FORGOTTEN: it had lost a table, of itself
 * @SONO_TROUBLE_REFUSED: it refused a table; code and event
 * @SONO_TROUBLE_FLASH: its flash refused a command or failed; command and code
 * @SONO_TROUBLE_GLITCH: a read was lost
 * @SONO_TROUBLE_UNHEARD: no interrupt told of a fault or an answer; the vector
 * @SONO_TROUBLE_SELFTEST: a self test failed; SONO_TRY_* and its code
 * @SONO_TROUBLES: how many
 */
enum sono_trouble {
	SONO_TROUBLE_FAULT,
	SONO_TROUBLE_UNANSWERED,
	SONO_TROUBLE_BARRED,
	SONO_TROUBLE_ABSENT,
	SONO_TROUBLE_LOST,
	SONO_TROUBLE_FORGOTTEN,
	SONO_TROUBLE_REFUSED,
	SONO_TROUBLE_FLASH,
	SONO_TROUBLE_GLITCH,
	SONO_TROUBLE_UNHEARD,
	SONO_TROUBLE_SELFTEST,
	SONO_TROUBLES,
};

void sono_trouble(struct sono_device *sd, enum sono_trouble what, u32 code,
		  u32 info);
const char *sono_trouble_name(unsigned int what);
const char *sono_trouble_latest(struct sono_device *sd);

#endif /* SONO_TROUBLE_H */
