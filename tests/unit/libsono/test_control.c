// SPDX-License-Identifier: MIT
/* The control socket, from a client's side, on a sonod that says what it likes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"

/* Said at every request, the next of these; NULL ends a turn, two all. */
struct script {
	const char *const *line;
	char dir[32], path[64];
	int listener;
	pthread_t thread;
};

static void say(int fd, const char *text)
{
	/* it may have gone */
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void *serve(void *arg)
{
	struct script *s = arg;
	const char *const *line = s->line;
	char request[256];
	int fd = accept(s->listener, NULL, NULL);

	while (*line && recv(fd, request, sizeof(request), 0) > 0) {
		for (; *line; line++)
			say(fd, *line);
		line++;
	}
	/* until it closes */
	(void)!recv(fd, request, sizeof(request), 0);
	close(fd);
	return NULL;
}

static struct sono_control *begin(struct script *s, const char *const *line)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sono_control *c;
	char why[128];

	*s = (struct script){ .line = line, .dir = "/tmp/sono.XXXXXX" };
	cr_assert_not_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/control", s->dir);
	strcpy(address.sun_path, s->path);
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	cr_assert_eq(bind(s->listener, (struct sockaddr *)&address,
			  sizeof(address)), 0);
	cr_assert_eq(listen(s->listener, 1), 0);
	cr_assert_eq(pthread_create(&s->thread, NULL, serve, s), 0);
	cr_assert_eq(sono_control_open(&c, s->path, why, sizeof(why)), 0, "%s",
		     why);
	return c;
}

static void end(struct script *s, struct sono_control *c)
{
	sono_control_close(c);
	pthread_join(s->thread, NULL);
	close(s->listener);
	unlink(s->path);
	rmdir(s->dir);
}

#define OK(name, gen) \
	"{\"ok\":true,\"do\":\"" name "\",\"cfg_gen\":" #gen "}"

Test(control, a_reply_that_is_late_is_not_the_next_ones, .timeout = 60)
{
	static const char *const lines[] = {
		OK("state", 1), OK("preset", 99), NULL,
		OK("take", 98), OK("freeze", 5), NULL, NULL,
	};
	struct script s;
	struct sono_control *c = begin(&s, lines);
	char *reply;

	cr_expect_eq(sono_control_ask(c, "{\"do\":\"freeze\"}", &reply), 5);
	cr_expect_str_eq(reply, OK("freeze", 5));
	free(reply);
	end(&s, c);
}

/* Of the same name, too, if it is there before the request. */
Test(control, a_reply_that_waits_is_nobodys, .timeout = 60)
{
	static const char *const lines[] = {
		OK("state", 1), OK("freeze", 99), NULL,
		OK("freeze", 5), NULL, NULL,
	};
	struct script s;
	struct sono_control *c = begin(&s, lines);
	struct pollfd p = { .fd = sono_control_fd(c), .events = POLLIN };

	cr_assert_eq(poll(&p, 1, 30000), 1);
	cr_expect_eq(sono_control_ask(c, "{\"do\":\"freeze\"}", NULL), 5);
	end(&s, c);
}

Test(control, events_between_are_kept, .timeout = 60)
{
	static const char *const event = "{\"event\":\"state\",\"n\":2}";
	const char *const lines[] = {
		OK("state", 1), NULL,
		"{\"event\":\"state\",\"n\":1}", OK("preset", 99), event,
		OK("freeze", 5), NULL, NULL,
	};
	struct script s;
	struct sono_control *c = begin(&s, lines);
	char *text;

	cr_expect_eq(sono_control_ask(c, "{\"do\":\"freeze\"}", NULL), 5);
	text = sono_control_event(c);
	cr_expect_str_eq(text, event);
	free(text);
	end(&s, c);
}

/* What is no reply to a request: why one is thrown out. */
Test(control, what_names_no_request_is_for_whoever_asks, .timeout = 60)
{
	static const char *const lines[] = {
		OK("state", 1), "{\"ok\":false,\"error\":\"too silent\"}", NULL,
		NULL,
	};
	struct script s;
	struct sono_control *c = begin(&s, lines);
	char *reply;

	usleep(100000);
	cr_expect_eq(sono_control_ask(c, "{\"do\":\"freeze\"}", &reply),
		     -EREMOTEIO);
	cr_expect_not_null(strstr(reply, "too silent"));
	free(reply);
	end(&s, c);
}
