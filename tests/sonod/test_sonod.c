// SPDX-License-Identifier: MIT
/* sonod among clients that are not as they should be, and as a process. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "served.h"

/* --- clients that are not as they should be --- */

/* The first message after @bytes of @data have been sent says @why. */
static void thrown_out(const void *data, size_t bytes, const char *why)
{
	struct sono_stream_refused r = { 0 };
	int fd = raw(d.stream);

	cr_assert_eq(send(fd, data, bytes, 0), (ssize_t)bytes);
	cr_assert_eq(recv(fd, &r, sizeof(r), 0), (ssize_t)sizeof(r));
	cr_assert_eq(r.kind, SONO_STREAM_REFUSED);
	cr_assert(strstr(r.why, why), "%s", r.why);
	cr_assert_eq(recv(fd, &r, sizeof(r), 0), 0);
	close(fd);
}

Test(sonod, wrong_messages_are_refused)
{
	struct sono_stream_hello hello = { SONO_STREAM_HELLO, 99, 0, 0 };
	const struct sono_stream_return early = { SONO_STREAM_RETURN, 1, 0, 0 };
	const uint32_t nothing = 77;

	thrown_out(&hello, sizeof(hello), "version 99, this is 1");
	thrown_out(&hello, sizeof(hello) - 4, "of another size");
	hello.version = SONO_STREAM_VERSION;
	hello.layers = 1u << 30;
	thrown_out(&hello, sizeof(hello), "unknown layers");
	thrown_out(&early, sizeof(early), "no such message");
	thrown_out(&nothing, sizeof(nothing), "no such message");
	thrown_out("x", 1, "no such message");
}

Test(sonod, a_buffer_that_is_not_held_cannot_be_returned)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p, again;
	int ret;

	scan();
	next(c, &p);
	again = p;
	sono_client_return(c, &p);
	sono_client_return(c, &again);
	while ((ret = sono_client_next(c, &p)) >= 0)
		cr_assert_eq(sono_client_wait(c, PATIENCE_MS), 1);
	cr_assert_eq(ret, -ECONNREFUSED);
	cr_assert(strstr(sono_client_refusal(c), "is not held"));
	sono_client_close(c);
}

Test(sonod, the_ninth_client_is_refused_and_the_eighth_is_not)
{
	struct sono_client *c[9];
	struct sono_picture p;
	int ret;

	scan();
	for (int i = 0; i < 9; i++)
		c[i] = look(0, 0);
	while ((ret = sono_client_next(c[8], &p)) == 0)
		cr_assert_eq(sono_client_wait(c[8], PATIENCE_MS), 1);
	cr_assert_eq(ret, -ECONNREFUSED);
	cr_assert(strstr(sono_client_refusal(c[8]), "8 clients"));
	/* all hold two, and there is still a buffer for the next picture */
	for (int i = 0; i < 7; i++) {
		next(c[i], &p);
		next(c[i], &p);
	}
	for (int i = 0; i < 20; i++) {
		next(c[7], &p);
		sono_client_return(c[7], &p);
	}
	for (int i = 0; i < 9; i++)
		sono_client_close(c[i]);
}

#define PLACES 8	/* of the stream */
#define ASKERS 16	/* of control */

/* The last message, after which it is closed, has @why. */
static void closed_with(int fd, const char *why)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char message[512] = "";
	ssize_t bytes;

	cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
	bytes = recv(fd, message, sizeof(message), 0);
	cr_assert_gt(bytes, 0, "closed without a word");
	cr_assert(memmem(message, bytes, why, strlen(why)));
	cr_assert_eq(recv(fd, message, sizeof(message), 0), 0);
	close(fd);
}

/* All places are taken by them, and then they are free again. */
Test(sonod, who_says_nothing_keeps_no_place)
{
	struct sono_control *other;
	struct sono_client *c;
	struct sono_picture p;
	int stream[PLACES], asker[ASKERS - 1];

	for (int i = 0; i < PLACES; i++)
		stream[i] = raw(d.stream);
	for (int i = 0; i < ASKERS - 1; i++)
		asker[i] = raw(d.control);
	for (int i = 0; i < PLACES; i++)
		closed_with(stream[i], "nothing was asked for within 2000 ms");
	for (int i = 0; i < ASKERS - 1; i++)
		closed_with(asker[i], "nothing was asked for within 2000 ms");
	/* who has asked once may be silent */
	scan();
	cr_assert_eq(sono_control_open(&other, d.control, NULL, 0), 0);
	sono_control_close(other);
	c = look(0, 0);
	next(c, &p);
	sono_client_close(c);
}

Test(sonod, the_seventeenth_asker_is_told)
{
	struct sono_control *c[ASKERS];
	char why[128] = "";

	for (int i = 0; i < ASKERS - 1; i++)
		cr_assert_eq(sono_control_open(&c[i], d.control, NULL, 0), 0);
	cr_assert_eq(sono_control_open(&c[ASKERS - 1], d.control, why,
				       sizeof(why)),
		     -ECONNREFUSED);
	cr_assert(strstr(why, "16 clients are here already"), "%s", why);
	for (int i = 0; i < ASKERS - 1; i++)
		sono_control_close(c[i]);
}

/* Noise from a seed, on both sockets, and then all goes on. */
Test(sonod, noise_costs_nothing)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	uint8_t noise[300];

	scan();
	srandom(7);
	for (int i = 0; i < 200; i++) {
		const int fd = raw(i % 2 ? d.stream : d.control);
		const size_t bytes = 1 + random() % sizeof(noise);

		for (size_t k = 0; k < bytes; k++)
			noise[k] = random();
		if (i % 3)
			noise[0] = 1 + random() % 5;
		cr_assert_eq(send(fd, noise, bytes, MSG_NOSIGNAL),
			     (ssize_t)bytes);
		close(fd);
	}
	is_state(control, "scanning");
	next(c, &p);
	sono_client_close(c);
}

/* --- descriptors --- */

/* Of a client that has seen the first picture and holds it. */
static int take_bell(int fd, struct sono_stream_frame *frame)
{
	const struct sono_stream_hello hello = {
		.kind = SONO_STREAM_HELLO,
		.version = SONO_STREAM_VERSION,
	};
	struct sono_stream_format format;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} ancillary;
	struct iovec iov = { &format, sizeof(format) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary),
	};
	int fds[2];

	cr_assert_eq(send(fd, &hello, sizeof(hello), 0),
		     (ssize_t)sizeof(hello));
	cr_assert_eq(recvmsg(fd, &message, 0), (ssize_t)sizeof(format));
	memcpy(fds, CMSG_DATA(&ancillary.header), sizeof(fds));
	close(fds[0]);
	cr_assert_eq(recv(fd, frame, sizeof(*frame), 0),
		     (ssize_t)sizeof(*frame));
	return fds[1];
}

/* Its open file is sonod's too: the flags are those of both. */
Test(sonod, a_bell_that_is_full_and_blocks_holds_nobody_up)
{
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	struct sono_stream_return back = { .kind = SONO_STREAM_RETURN };
	const uint64_t full = UINT64_MAX - 1;
	struct sono_client *c = look(0, 0);
	struct sono_stream_frame frame;
	struct sono_picture p;
	uint64_t count;
	int fd = raw(d.stream), bell;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
				sizeof(patience)),
		     0);
	scan();
	bell = take_bell(fd, &frame);
	cr_assert_eq(fcntl(bell, F_SETFL, 0), 0);
	cr_assert_eq(read(bell, &count, sizeof(count)), 8);
	cr_assert_eq(write(bell, &full, sizeof(full)), 8);
	for (int i = 0; i < 10; i++) {
		back.format = frame.format;
		back.index = frame.index;
		cr_assert_eq(send(fd, &back, sizeof(back), 0),
			     (ssize_t)sizeof(back));
		cr_assert_eq(recv(fd, &frame, sizeof(frame), 0),
			     (ssize_t)sizeof(frame), "picture %d", i);
		next(c, &p);
		sono_client_return(c, &p);
	}
	close(fd);
	close(bell);
	sono_client_close(c);
	cr_assert_eq(WEXITSTATUS(daemon_end(&d, SIGTERM)), 0);
}

/* sonod can open @count more, until it closes some. */
static void leave(int count)
{
	struct rlimit limit;
	char path[64];
	int fd = 0;

	cr_assert_eq(prlimit(d.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	for (; fd < (int)limit.rlim_max; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", d.pid, fd);
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) &&
		    !count--)
			break;
	}
	limit.rlim_cur = fd;
	cr_assert_eq(prlimit(d.pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

static double processor_ms(void)
{
	struct timespec t;
	clockid_t clock;

	cr_assert_eq(clock_getcpuclockid(d.pid, &clock), 0);
	clock_gettime(clock, &t);
	return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

/* 300 ms of a loop that goes round would be 300 ms for each socket. */
Test(sonod, without_descriptors_clients_wait_and_nothing_spins)
{
	struct sono_client *c;
	struct sono_picture p;
	double before;
	int asker;

	scan();
	leave(1);
	closed_with(raw(d.stream), "cannot be served: Too many open files");
	/* connected, and in the queue */
	leave(0);
	asker = raw(d.control);
	c = look(0, 0);
	do_it("{\"do\":\"freeze\"}");
	before = processor_ms();
	usleep(300000);
	cr_assert_lt(processor_ms() - before, 100);
	cr_assert_eq(sono_client_wait(c, 0), 0);
	leave(20);
	do_it("{\"do\":\"scan\"}");
	next(c, &p);
	sono_client_close(c);
	close(asker);
}

/* --- the process --- */

Test(sonod, a_client_that_is_killed_costs_nothing)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	pid_t pid;

	scan();
	for (int i = 0; i < 20; i++) {
		pid = fork();
		if (!pid) {
			struct sono_client *child = look(0, 0);

			next(child, &p);
			next(child, &p);
			kill(getpid(), SIGKILL);
		}
		waitpid(pid, NULL, 0);
		next(c, &p);
		sono_client_return(c, &p);
	}
	sono_client_close(c);
}

Test(sonod, killed_it_leaves_nothing_that_hinders)
{
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE, NULL };
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	int ret;

	scan();
	next(c, &p);
	daemon_end(&d, SIGKILL);
	while ((ret = sono_client_next(c, &p)) >= 0)
		sono_client_wait(c, 1000);
	cr_assert_eq(ret, -EPIPE);
	sono_client_close(c);
	sono_control_close(control);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	is_state(control, "frozen");
	c = look(0, 0);
	scan();
	next(c, &p);
	sono_client_close(c);
}

/* Also where it is the terminal that goes. */
Test(sonod, terminated_it_ends_well)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE, NULL };
	int status;

	for (int i = 0; i < 3; i++) {
		scan();
		status = daemon_end(&d, numbers[i]);
		cr_assert(WIFEXITED(status), "%s", strsignal(numbers[i]));
		cr_assert_eq(WEXITSTATUS(status), 0);
		sono_control_close(control);
		cr_assert_eq(daemon_run(&d, args), 0);
		cr_assert_eq(sono_control_open(&control, d.control, NULL, 0),
			     0);
	}
}

static void outlive_the_terminal(const struct daemon *daemon)
{
	(void)daemon;
	signal(SIGHUP, SIG_IGN);
}

Test(sonod, under_nohup_it_outlives_the_terminal)
{
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE, NULL };

	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	d.child = outlive_the_terminal;
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	scan();
	kill(d.pid, SIGHUP);
	usleep(300000);
	is_state(control, "scanning");
}

/* --- under systemd --- */

static int listening(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strcpy(address.sun_path, path);
	unlink(path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 4), 0);
	return fd;
}

/* As systemd does: from descriptor 3 on, and for this process alone. */
static void hand_over(const struct daemon *daemon)
{
	const int stream = listening(daemon->stream);
	const int other = listening(daemon->control);
	char pid[16];

	dup2(fcntl(stream, F_DUPFD, 10), 4);
	dup2(fcntl(other, F_DUPFD, 10), 3);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
}

Test(sonod, sockets_are_handed_over)
{
	/* what it would make for itself has nowhere to be */
	const char *const args[] = { "--sockets", "/none", "--preset", "fast",
				     SOURCE, NULL };
	struct sono_client *c;
	struct sono_picture p;

	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	d.child = hand_over;
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	c = look(0, 0);
	scan();
	next(c, &p);
	sono_client_close(c);
}

static int notices;

static void be_watched(const struct daemon *daemon)
{
	(void)daemon;
	setenv("WATCHDOG_USEC", "300000", 1);
}

/* Notices with @text within a second. */
static unsigned int count_notices(const char *text)
{
	struct pollfd ready = { .fd = notices, .events = POLLIN };
	struct timespec begin, now;
	unsigned int n = 0;
	char notice[256];
	ssize_t bytes;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		if (poll(&ready, 1, 50) == 1) {
			bytes = recv(notices, notice, sizeof(notice) - 1, 0);
			cr_assert_gt(bytes, 0);
			notice[bytes] = '\0';
			n += !!strstr(notice, text);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec +
			 1e-9 * (now.tv_nsec - begin.tv_nsec) < 1);
	return n;
}

static void notify_path(struct sockaddr_un *address)
{
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/notify",
		 d.dir);
}

static void listen_to_notices(void)
{
	struct sockaddr_un address = { 0 };

	notify_path(&address);
	notices = socket(AF_UNIX, SOCK_DGRAM, 0);
	cr_assert_eq(bind(notices, (struct sockaddr *)&address,
			  sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
}

static void stop_listening(void)
{
	struct sockaddr_un address = { 0 };

	notify_path(&address);
	unlink(address.sun_path);
}

/* Ready once, then a sign of life every third of the time, frozen or not. */
Test(sonod, systemd_is_told)
{
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE, NULL };

	listen_to_notices();
	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	d.child = be_watched;
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	cr_assert_eq(count_notices("READY=1"), 1);
	cr_assert_geq(count_notices("WATCHDOG=1"), 5);
	scan();
	cr_assert_geq(count_notices("WATCHDOG=1"), 5);
	daemon_end(&d, SIGTERM);
	cr_assert_eq(count_notices("STOPPING=1"), 1);
	stop_listening();
}

/* Its number, by its name; Linux keeps both in /proc. */
static pid_t thread_of(pid_t pid, const char *name)
{
	char path[300], comm[32];
	struct dirent *entry;
	pid_t tid = 0;
	DIR *dir;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) && !tid) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", pid,
			 entry->d_name);
		f = fopen(path, "r");
		if (f && fgets(comm, sizeof(comm), f) &&
		    !strncmp(comm, name, strlen(name)))
			tid = atoi(entry->d_name);
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return tid;
}

static pid_t held;

/* One thread alone stands still, which no signal can do, but a debugger. */
static void hold(const char *name)
{
	const pid_t tid = thread_of(d.pid, name);

	cr_assert(tid, "no thread %s", name);
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL))
		cr_skip("ptrace: %s", strerror(errno));
	cr_assert_eq(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	cr_assert_eq(waitpid(tid, NULL, __WALL), tid);
	held = tid;
}

static void watched_by_systemd(void)
{
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE, NULL };

	start();
	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	listen_to_notices();
	d.child = be_watched;
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
}

static void watched_no_more(void)
{
	/* a process ends when nobody holds any of its threads */
	if (held)
		ptrace(PTRACE_DETACH, held, NULL, NULL);
	sono_control_close(control);
	control = NULL;
	daemon_end(&d, SIGKILL);
	stop_listening();
	finish();
}

TestSuite(sonod_watched, .init = watched_by_systemd, .fini = watched_no_more);

/* Frozen or not: nobody could end transmit. */
Test(sonod_watched, control_that_is_stuck_is_noticed)
{
	cr_assert_geq(count_notices("WATCHDOG=1"), 5);
	hold("control");
	/* what was on its way */
	count_notices("WATCHDOG=1");
	cr_assert_eq(count_notices("WATCHDOG=1"), 0);
}

Test(sonod_watched, a_scanner_that_is_stuck_is_noticed)
{
	scan();
	hold("scanner");
	count_notices("WATCHDOG=1");
	cr_assert_eq(count_notices("WATCHDOG=1"), 0);
}

/* It is frozen and has nothing to do, until somebody asks. */
Test(sonod_watched, a_frozen_scanner_that_is_stuck_is_noticed)
{
	static const char freeze[] = "{\"do\":\"freeze\"}";
	int fd;

	hold("scanner");
	fd = raw(d.control);
	cr_assert_gt(send(fd, freeze, strlen(freeze), 0), 0);
	count_notices("WATCHDOG=1");
	cr_assert_eq(count_notices("WATCHDOG=1"), 0);
	close(fd);
}

/* Its user and its group, from the first moment on. */
Test(sonod, sockets_are_of_the_group)
{
	const char *const path[] = { d.stream, d.control };
	struct stat st;

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(stat(path[i], &st), 0);
		cr_assert_eq(st.st_mode & 07777, 0660, "%s: %o", path[i],
			     st.st_mode);
	}
}

/* What somebody else has put there is not ours to remove. */
Test(sonod, a_file_in_the_place_of_a_socket_stays)
{
	const char *const args[] = { SOURCE, NULL };
	struct daemon other;
	FILE *f;
	char text[8];

	daemon_prepare(&other);
	f = fopen(other.control, "w");
	fputs("mine", f);
	fclose(f);
	cr_assert_eq(daemon_run(&other, args), -ECHILD);
	f = fopen(other.control, "r");
	cr_assert(f);
	cr_assert_str_eq(fgets(text, sizeof(text), f), "mine");
	fclose(f);
	daemon_clean(&other);
}

Test(sonod, a_second_one_does_not_take_the_sockets)
{
	const char *const args[] = { SOURCE, NULL };
	struct daemon second = d;

	cr_assert_eq(daemon_run(&second, args), 0, "the first answers");
	usleep(500000);
	cr_assert_eq(waitpid(second.pid, NULL, WNOHANG), second.pid);
	is_state(control, "frozen");
}
