// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"

#define SONOD "build/userspace/sonod/sonod"
#define PRESETS "tests/sonod"

void daemon_prepare(struct daemon *d)
{
	strcpy(d->dir, "/tmp/sonod-test.XXXXXX");
	if (!mkdtemp(d->dir))
		abort();
	snprintf(d->stream, sizeof(d->stream), "%s/stream", d->dir);
	snprintf(d->control, sizeof(d->control), "%s/control", d->dir);
	d->pid = 0;
	d->child = NULL;
}

static void become(const struct daemon *d, const char *const *args)
{
	const char *built = getenv("SONOD");
	const char *sonod = built ? built : SONOD;
	const char *argv[DAEMON_ARGS + 6] = { sonod, "--presets", PRESETS,
					      "--sockets", d->dir };
	int n = 5;

	/* a test that fails leaves nothing behind */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (d->child)
		d->child(d);
	while (*args)
		argv[n++] = *args++;
	execv(sonod, (char *const *)argv);
	_exit(127);
}

static int wait_until_served(struct daemon *d)
{
	struct sono_control *c;
	int ret = -ETIMEDOUT;

	for (int i = 0; i < 1000 && ret; i++) {
		if (waitpid(d->pid, NULL, WNOHANG) == d->pid) {
			d->pid = 0;
			return -ECHILD;
		}
		usleep(10000);
		/* it answers only when all of it is there */
		ret = sono_control_open(&c, d->control, NULL, 0);
	}
	if (!ret)
		sono_control_close(c);
	return ret;
}

int daemon_run(struct daemon *d, const char *const *args)
{
	d->pid = fork();
	if (!d->pid)
		become(d, args);
	return wait_until_served(d);
}

int daemon_end(struct daemon *d, int number)
{
	int status = -1;

	if (d->pid) {
		kill(d->pid, number);
		waitpid(d->pid, &status, 0);
	}
	d->pid = 0;
	return status;
}

void daemon_clean(struct daemon *d)
{
	daemon_end(d, SIGKILL);
	unlink(d->stream);
	unlink(d->control);
	rmdir(d->dir);
}
