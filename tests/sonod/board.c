// SPDX-License-Identifier: MIT
/*
 * board NODE: sonod on a board behind its driver, in a guest: as a user without
 * rights, killed, stopped, started anew as systemd would. Prints TAP, and for
 * "tests/kselftest/judge silence" when the board must not transmit; see
 * tests/kselftest/sono_safety.c.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"

#define MS 1000000ll
#define HEARTBEAT_MS 1000
#define LAPSE_NS (HEARTBEAT_MS * MS * 5 / 4)
/* A file that is closed stops the board at once; this is the guest's own time. */
#define CLOSE_NS (100 * MS)
#define RESTART_NS (200 * MS) /* RestartSec of sonod.service */
#define BACK_NS (2000 * MS)
#define USER 1234
#define PICTURES 10

static const char *node;
static int tests, failed;

static void result(bool good, const char *what)
{
	printf("%sok %d %s\n", good ? "" : "not ", ++tests, what);
	fflush(stdout);
	failed += !good;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void sleep_until(int64_t t)
{
	const int64_t now = now_ns();

	if (t > now)
		usleep((t - now) / 1000);
}

/* Nobody but for the group that the udev rule gives boards to. */
static void without_rights(const struct daemon *d)
{
	(void)d;
	if (setgroups(0, NULL) || setgid(USER) || setuid(USER))
		_exit(126);
}

static void let_in(const struct daemon *d)
{
	if (chown(node, 0, USER) || chmod(node, 0660) ||
	    chown(d->dir, USER, USER))
		exit(1);
	/* where the kernel has it */
	if (!chown("/dev/udmabuf", 0, USER))
		chmod("/dev/udmabuf", 0660);
}

/**
 * struct view - a run as its clients see it
 * @daemon: the process
 * @control: that it is asked by
 * @client: that looks
 * @run: the board's number of the run
 * @before: scan was asked for
 * @after: and had been done
 */
struct view {
	struct daemon daemon;
	struct sono_control *control;
	struct sono_client *client;
	uint64_t run;
	int64_t before, after;
};

static int run(struct view *v)
{
	const char *const args[] = { "--preset", "guest", node, NULL };
	int ret = daemon_run(&v->daemon, args);

	if (!ret)
		ret = sono_control_open(&v->control, v->daemon.control, NULL,
					0);
	return ret;
}

static int scan(struct view *v)
{
	int64_t ret = sono_control_ask(v->control, "{\"do\":\"take\"}", NULL);

	v->before = now_ns();
	if (ret >= 0)
		ret = sono_control_ask(v->control, "{\"do\":\"scan\"}", NULL);
	v->after = now_ns();
	return ret < 0 ? ret : 0;
}

/* So many pictures; the last one is returned, too. */
static int look(struct view *v, int pictures)
{
	struct sono_picture p;
	int ret = 0;

	while (pictures && ret >= 0) {
		ret = sono_client_next(v->client, &p);
		if (ret == 1) {
			v->run = p.frame.run;
			sono_client_return(v->client, &p);
			pictures--;
		} else if (!ret) {
			ret = sono_client_wait(v->client, 10000) == 1 ?
				      0 :
				      -ETIME;
		}
	}
	return ret < 0 ? ret : 0;
}

static int look_anew(struct view *v, uint32_t flags, int pictures)
{
	int ret;

	sono_client_close(v->client);
	v->client = NULL;
	ret = sono_client_open(&v->client, v->daemon.stream, 0, flags, NULL, 0);
	return ret ? ret : look(v, pictures);
}

static void silent(const struct view *v, const char *how, int64_t from,
		   int64_t until)
{
	printf("# silent node=%s how=%s run=%lu before=%ld after=%ld from=%ld until=%ld\n",
	       node, how, v->run, v->before, v->after, from, until);
	fflush(stdout);
}

/* --- */

static void test_begin(struct view *v)
{
	int ret = run(v);

	if (!ret)
		ret = scan(v);
	if (!ret)
		ret = look_anew(v, 0, PICTURES);
	if (ret)
		printf("# %s\n", strerror(-ret));
	result(!ret, "pictures of a board, for a user without rights");
}

static void test_dmabuf(struct view *v)
{
	const char *what = "a picture as a dma-buf is the picture";
	const struct sono_stream_format *f;
	struct sono_picture p;
	void *map = MAP_FAILED;
	int fd;

	if (access("/dev/udmabuf", F_OK)) {
		printf("ok %d %s # SKIP no /dev/udmabuf\n", ++tests, what);
		return;
	}
	if (!look_anew(v, SONO_HELLO_DMABUF, 1) &&
	    sono_client_wait(v->client, 10000) == 1 &&
	    sono_client_next(v->client, &p) == 1) {
		f = sono_client_format(v->client);
		fd = sono_client_dmabuf(v->client, &p);
		map = mmap(NULL, f->buffer_bytes, PROT_READ, MAP_SHARED, fd, 0);
		result(map != MAP_FAILED &&
		       !memcmp(map, p.data,
			       f->layer[SONO_LAYER_COMPOSITE].bytes), what);
		munmap(map, f->buffer_bytes);
	} else {
		result(false, what);
	}
	look_anew(v, 0, 1);
}

/* The client holds on, as one that is written well does. */
static void test_killed(struct view *v)
{
	struct sono_picture p;
	int64_t killed = now_ns(), from;
	int ret;

	daemon_end(&v->daemon, SIGKILL);
	from = now_ns() + CLOSE_NS;
	while ((ret = sono_client_next(v->client, &p)) >= 0)
		if (ret)
			sono_client_return(v->client, &p);
		else
			sono_client_wait(v->client, 1000);
	result(ret == -EPIPE, "a client is told that sonod has gone");
	sono_control_close(v->control);
	sleep_until(killed + RESTART_NS);
	ret = run(v);
	printf("# back after %ld ms\n", (now_ns() - killed) / (1000 * 1000));
	result(!ret && now_ns() - killed < BACK_NS,
	       "it is back within 2 seconds");
	sleep_until(from + 500 * MS);
	silent(v, "killed", from, now_ns());
	if (!ret)
		ret = scan(v);
	if (!ret)
		ret = look_anew(v, 0, PICTURES);
	result(!ret, "pictures again, for a client that has come back");
}

static bool has_fault(struct view *v)
{
	char *reply;
	bool fault;

	if (sono_control_ask(v->control, "{\"do\":\"state\"}", &reply) < 0)
		return false;
	fault = strstr(reply, "\"state\":\"fault\"");
	if (fault)
		printf("# %s\n", strstr(reply, "\"fault\":\""));
	free(reply);
	return fault;
}

/* A process that stands still does not transmit, nor when it goes on. */
static void test_stopped(struct view *v)
{
	const int64_t stopped = now_ns();
	bool fault = false;
	int ret;

	kill(v->daemon.pid, SIGSTOP);
	sleep_until(stopped + LAPSE_NS + 500 * MS);
	kill(v->daemon.pid, SIGCONT);
	for (int i = 0; i < 100 && !fault; i++) {
		usleep(20000);
		fault = has_fault(v);
	}
	result(fault, "stopped and continued it says that the heartbeat lapsed");
	usleep(300000);
	silent(v, "continued", stopped + LAPSE_NS, now_ns());
	ret = scan(v);
	if (!ret)
		ret = look_anew(v, 0, PICTURES);
	result(!ret, "scan is the way out");
}

static void test_controller_gone(struct view *v)
{
	int64_t from;

	sono_control_close(v->control);
	from = now_ns() + CLOSE_NS + HEARTBEAT_MS * MS / 4;
	sleep_until(from + 500 * MS);
	silent(v, "controller", from, now_ns());
	result(!sono_control_open(&v->control, v->daemon.control, NULL, 0),
	       "sonod goes on without its controller");
}

int main(int argc, char **argv)
{
	struct view v = { 0 };

	node = argc > 1 ? argv[1] : "/dev/sono0";
	daemon_prepare(&v.daemon);
	v.daemon.child = without_rights;
	let_in(&v.daemon);
	test_begin(&v);
	test_dmabuf(&v);
	for (int i = 0; i < 3; i++)
		test_killed(&v);
	test_stopped(&v);
	test_controller_gone(&v);
	sono_client_close(v.client);
	sono_control_close(v.control);
	daemon_end(&v.daemon, SIGTERM);
	daemon_clean(&v.daemon);
	printf("1..%d\n", tests);
	return failed ? 1 : 0;
}
