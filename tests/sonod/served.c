// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "served.h"

struct daemon d;
struct sono_control *control;

void start(void)
{
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE, NULL };
	char why[128];

	daemon_prepare(&d);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, why, sizeof(why)),
		     0, "%s", why);
}

void finish(void)
{
	sono_control_close(control);
	daemon_clean(&d);
}

TestSuite(sonod, .init = start, .fini = finish);

/* --- asking --- */

json_t *granted(struct sono_control *c, const char *request)
{
	char *text;
	int64_t ret = sono_control_ask(c, request, &text);
	json_t *reply = text ? json_loads(text, 0, NULL) : NULL;

	cr_assert_geq(ret, 0, "%s: %s", request, text ? text : "no reply");
	free(text);
	return reply;
}

int64_t do_it(const char *request)
{
	json_t *reply = granted(control, request);
	int64_t cfg_gen = json_integer_value(json_object_get(reply, "cfg_gen"));

	json_decref(reply);
	return cfg_gen;
}

void is_state(struct sono_control *c, const char *state)
{
	json_t *reply = granted(c, "{\"do\":\"state\"}");
	json_t *s = json_object_get(reply, "state");

	cr_assert_str_eq(json_string_value(json_object_get(s, "state")), state);
	json_decref(reply);
}

void scan(void)
{
	do_it("{\"do\":\"take\"}");
	do_it("{\"do\":\"scan\"}");
}

int raw(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strcpy(address.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)),
		     0);
	return fd;
}

/* --- looking --- */

struct sono_client *look(uint32_t layers, uint32_t flags)
{
	struct sono_client *c;
	char why[128];

	cr_assert_eq(sono_client_open(&c, d.stream, layers, flags, why,
				      sizeof(why)),
		     0, "%s", why);
	return c;
}

static void no_picture(void)
{
	char *reply = NULL;

	sono_control_ask(control, "{\"do\":\"state\"}", &reply);
	cr_assert_fail("no picture: %s", reply ? reply : "and no sonod");
}

void next(struct sono_client *c, struct sono_picture *p)
{
	int ret;

	while ((ret = sono_client_next(c, p)) == 0)
		if (sono_client_wait(c, PATIENCE_MS) != 1)
			no_picture();
	cr_assert_eq(ret, 1, "%d %s", ret, sono_client_refusal(c));
}

void is_accounted(const struct sono_stream_frame *f)
{
	const struct sono_stream_counts *n = &f->counts;

	cr_assert_eq(f->seq + 1, n->taken + n->skipped + n->dropped + n->lost,
		     "%lu: %lu %lu %lu %lu", f->seq, n->taken, n->skipped,
		     n->dropped, n->lost);
}
