// SPDX-License-Identifier: MIT
/* The control socket, from a client's side, on a sonod that says what it likes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"

/* What a line of a script is. */
enum what { END, AS_IT_IS, REPLY, LATE };

/**
 * struct line - that is said
 * @what: REPLY: to the request; LATE: to the one before; END: of what is said at
 *        once. Two of them end all
 * @cfg_gen: of a reply
 * @text: AS_IT_IS
 */
struct line {
	enum what what;
	int cfg_gen;
	const char *text;
};

/**
 * struct script - a sonod
 * @line: that it says next
 * @id: of the latest request, and of the one before it
 */
struct script {
	const struct line *line;
	json_int_t id[2];
	char dir[32], path[64];
	int listener;
	pthread_t thread;
};

#define TURN	   { .what = END }
#define SAY(text_) { .what = AS_IT_IS, .text = text_ }
#define ANSWER(n)  { .what = REPLY, .cfg_gen = n }
#define BELATED(n) { .what = LATE, .cfg_gen = n }

#define REPLY_FORMAT "{\"ok\":true,\"id\":%lld,\"cfg_gen\":%d}"

static void say(const struct script *s, int fd, const struct line *line)
{
	char text[128];

	if (line->what == AS_IT_IS)
		snprintf(text, sizeof(text), "%s", line->text);
	else
		snprintf(text, sizeof(text), REPLY_FORMAT,
			 (long long)s->id[line->what == LATE], line->cfg_gen);
	/* it may have gone */
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static bool hear(struct script *s, int fd)
{
	char text[256];
	ssize_t bytes = recv(fd, text, sizeof(text), 0);
	json_t *request;

	if (bytes <= 0)
		return false;
	request = json_loadb(text, bytes, 0, NULL);
	s->id[1] = s->id[0];
	s->id[0] = json_integer_value(json_object_get(request, "id"));
	json_decref(request);
	return true;
}

static void *serve(void *arg)
{
	struct script *s = arg;
	int fd = accept(s->listener, NULL, NULL);

	while (s->line->what && hear(s, fd)) {
		for (; s->line->what; s->line++)
			say(s, fd, s->line);
		s->line++;
	}
	/* until it closes */
	hear(s, fd);
	close(fd);
	return NULL;
}

static struct sono_control *begin(struct script *s, const struct line *line)
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

/* As one of a "set" that came to nothing in ten seconds, when another is asked. */
Test(control, a_reply_that_is_late_is_not_the_next_ones, .timeout = 60)
{
	static const struct line lines[] = {
		ANSWER(1), TURN,
		BELATED(98), ANSWER(5), TURN,
		TURN,
	};
	struct script s;
	struct sono_control *c = begin(&s, lines);
	char expected[64], *reply;

	cr_expect_eq(sono_control_ask(c, "{\"do\":\"set\"}", &reply), 5);
	snprintf(expected, sizeof(expected), REPLY_FORMAT, (long long)s.id[0],
		 5);
	cr_expect_str_eq(reply, expected);
	cr_expect_neq(s.id[0], s.id[1]);
	free(reply);
	end(&s, c);
}

Test(control, a_reply_that_waits_is_nobodys, .timeout = 60)
{
	static const struct line lines[] = {
		ANSWER(1), ANSWER(99), TURN,
		ANSWER(5), TURN,
		TURN,
	};
	struct script s;
	struct sono_control *c = begin(&s, lines);
	struct pollfd p = { .fd = sono_control_fd(c), .events = POLLIN };

	cr_assert_eq(poll(&p, 1, 30000), 1);
	cr_expect_eq(sono_control_ask(c, "{\"do\":\"freeze\"}", NULL), 5);
	end(&s, c);
}

/* What a client calls "id" itself is not taken for ours. */
Test(control, requests_are_numbered_by_us, .timeout = 60)
{
	static const struct line lines[] = {
		ANSWER(1), TURN,
		ANSWER(2), TURN,
		TURN,
	};
	struct script s;
	struct sono_control *c = begin(&s, lines);
	const json_int_t before = s.id[0];

	cr_expect_eq(sono_control_ask(c, "{\"do\":\"set\",\"id\":-7}", NULL),
		     2);
	cr_expect_gt(s.id[0], before);
	end(&s, c);
}

Test(control, events_between_are_kept, .timeout = 60)
{
	static const char *const event = "{\"event\":\"state\",\"n\":2}";
	const struct line lines[] = {
		ANSWER(1), TURN,
		SAY("{\"event\":\"state\",\"n\":1}"),
		BELATED(99),
		SAY(event),
		ANSWER(5), TURN,
		TURN,
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

/* Why one was thrown out: before it asks, or while it waits. */
static void thrown_out(const struct line *lines)
{
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

#define TOO_SILENT SAY("{\"ok\":false,\"error\":\"too silent\"}")

Test(control, what_names_no_request_is_for_whoever_asks, .timeout = 60)
{
	static const struct line before[] = {
		ANSWER(1), TOO_SILENT, TURN,
		TURN,
	};
	static const struct line meanwhile[] = {
		ANSWER(1), TURN,
		TOO_SILENT, TURN,
		TURN,
	};

	thrown_out(before);
	thrown_out(meanwhile);
}
