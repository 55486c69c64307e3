// SPDX-License-Identifier: MIT
/* sonod from its clients' side, on a board in process. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "scene.h"

#define SOURCE "sim:points,pace=real"
#define PATIENCE_MS 20000
/* Other tests may have the processors for longer than a heartbeat. */
#define PATIENT "--heartbeat", "2000"

static struct daemon d;
static struct sono_control *control;

static void start(void)
{
	const char *const args[] = { PATIENT, "--preset", "fast",
				     SOURCE, NULL };
	char why[128];

	daemon_prepare(&d);
	cr_assert_eq(daemon_run(&d, args), 0);
	cr_assert_eq(sono_control_open(&control, d.control, why, sizeof(why)),
		     0, "%s", why);
}

static void finish(void)
{
	sono_control_close(control);
	daemon_clean(&d);
}

TestSuite(sonod, .init = start, .fini = finish);

/* --- asking --- */

/* The reply to what must be granted. */
static json_t *granted(struct sono_control *c, const char *request)
{
	char *text;
	int64_t ret = sono_control_ask(c, request, &text);
	json_t *reply = text ? json_loads(text, 0, NULL) : NULL;

	cr_assert_geq(ret, 0, "%s: %s", request, text ? text : "no reply");
	free(text);
	return reply;
}

static int64_t do_it(const char *request)
{
	json_t *reply = granted(control, request);
	int64_t cfg_gen = json_integer_value(json_object_get(reply, "cfg_gen"));

	json_decref(reply);
	return cfg_gen;
}

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

static void is_state(struct sono_control *c, const char *state)
{
	json_t *reply = granted(c, "{\"do\":\"state\"}");
	json_t *s = json_object_get(reply, "state");

	cr_assert_str_eq(json_string_value(json_object_get(s, "state")), state);
	json_decref(reply);
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

static void scan(void)
{
	do_it("{\"do\":\"take\"}");
	do_it("{\"do\":\"scan\"}");
}

/* --- looking --- */

static struct sono_client *look(uint32_t layers, uint32_t flags)
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

static void next(struct sono_client *c, struct sono_picture *p)
{
	int ret;

	while ((ret = sono_client_next(c, p)) == 0)
		if (sono_client_wait(c, PATIENCE_MS) != 1)
			no_picture();
	cr_assert_eq(ret, 1, "%d %s", ret, sono_client_refusal(c));
}

static void is_accounted(const struct sono_stream_frame *f)
{
	const struct sono_stream_counts *n = &f->counts;

	cr_assert_eq(f->seq + 1, n->taken + n->skipped + n->dropped + n->lost,
		     "%lu: %lu %lu %lu %lu", f->seq, n->taken, n->skipped,
		     n->dropped, n->lost);
}

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static double number_of_state(const char *key)
{
	json_t *reply = granted(control, "{\"do\":\"state\"}");
	json_t *state = json_object_get(reply, "state");
	double value = json_number_value(json_object_get(state, key));

	json_decref(reply);
	return value;
}

Test(sonod, pictures_come_with_their_calibration)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	struct image image;
	uint64_t last = 0;

	scan();
	for (int i = 0; i < 50; i++) {
		next(c, &p);
		is_accounted(&p.frame);
		cr_assert(!i || p.frame.picture > last);
		last = p.frame.picture;
		/* demodulation and beamforming of 64 x 256 points lie between */
		cr_assert_geq(p.frame.t_published - p.frame.t_acquired, 50000);
		cr_assert_leq(p.frame.t_published, monotonic_ns());
		cr_assert_eq(sono_client_image(c, &p, SONO_LAYER_COMPOSITE,
					       &image),
			     0);
		cr_assert_eq(image.raster.width, 320);
		cr_assert_eq(image.raster.height, 400);
		sono_client_return(c, &p);
	}
	cr_assert_eq(image.format, IMAGE_RGB24);
	cr_assert_gt(image.raster.dx, 0);
	cr_assert_float_eq(p.frame.depth, 0.03, 1e-9);
	cr_assert(p.frame.flags & SONO_FRAME_UNCALIBRATED);
	/* as the state says it, of the plan and not of a picture */
	cr_assert_float_eq(p.frame.nyquist, number_of_state("nyquist_cm_s") / 100,
			   1e-9);
	cr_assert_gt(p.frame.nyquist, 0);
	cr_assert_gt(p.frame.mi, 0);
	cr_assert_str_eq(sono_client_format(c)->preset, "fast");
	cr_assert_eq(sono_client_image(c, &p, SONO_LAYER_COMPOSITE, &image),
		     -ENOENT, "it was returned");
	sono_client_close(c);
}

static double brightest(const struct image *image, double x, double z)
{
	const struct raster *r = &image->raster;
	const int column = lround((x - r->x0) / r->dx);
	const int row = lround((z - r->z0) / r->dz);
	int most = 0;

	/* half a millimetre about it */
	for (int i = -(int)(0.5e-3 / r->dz); i <= 0.5e-3 / r->dz; i++)
		for (int j = -(int)(0.5e-3 / r->dx); j <= 0.5e-3 / r->dx; j++) {
			const uint8_t *at = image->data +
					    (row + i) * image->stride +
					    3 * (column + j);

			most = at[0] > most ? at[0] : most;
		}
	return most;
}

/* The scene's wires are where the shared memory shows them. */
Test(sonod, pictures_show_the_scene)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	struct image image;
	int seen = 0;

	scan();
	next(c, &p);
	cr_assert_eq(sono_client_image(c, &p, SONO_LAYER_COMPOSITE, &image), 0);
	for (int i = 0; i < SIM_POINTS; i++) {
		const struct sim_scatterer *w = &sim_points[i];

		if (fabs(w->x) > 7e-3 || w->z < 6e-3 || w->z > 28e-3)
			continue;
		seen++;
		cr_assert_gt(brightest(&image, w->x, w->z),
			     brightest(&image, w->x + 1.5e-3, w->z + 1e-3) + 60,
			     "wire at %g mm, %g mm", w->x * 1e3, w->z * 1e3);
	}
	cr_assert_geq(seen, 2);
	sono_client_close(c);
}

Test(sonod, layers_are_what_was_asked_for)
{
	const uint32_t wanted = 1 << SONO_LAYER_GREY | 1 << SONO_LAYER_VELOCITY |
				1 << SONO_LAYER_POWER | 1 << SONO_LAYER_ECG;
	struct sono_client *a = look(wanted, 0), *b = look(0, 0);
	const struct grid *grid;
	struct sono_picture p;
	const float *db, *v;
	size_t most = 0;

	scan();
	do
		next(a, &p);
	while (!(p.frame.layers & 1 << SONO_LAYER_GREY) &&
	       (sono_client_return(a, &p), true));
	cr_assert_eq(p.frame.layers, 1 << SONO_LAYER_COMPOSITE |
					     1 << SONO_LAYER_GREY |
					     1 << SONO_LAYER_VELOCITY |
					     1 << SONO_LAYER_POWER,
		     "the plan has no ECG");
	db = sono_client_values(a, &p, SONO_LAYER_GREY, &grid);
	cr_assert(db);
	cr_assert_eq(grid->lines, 64);
	cr_assert_eq(grid->samples, 256);
	for (size_t i = 0; i < 64 * 256; i++)
		most = db[i] > db[most] ? i : most;
	/* the brightest sample is a wire */
	for (int i = 0; i < SIM_POINTS; i++) {
		double line, sample;

		grid_locate(grid, sim_points[i].x, sim_points[i].z, &line,
			    &sample);
		if (fabs(line - most / 256) <= 1 &&
		    fabs(sample - most % 256) <= 2)
			most = SIZE_MAX;
		if (most == SIZE_MAX)
			break;
	}
	cr_assert_eq(most, SIZE_MAX);
	v = sono_client_values(a, &p, SONO_LAYER_VELOCITY, &grid);
	cr_assert(v);
	cr_assert_eq(grid->lines, 24);
	/* nothing moves */
	for (size_t i = 0; i < 24 * 96; i++)
		cr_assert(isnan(v[i]) || fabsf(v[i]) < 0.5, "%g", v[i]);
	cr_assert_null(sono_client_values(a, &p, SONO_LAYER_ECG, &grid));
	sono_client_close(a);
	sono_client_close(b);
}

/* A buffer that is held does not change, however many pictures follow. */
Test(sonod, who_holds_is_not_written_over)
{
	struct sono_client *slow = look(0, 0), *quick = look(0, 0);
	struct sono_picture held, p;
	struct image image;
	uint8_t *copy;
	size_t bytes;

	scan();
	next(slow, &held);
	cr_assert_eq(sono_client_image(slow, &held, SONO_LAYER_COMPOSITE,
				       &image),
		     0);
	bytes = image.stride * image.raster.height;
	copy = malloc(bytes);
	memcpy(copy, image.data, bytes);
	for (int i = 0; i < 60; i++) {
		next(quick, &p);
		sono_client_return(quick, &p);
	}
	cr_assert_eq(memcmp(copy, image.data, bytes), 0);
	free(copy);
	sono_client_close(slow);
	sono_client_close(quick);
}

/* Two pictures, and no more; then the newest one, and the gap says so. */
Test(sonod, who_does_not_return_gets_no_more)
{
	struct sono_client *slow = look(0, 0), *quick = look(0, 0);
	struct sono_picture a, b, p;
	uint64_t newest = 0;

	scan();
	next(slow, &a);
	next(slow, &b);
	for (int i = 0; i < 60; i++) {
		next(quick, &p);
		newest = p.frame.picture;
		sono_client_return(quick, &p);
	}
	cr_assert_eq(sono_client_next(slow, &p), 0);
	sono_client_return(slow, &a);
	next(slow, &p);
	cr_assert_geq(p.frame.picture, newest);
	cr_assert_gt(p.frame.picture, b.frame.picture + 1);
	is_accounted(&p.frame);
	sono_client_close(slow);
	sono_client_close(quick);
}

Test(sonod, memory_is_for_reading)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;

	scan();
	next(c, &p);
	cr_assert_eq(mprotect((void *)((uintptr_t)p.data & -4096ul), 4096,
			      PROT_READ | PROT_WRITE),
		     -1);
	cr_assert_eq(errno, EACCES);
	sono_client_close(c);
}

Test(sonod, the_eventfd_counts_pictures)
{
	struct sono_client *c = look(0, 0);
	struct pollfd ready = { .events = POLLIN };
	struct sono_picture a, b;
	uint64_t count, sum = 0;

	scan();
	next(c, &a);
	next(c, &b);
	/* a picture can be read a moment before it is counted */
	ready.fd = sono_client_event(c);
	while (sum < 2) {
		cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
		cr_assert_eq(read(ready.fd, &count, sizeof(count)), 8);
		sum += count;
	}
	cr_assert_eq(sum, 2);
	sono_client_close(c);
}

/* --- control --- */

static int raw(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strcpy(address.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)),
		     0);
	return fd;
}

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

Test(sonod, terminated_it_ends_well)
{
	int status;

	scan();
	status = daemon_end(&d, SIGTERM);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
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

Test(sonod, a_second_one_does_not_take_the_sockets)
{
	const char *const args[] = { SOURCE, NULL };
	struct daemon second = d;

	cr_assert_eq(daemon_run(&second, args), 0, "the first answers");
	usleep(500000);
	cr_assert_eq(waitpid(second.pid, NULL, WNOHANG), second.pid);
	is_state(control, "frozen");
}
