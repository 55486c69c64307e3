// SPDX-License-Identifier: MIT
/* sonod from the side of who controls, on a board in process. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "served.h"

/* Return: the table that the board has, which is unchanged. */
static int64_t refused(struct sono_control *c, const char *request,
		       const char *reason)
{
	char *text;
	json_t *reply, *cfg_gen;
	int64_t ret;

	cr_assert_eq(sono_control_ask(c, request, &text), -EREMOTEIO, "%s",
		     request);
	cr_assert(strstr(text, reason), "%s: %s", request, text);
	reply = json_loads(text, 0, NULL);
	cfg_gen = json_object_get(reply, "cfg_gen");
	cr_assert(json_is_integer(cfg_gen), "%s: %s", request, text);
	ret = json_integer_value(cfg_gen);
	json_decref(reply);
	free(text);
	return ret;
}

static bool in_state(const char *state)
{
	json_t *reply = granted(control, "{\"do\":\"state\"}");
	json_t *s = json_object_get(reply, "state");
	const bool is = !strcmp(json_string_value(json_object_get(s, "state")),
				state);

	json_decref(reply);
	return is;
}

/* In two seconds: others may have the processors. */
static void becomes(const char *state)
{
	for (int i = 0; i < 100 && !in_state(state); i++)
		usleep(20000);
	cr_assert(in_state(state), "it is not %s", state);
}

/* --- who has it --- */

Test(sonod, one_client_has_the_control)
{
	struct sono_control *other;

	cr_assert_eq(sono_control_open(&other, d.control, NULL, 0), 0);
	refused(control, "{\"do\":\"scan\"}", "take the control first");
	do_it("{\"do\":\"take\"}");
	do_it("{\"do\":\"take\"}");
	refused(other, "{\"do\":\"take\"}", "another client has the control");
	refused(other, "{\"do\":\"scan\"}", "take the control first");
	refused(other, "{\"do\":\"release\"}", "was not taken");
	do_it("{\"do\":\"release\"}");
	json_decref(granted(other, "{\"do\":\"take\"}"));
	refused(control, "{\"do\":\"set\",\"gain_db\":3}", "take");
	sono_control_close(other);
}

/* Without a controller nobody transmits. */
Test(sonod, a_controller_that_goes_freezes)
{
	struct sono_control *other;

	cr_assert_eq(sono_control_open(&other, d.control, NULL, 0), 0);
	json_decref(granted(other, "{\"do\":\"take\"}"));
	json_decref(granted(other, "{\"do\":\"scan\"}"));
	is_state(control, "scanning");
	sono_control_close(other);
	becomes("frozen");
}

Test(sonod, anybody_may_freeze)
{
	struct sono_control *other;

	scan();
	cr_assert_eq(sono_control_open(&other, d.control, NULL, 0), 0);
	json_decref(granted(other, "{\"do\":\"freeze\"}"));
	is_state(control, "frozen");
	do_it("{\"do\":\"scan\"}");
	is_state(control, "scanning");
	sono_control_close(other);
}

/* Whoever looks at a frozen scanner sees its last picture. */
Test(sonod, a_frozen_picture_is_there)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	uint64_t last;

	scan();
	next(c, &p);
	sono_client_close(c);
	do_it("{\"do\":\"freeze\"}");
	c = look(0, 0);
	next(c, &p);
	last = p.frame.picture;
	cr_assert_eq(sono_client_wait(c, 200), 0, "%lu and more", last);
	sono_client_close(c);
}

/* --- while a preset is made ready --- */

/*
 * A folder of presets of which one, "slow", is a pipe: to read it takes until
 * the test writes it.
 */
static char presets[80];

static void preset_path(char *path, const char *name)
{
	snprintf(path, 128, "%s/%s.plan", presets, name);
}

static void with_a_slow_preset(void)
{
	const char *const args[] = { PATIENT,	  "--presets", presets,
				     "--preset",  "fast",      SOURCE,
				     NULL };
	char path[128], fast[4096];

	start();
	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	snprintf(presets, sizeof(presets), "%s/presets", d.dir);
	cr_assert_eq(mkdir(presets, 0700), 0);
	preset_path(path, "fast");
	cr_assert(realpath("tests/sonod/fast.plan", fast));
	cr_assert_eq(symlink(fast, path), 0);
	preset_path(path, "slow");
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
}

static void without_it(void)
{
	char path[128];

	preset_path(path, "fast");
	unlink(path);
	preset_path(path, "slow");
	unlink(path);
	rmdir(presets);
	finish();
}

TestSuite(sonod_meanwhile, .init = with_a_slow_preset, .fini = without_it);

/* Returns when it is being read. */
static int slow_is_read(void)
{
	char path[128];
	int fd;

	preset_path(path, "slow");
	fd = open(path, O_WRONLY);
	cr_assert_geq(fd, 0);
	return fd;
}

/* What is read is @as. */
static void let_it_be(int fd, const char *as)
{
	char text[8192];
	FILE *f = fopen(as, "r");
	size_t bytes;

	cr_assert(f);
	bytes = fread(text, 1, sizeof(text), f);
	fclose(f);
	cr_assert_eq(write(fd, text, bytes), (ssize_t)bytes);
	close(fd);
}

/* Asks for it on a connection that has the control, and goes on. */
static int ask_for_slow(void)
{
	static const char take[] = "{\"do\":\"take\"}";
	static const char scan[] = "{\"do\":\"scan\"}";
	static const char slow[] =
		"{\"do\":\"preset\",\"name\":\"slow\",\"id\":-12}";
	const int fd = raw(d.control);
	char reply[4096];

	cr_assert_gt(send(fd, take, strlen(take), 0), 0);
	cr_assert_gt(recv(fd, reply, sizeof(reply), 0), 0);
	cr_assert_gt(send(fd, scan, strlen(scan), 0), 0);
	cr_assert_gt(recv(fd, reply, sizeof(reply), 0), 0);
	is_state(control, "scanning");
	cr_assert_gt(send(fd, slow, strlen(slow), 0), 0);
	return fd;
}

static json_t *next_reply(int fd)
{
	char text[4096];
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t bytes;
	json_t *reply;

	cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "no reply");
	bytes = recv(fd, text, sizeof(text), 0);
	cr_assert_gt(bytes, 0);
	reply = json_loadb(text, bytes, 0, NULL);
	cr_assert(reply);
	return reply;
}

static const char *text_of(json_t *reply, const char *key)
{
	const char *text = json_string_value(json_object_get(reply, key));

	return text ? text : "";
}

static bool has_id(json_t *reply, json_int_t value)
{
	const json_t *id = json_object_get(reply, "id");

	return json_is_integer(id) && json_integer_value(id) == value;
}

static bool has_preset(const char *name)
{
	json_t *reply = granted(control, "{\"do\":\"state\"}");
	const bool has = !strcmp(text_of(json_object_get(reply, "state"),
					 "preset"),
				 name);

	json_decref(reply);
	return has;
}

static double ms_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begin->tv_sec) * 1e3 +
	       (now.tv_nsec - begin->tv_nsec) * 1e-6;
}

/* Frozen at once, and it stays so with the new preset. */
Test(sonod_meanwhile, freeze_waits_for_no_preset)
{
	const int asker = ask_for_slow(), plan = slow_is_read();
	json_t *reply;

	do_it("{\"do\":\"freeze\"}");
	is_state(control, "frozen");
	cr_assert(has_preset("fast"));
	let_it_be(plan, "tests/sonod/guest.plan");
	reply = next_reply(asker);
	cr_assert_str_eq(text_of(reply, "do"), "preset");
	cr_assert(json_is_true(json_object_get(reply, "ok")));
	cr_assert(has_id(reply, -12));
	json_decref(reply);
	is_state(control, "frozen");
	cr_assert(has_preset("slow"));
	close(asker);
}

/* The bar is 50 ms. Others may have the processors: the best of ten counts. */
Test(sonod_meanwhile, freeze_takes_effect_at_once)
{
	const int asker = ask_for_slow(), plan = slow_is_read();
	static const char scan[] = "{\"do\":\"scan\"}";
	double best = INFINITY;

	for (int i = 0; i < 10; i++) {
		struct timespec begin;

		clock_gettime(CLOCK_MONOTONIC, &begin);
		do_it("{\"do\":\"freeze\"}");
		best = fmin(best, ms_since(&begin));
		cr_assert_gt(send(asker, scan, strlen(scan), 0), 0);
		json_decref(next_reply(asker));
	}
	cr_assert_lt(best, 50);
	let_it_be(plan, "tests/sonod/guest.plan");
	json_decref(next_reply(asker));
	is_state(control, "scanning");
	close(asker);
}

/* Frozen at once; what it wanted is not, and who takes over gets its own. */
Test(sonod_meanwhile, who_goes_freezes_and_is_forgotten)
{
	const int asker = ask_for_slow(), plan = slow_is_read();
	static const char fast[] = "{\"do\":\"preset\",\"name\":\"fast\"}";
	int other;
	json_t *reply;

	close(asker);
	becomes("frozen");
	other = raw(d.control);
	cr_assert_gt(send(other, "{\"do\":\"take\"}", 13, 0), 0);
	json_decref(next_reply(other));
	cr_assert_gt(send(other, fast, strlen(fast), 0), 0);
	let_it_be(plan, "tests/sonod/guest.plan");
	reply = next_reply(other);
	cr_assert(json_is_true(json_object_get(reply, "ok")));
	cr_assert_str_eq(text_of(json_object_get(reply, "state"), "preset"),
			 "fast");
	json_decref(reply);
	close(other);
}

Test(sonod_meanwhile, who_gives_back_is_told)
{
	const int asker = ask_for_slow(), plan = slow_is_read();
	static const char release[] = "{\"do\":\"release\",\"id\":4000000000}";
	json_t *reply;

	cr_assert_gt(send(asker, release, strlen(release), 0), 0);
	reply = next_reply(asker);
	cr_assert_str_eq(text_of(reply, "do"), "preset");
	cr_assert(strstr(text_of(reply, "error"), "given back"));
	cr_assert(has_id(reply, -12));
	json_decref(reply);
	reply = next_reply(asker);
	cr_assert_str_eq(text_of(reply, "do"), "release");
	cr_assert(has_id(reply, 4000000000));
	json_decref(reply);
	is_state(control, "frozen");
	let_it_be(plan, "tests/sonod/guest.plan");
	close(asker);
}

Test(sonod_meanwhile, another_is_refused)
{
	const int asker = ask_for_slow(), plan = slow_is_read();
	static const char set[] = "{\"do\":\"set\",\"gain_db\":3}";
	json_t *reply;

	cr_assert_gt(send(asker, set, strlen(set), 0), 0);
	reply = next_reply(asker);
	cr_assert(!json_object_get(reply, "id"));
	cr_assert_str_eq(text_of(reply, "do"), "set");
	cr_assert_str_eq(text_of(reply, "error"),
			 "set: the preset before it is not ready yet");
	json_decref(reply);
	let_it_be(plan, "tests/sonod/guest.plan");
	json_decref(next_reply(asker));
	close(asker);
}

Test(sonod, an_id_is_an_integer)
{
	static const char *const wrong[] = {
		"{\"do\":\"state\",\"id\":\"seven\"}",
		"{\"do\":\"state\",\"id\":7.5}",
		"{\"do\":\"state\",\"id\":null}",
	};
	static const char none[] = "{\"do\":\"dance\",\"id\":7}";
	const int fd = raw(d.control);
	json_t *reply;

	for (size_t i = 0; i < 3; i++) {
		cr_assert_gt(send(fd, wrong[i], strlen(wrong[i]), 0), 0);
		reply = next_reply(fd);
		cr_assert(json_is_false(json_object_get(reply, "ok")));
		cr_assert_str_eq(text_of(reply, "error"), "id: not an integer");
		json_decref(reply);
	}
	cr_assert_gt(send(fd, none, strlen(none), 0), 0);
	reply = next_reply(fd);
	cr_assert(json_is_false(json_object_get(reply, "ok")));
	cr_assert(has_id(reply, 7));
	json_decref(reply);
	close(fd);
}

/* The plan is never read to its end. Otherwise it takes 20 ms to end. */
Test(sonod_meanwhile, terminated_it_waits_for_no_preset)
{
	const int asker = ask_for_slow(), plan = slow_is_read();
	struct timespec begin;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	status = daemon_end(&d, SIGTERM);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_lt(ms_since(&begin), 2000);
	close(plan);
	close(asker);
}

/* --- changes --- */

/* The reply says from which table on it holds, and so it is. */
Test(sonod, a_change_holds_from_its_cfg_gen)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	int64_t shallow;
	bool seen = false;

	scan();
	next(c, &p);
	sono_client_return(c, &p);
	shallow = do_it("{\"do\":\"set\",\"depth_mm\":20,\"box\":null}");
	for (int i = 0; i < 200 && !seen; i++) {
		next(c, &p);
		is_accounted(&p.frame);
		seen = p.frame.cfg_gen >= shallow;
		cr_assert_float_eq(p.frame.depth, seen ? 0.02 : 0.03, 1e-9);
		sono_client_return(c, &p);
	}
	cr_assert(seen);
	sono_client_close(c);
}

/* What it returns before it has read of the change is none of the new pictures. */
Test(sonod, who_has_not_read_of_a_change_stays)
{
	struct sono_client *late = look(0, 0), *quick = look(0, 0);
	struct sono_picture held, p;
	int64_t shallow;

	scan();
	next(late, &held);
	shallow = do_it("{\"do\":\"set\",\"depth_mm\":20,\"box\":null}");
	do {
		next(quick, &p);
		sono_client_return(quick, &p);
	} while (p.frame.cfg_gen < shallow);
	sono_client_return(late, &held);
	for (int i = 0; i < 2; i += p.frame.cfg_gen >= shallow) {
		next(late, &p);
		if (p.frame.cfg_gen < shallow)
			sono_client_return(late, &p);
	}
	/* it looks at two, and has returned none of these */
	for (int i = 0; i < 20; i++) {
		next(quick, &p);
		sono_client_return(quick, &p);
	}
	cr_assert_eq(sono_client_next(late, &p), 0);
	sono_client_close(late);
	sono_client_close(quick);
}

/* Frames that fit no slot any more: the stream begins anew by itself. */
Test(sonod, larger_frames_get_larger_slots)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	int64_t deep;

	scan();
	next(c, &p);
	sono_client_return(c, &p);
	deep = do_it("{\"do\":\"set\",\"depth_mm\":120}");
	cr_assert_gt(deep, p.frame.cfg_gen);
	is_state(control, "scanning");
	do {
		next(c, &p);
		is_accounted(&p.frame);
		cr_assert_float_eq(p.frame.depth,
				   p.frame.cfg_gen >= deep ? 0.12 : 0.03, 1e-9);
		sono_client_return(c, &p);
	} while (p.frame.cfg_gen < deep);
	sono_client_close(c);
}

/* A thousand slots of those frames are more memory than a stream may have. */
Test(sonod, what_does_not_fit_leaves_what_was)
{
	const char *const args[] = { PATIENT,	   "--slots", "1024",
				     "--preset",   "guest",   SOURCE,
				     NULL };
	struct sono_client *c;
	struct sono_picture p;
	int64_t cfg_gen;

	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	c = look(0, 0);
	scan();
	cfg_gen = refused(control, "{\"do\":\"set\",\"depth_mm\":400}",
			  "slots: Cannot allocate memory");
	cr_assert_eq(do_it("{\"do\":\"state\"}"), cfg_gen);
	is_state(control, "scanning");
	do {
		next(c, &p);
		is_accounted(&p.frame);
		cr_assert_float_eq(p.frame.depth, 0.02, 1e-9);
		cr_assert_leq(p.frame.cfg_gen, cfg_gen);
		sono_client_return(c, &p);
	} while (p.frame.cfg_gen < cfg_gen);
	do_it("{\"do\":\"freeze\"}");
	do_it("{\"do\":\"scan\"}");
	sono_client_close(c);
}

/* 40 bytes of letters of two bytes */
#define ACCENTS_8 "\303\251\303\251\303\251\303\251"
#define ACCENTS ACCENTS_8 ACCENTS_8 ACCENTS_8 ACCENTS_8 ACCENTS_8

Test(sonod, what_is_refused_changes_nothing)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	json_t *reply, *state;

	scan();
	refused(control, "{\"do\":\"set\",\"depth_mm\":1900}", "fast.plan: depth");
	refused(control, "{\"do\":\"set\",\"depth_mm\":\"deep\"}",
		"depth_mm: not a number");
	refused(control, "{\"do\":\"set\",\"focus_mm\":20}",
		"focus: the plan's waves have none");
	refused(control, "{\"do\":\"set\",\"zoom\":2}", "zoom: no such control");
	refused(control, "{\"do\":\"set\",\"box\":{\"left_deg\":2}}",
		"left_deg: no such part");
	refused(control, "{\"do\":\"set\",\"box\":{}}", "box: no part is named");
	refused(control, "{\"do\":\"set\",\"box\":3}", "box: not an object");
	refused(control, "{\"do\":\"set\",\"volume\":{\"gate_mm\":2}}",
		"volume: the plan has none");
	refused(control, "{\"do\":\"set\"}", "set: no control is named");
	refused(control, "{\"do\":\"set\",\"gain_db\":1e300}",
		"gain: 1e+300 is not within");
	refused(control, "{\"do\":\"set\",\"gain_db\":1e999}", "overflow");
	refused(control, "{\"do\":\"set\",\"gain_db\":99999999999999999999}",
		"too big integer");
	refused(control, "{\"do\":\"set\",\"gain_db\":NaN}", "invalid token");
	refused(control, "{\"do\":\"set\",\"gain_db\":0x20}",
		"no JSON: '}' expected near 'x', at character 24");
	refused(control, "{\"do\":\"set\",\"gain_db\":true}",
		"gain_db: not a number");
	refused(control, "{\"do\":\"set\",\"gain_db\":1,\"gain_db\":2}",
		"duplicate object key near '\\\"gain_db\\\"'");
	refused(control, "{\"do\":\"preset\",\"name\":\"none\"}", "none.plan");
	refused(control, "{\"do\":\"preset\",\"name\":\"../x\"}",
		"no name of a preset");
	refused(control, "{\"do\":\"preset\"}", "\\\"name\\\" is missing");
	refused(control, "{\"do\":\"dance\"}", "dance: no such request");
	/* names that are cut off within a letter */
	refused(control, "{\"do\":\"a" ACCENTS "\"}", "??: no such request");
	refused(control, "{\"do\":\"set\",\"a" ACCENTS "\":1}",
		"??: no such control");
	refused(control, "{\"do\":\"preset\",\"name\":\"a" ACCENTS "\"}",
		"no name of a preset");
	refused(control, "{\"do\":\"set\",\"id\":3}", "set: no control is named");
	refused(control, "[1]", "a request is");
	refused(control, "{\"do\":", "unexpected token");
	reply = granted(control, "{\"do\":\"state\"}");
	state = json_object_get(reply, "state");
	cr_assert_float_eq(json_number_value(json_object_get(state,
							     "depth_mm")),
			   30, 1e-6);
	json_decref(reply);
	next(c, &p);
	cr_assert_float_eq(p.frame.depth, 0.03, 1e-9);
	sono_client_close(c);
}

/* What @request leaves in force. */
static json_t *state_after(const char *request)
{
	json_t *reply = granted(control, request);
	json_t *state = json_incref(json_object_get(reply, "state"));

	json_decref(reply);
	return state;
}

static void is_number(json_t *of, const char *key, double value)
{
	cr_assert_float_eq(json_number_value(json_object_get(of, key)), value,
			   1e-6 + 1e-9 * fabs(value), "%s: %g", key,
			   json_number_value(json_object_get(of, key)));
}

static void is_box(json_t *state, const char *const side[2],
		   const double place[4])
{
	json_t *box = json_object_get(state, "box");

	is_number(box, side[0], place[0]);
	is_number(box, side[1], place[1]);
	is_number(box, "near_mm", place[2]);
	is_number(box, "far_mm", place[3]);
	json_decref(state);
}

/* fast.plan: -4 to 4 mm, 10 to 20 mm. Depth and gain have nothing to do with it. */
Test(sonod, what_is_not_named_stays)
{
	static const char *const side[] = { "left_mm", "right_mm" };
	json_t *state;

	do_it("{\"do\":\"take\"}");
	is_box(state_after("{\"do\":\"state\"}"), side,
	       (double[]){ -4, 4, 10, 20 });
	is_box(state_after("{\"do\":\"set\",\"box\":{\"left_mm\":-2}}"), side,
	       (double[]){ -2, 4, 10, 20 });
	is_box(state_after("{\"do\":\"set\",\"box\":{\"far_mm\":18},\"gain_db\":3}"),
	       side, (double[]){ -2, 4, 10, 18 });
	is_box(state_after("{\"do\":\"set\",\"box\":{\"right_mm\":3,\"near_mm\":12}}"),
	       side, (double[]){ -2, 3, 12, 18 });
	state = state_after("{\"do\":\"set\",\"box\":null}");
	is_number(state, "gain_db", 3);
	is_box(state, side, (double[]){ -4, 4, 10, 20 });
}

Test(sonod, a_preset_has_nothing_turned)
{
	static const char *const side[] = { "left_mm", "right_mm" };
	json_t *state;

	do_it("{\"do\":\"take\"}");
	do_it("{\"do\":\"set\",\"depth_mm\":25,\"gain_db\":3,\"power_db\":-6,\"box\":{\"left_mm\":-2}}");
	state = state_after("{\"do\":\"preset\",\"name\":\"fast\"}");
	is_number(state, "depth_mm", 30);
	is_number(state, "gain_db", 0);
	is_number(state, "power_db", 0);
	is_box(state, side, (double[]){ -4, 4, 10, 20 });
}

/* A sector's sides are angles; near is nearer. */
Test(sonod, the_box_of_a_sector)
{
	const char *const args[] = { PATIENT,	 "--presets",
				     "userspace/presets", "--preset",
				     "cardiac-colour", "sim:heart,pace=real",
				     NULL };
	static const char *const side[] = { "left_deg", "right_deg" };

	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	do_it("{\"do\":\"take\"}");
	/* as the plan says */
	is_box(state_after("{\"do\":\"state\"}"), side,
	       (double[]){ 3, 27, 45, 110 });
	is_box(state_after("{\"do\":\"set\",\"box\":{\"near_mm\":60,\"left_deg\":-5}}"),
	       side, (double[]){ -5, 27, 60, 110 });
	is_box(state_after("{\"do\":\"set\",\"box\":{\"far_mm\":90,\"right_deg\":10}}"),
	       side, (double[]){ -5, 10, 60, 90 });
}

static double mi_after(const char *request)
{
	json_t *state = state_after(request);
	json_t *output = json_object_get(state, "output");
	const double mi = json_number_value(json_object_get(output, "mi"));

	json_decref(state);
	return mi;
}

/* 20 log10 of the voltage's ratio; the board has steps of 1 mV in 20 V. */
Test(sonod, power_is_in_decibels_of_the_voltage)
{
	double full;

	do_it("{\"do\":\"take\"}");
	full = mi_after("{\"do\":\"state\"}");
	cr_assert_gt(full, 0);
	cr_assert_float_eq(mi_after("{\"do\":\"set\",\"power_db\":-6}") / full,
			   pow(10, -6 / 20.0), 2e-4);
	cr_assert_float_eq(mi_after("{\"do\":\"set\",\"power_db\":-20}") / full,
			   0.1, 2e-4);
}

/* Every tenth frame is not told: it is counted, and in no picture. */
Test(sonod, lost_frames_are_counted)
{
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE ",fault=lost=10", NULL };
	struct sono_client *c;
	struct sono_picture p;

	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	c = look(0, 0);
	scan();
	do {
		next(c, &p);
		is_accounted(&p.frame);
		sono_client_return(c, &p);
	} while (p.frame.seq < 35);
	cr_assert_geq(p.frame.counts.lost, 1);
	cr_assert_leq(p.frame.counts.lost, p.frame.seq / 5);
	sono_client_close(c);
}

static json_t *next_event(struct sono_control *watcher)
{
	struct pollfd ready = { sono_control_fd(watcher), POLLIN, 0 };
	char *text = NULL;
	json_t *event;

	while (!text && poll(&ready, 1, PATIENCE_MS) == 1)
		text = sono_control_event(watcher);
	cr_assert(text, "nothing is told");
	event = json_loads(text, 0, NULL);
	free(text);
	return event;
}

/* Who has the control is a change, too. */
Test(sonod, who_watches_is_told_who_controls)
{
	static const char *const requests[] = {
		"{\"do\":\"take\"}", "{\"do\":\"release\"}",
	};
	struct sono_control *watcher;
	json_t *event, *state;

	cr_assert_eq(sono_control_open(&watcher, d.control, NULL, 0), 0);
	json_decref(granted(watcher, "{\"do\":\"watch\"}"));
	for (int i = 0; i < 2; i++) {
		do_it(requests[i]);
		event = next_event(watcher);
		state = json_object_get(event, "state");
		cr_assert_eq(json_boolean_value(json_object_get(state,
								"controlled")),
			     !i);
		cr_assert(json_is_false(json_object_get(state, "mine")));
		json_decref(event);
	}
	sono_control_close(watcher);
}

Test(sonod, who_watches_is_told)
{
	struct sono_control *watcher;
	struct pollfd ready;
	char *event = NULL;
	bool scanning = false;

	cr_assert_eq(sono_control_open(&watcher, d.control, NULL, 0), 0);
	json_decref(granted(watcher, "{\"do\":\"watch\"}"));
	scan();
	ready = (struct pollfd){ sono_control_fd(watcher), POLLIN, 0 };
	while (!scanning && poll(&ready, 1, PATIENCE_MS) == 1) {
		event = sono_control_event(watcher);
		scanning = event && strstr(event, "\"state\":\"scanning\"");
		free(event);
	}
	cr_assert(scanning);
	sono_control_close(watcher);
}

Test(sonod, a_board_that_ends_is_a_fault_until_it_is_started)
{
	const char *const args[] = { "--preset", "fast",
				     "sim:points,pace=real,fault=overtemp=300",
				     NULL };
	json_t *reply, *state;
	const char *text = "";

	sono_control_close(control);
	daemon_end(&d, SIGTERM);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, NULL, 0), 0);
	scan();
	for (int i = 0; i < 200 && strcmp(text, "fault"); i++) {
		usleep(20000);
		reply = granted(control, "{\"do\":\"state\"}");
		state = json_object_get(reply, "state");
		text = json_string_value(json_object_get(state, "state"));
		text = !strcmp(text, "fault") ? "fault" : "";
		if (*text)
			cr_assert(strstr(json_string_value(json_object_get(
						 state, "fault")),
					 "temperature"),
				  "%s",
				  json_string_value(
					  json_object_get(state, "fault")));
		json_decref(reply);
	}
	cr_assert_str_eq(text, "fault");
	do_it("{\"do\":\"freeze\"}");
	is_state(control, "frozen");
}
