// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * sono-sim: the emulated board behind a vfio-user socket. It waits for one
 * client, serves it until it goes away, and ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "recorded.h"
#include "server.h"
#include "signature.h"

static volatile sig_atomic_t ended;

static int fail(const char *what, const char *to, const char *why)
{
	fprintf(stderr, "sono-sim: %s %s: %s\n", what, to, why);
	return 1;
}

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

/* Signals end the server between two waits, never in the midst of one. */
static void catch_signals(sigset_t *while_waiting)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t blocked;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, while_waiting);
	signal(SIGPIPE, SIG_IGN);
}

static int wait_for(int fd, uint64_t ns, const sigset_t *signals)
{
	struct timespec ts = { (time_t)(ns / 1000000000),
			       (long)(ns % 1000000000) };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (ppoll(&p, 1, ns == SIM_NEVER ? NULL : &ts, signals) < 0)
		return errno == EINTR ? 0 : -errno;
	return 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* The only client there will be, or -errno; -EINTR on a signal. */
static int accept_one(int listener, const sigset_t *signals)
{
	int err = wait_for(listener, SIM_NEVER, signals);
	int fd;

	if (err)
		return err;
	if (ended)
		return -EINTR;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int serve(struct server *s, const sigset_t *signals)
{
	int err = 0;

	while (!ended && !err) {
		uint64_t ns = server_run(s);

		err = wait_for(s->wire.fd, ns, signals);
		if (!err)
			err = server_serve(s);
	}
	return err == -ECONNRESET ? 0 : err;
}

/* What the ADC is connected to; one of the two, or neither for the ramp. */
struct source {
	struct recorded *recorded;
	struct sim_frontend *phantom;
};

/* 0, or the status to exit with. */
static int open_source(struct source *source, struct options *o)
{
	char why[256] = "";
	int err = 0;

	*source = (struct source){ 0 };
	if (o->replay) {
		err = recorded_open(&source->recorded, o->replay, why,
				    sizeof(why));
		if (err)
			return fail("cannot replay", o->replay, why);
		recorded_limits(source->recorded, &o->config.limits);
		o->config.frontend = recorded_frontend(source->recorded);
	} else if (o->scene && strcmp(o->scene, "pattern")) {
		err = sim_phantom_create(&source->phantom, o->scene,
					 &o->phantom);
		if (err == -ENOENT) {
			fail("cannot show scene", o->scene, "no such scene");
			return 2;
		}
		if (err)
			return fail("cannot show scene", o->scene,
				    strerror(-err));
		o->config.frontend = source->phantom;
	}
	return 0;
}

static void close_source(struct source *source)
{
	recorded_close(source->recorded);
	sim_frontend_destroy(source->phantom);
}

/* Memory for the flash, of a file if there is one. */
static struct sim_flash *map_flash(const char *path)
{
	const size_t bytes = sizeof(struct sim_flash);
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *at;

	if (path) {
		flags = MAP_SHARED;
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return NULL;
	}
	at = path && ftruncate(fd, (off_t)bytes) ?
		     MAP_FAILED :
		     mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
	return at == MAP_FAILED ? NULL : at;
}

/* 0, or the status to exit with. */
static int open_flash(struct options *o)
{
	struct sim_flash *flash = map_flash(o->flash);

	if (!flash)
		return fail("no memory for the flash", o->flash ? o->flash : "",
			    strerror(errno));
	sim_flash_init(flash);
	o->config.flash = flash;
	o->config.verify = signature_good;
	return 0;
}

static void close_flash(const struct options *o)
{
	if (o->config.flash)
		munmap(o->config.flash, sizeof(*o->config.flash));
}

static int run(const struct options *o, int listener, const sigset_t *signals)
{
	static struct server server;
	int fd = accept_one(listener, signals);
	int err;

	if (fd < 0)
		return fd == -EINTR ? 0 : fd;
	err = server_init(&server, &o->config, o->log, fd);
	if (err) {
		close(fd);
		return err;
	}
	err = serve(&server, signals);
	server_finish(&server);
	return err;
}

/* Listen, serve, clean up: everything that belongs to the socket. */
static int serve_at(const struct options *o)
{
	sigset_t signals;
	int listener, err;

	catch_signals(&signals);
	listener = listen_at(o->socket);
	if (listener < 0)
		return fail("cannot listen at", o->socket, strerror(-listener));
	err = run(o, listener, &signals);
	close(listener);
	unlink(o->socket);
	return err ? fail("cannot serve", o->socket, strerror(-err)) : 0;
}

int main(int argc, char **argv)
{
	struct source source;
	struct options o;
	int status;

	if (options_parse(&o, argc, argv))
		return 2;
	if (o.help) {
		options_help();
		return 0;
	}
	status = open_source(&source, &o);
	if (!status)
		status = open_flash(&o);
	if (!status)
		status = serve_at(&o);
	close_flash(&o);
	close_source(&source);
	return status;
}
