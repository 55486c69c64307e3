// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* One of each structure of sono.h, for pahole; tests/kselftest/layout. */
#include <linux/sono.h>

#define EACH(type) struct type *layout_##type

EACH(sono_uring_cmd);
EACH(sono_info);
EACH(sono_setup);
EACH(sono_config);
EACH(sono_start);
EACH(sono_stop);
EACH(sono_arm);
EACH(sono_export);
EACH(sono_regbuf);
EACH(sono_ctl);
EACH(sono_record);
EACH(sono_user);
EACH(sono_release);

/* The numbers of the commands, as sizes. */
#define COMMAND(name) char layout_##name[SONO_CMD_##name & 0xffffff]

COMMAND(INFO);
COMMAND(SETUP);
COMMAND(CONFIG);
COMMAND(START);
COMMAND(STOP);
COMMAND(KICK);
COMMAND(ARM);
COMMAND(CANCEL);
COMMAND(OBSERVE);
COMMAND(EXPORT);
COMMAND(REGBUF);
COMMAND(UNREGBUF);
