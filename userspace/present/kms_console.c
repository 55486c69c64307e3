// SPDX-License-Identifier: MIT
/*
 * The console's mode is not a property of who set it: a process that is killed
 * would leave a machine without text. So a child holds it, which does nothing
 * but wait until nobody holds the other end of a pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kms_console.h"

static void __attribute__((noreturn)) guard(int tty, int mode, int parent)
{
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "sono-console");
	dup2(tty, 0);
	dup2(parent, 1);
	close_range(2, ~0u, 0);
	while (read(1, &byte, 1) < 0 && errno == EINTR)
		;
	ioctl(0, KDSETMODE, mode);
	_exit(0);
}

static void begin_guard(struct kms_console *c, int tty, int mode)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return;
	c->guard = fork();
	if (!c->guard) {
		close(ends[1]);
		guard(tty, mode, ends[0]);
	}
	close(ends[0]);
	c->alive = ends[1];
	if (c->guard < 0) {
		close(c->alive);
		c->guard = 0;
	}
}

void kms_console_hide(struct kms_console *c)
{
	int tty = open("/dev/tty0", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int mode;

	*c = (struct kms_console){ .alive = -1 };
	if (tty < 0)
		return;
	if (!ioctl(tty, KDGETMODE, &mode))
		begin_guard(c, tty, mode);
	if (c->guard && ioctl(tty, KDSETMODE, KD_GRAPHICS))
		kms_console_show(c);
	close(tty);
}

void kms_console_show(struct kms_console *c)
{
	if (!c->guard)
		return;
	close(c->alive);
	while (waitpid(c->guard, NULL, 0) < 0 && errno == EINTR)
		;
	*c = (struct kms_console){ .alive = -1 };
}
