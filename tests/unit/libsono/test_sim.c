// SPDX-License-Identifier: MIT
/* Two handles of one board in this process: a controller and an observer. */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "libsono/plan.h"
#include "libsono/sono.h"
#include "libsono/take.h"

#define SLOTS 4
#define WAIT_US 100000

/* Without a front-end the ADC is a ramp, whose first sample tells the frame. */
static uint16_t first_sample(const struct sono_frame *f)
{
	uint16_t v;

	memcpy(&v, f->data, sizeof(v));
	return le16toh(v);
}

static uint16_t first_of(const struct sono_frame *f)
{
	return (uint16_t)(4099 * f->rec.seq);
}

static struct sono *must_open(const char *source)
{
	struct sono *s = NULL;
	char why[128] = "";

	cr_assert_eq(sono_open(&s, source, why, sizeof(why)), 0, "%s: %s",
		     source, why);
	return s;
}

/* A run on a board of this name and pace. */
static struct sono *controller(const char *source)
{
	struct sono *s = must_open(source);
	struct sono_config config = { 0 };
	struct sono_start start = { 0 };
	struct sono_plan *plan;
	char why[256] = "";

	cr_assert_eq(sono_plan_open(&plan, "tests/parity/small.plan",
				    sono_info(s), why, sizeof(why)),
		     0, "%s", why);
	cr_assert_eq(sono_setup(s, SLOTS, (uint32_t)plan->scan->frame_bytes),
		     0);
	config.table = (uintptr_t)plan->table.data;
	config.table_bytes = (uint32_t)plan->table.bytes;
	cr_assert_eq(sono_config(s, &config), 0);
	cr_assert_eq(sono_start(s, &start), 0);
	sono_plan_close(plan);
	return s;
}

static struct sono *observer(const char *source)
{
	struct sono *s = must_open(source);

	cr_assert_eq(sono_observe(s), 0);
	return s;
}

static struct sono_frame must_take(struct sono *s)
{
	struct sono_frame f;
	int ret;

	while (!(ret = sono_next(s, &f)))
		cr_assert_geq(sono_wait(s, 1, 0), 0);
	cr_assert_eq(ret, 1);
	return f;
}

Test(sim, observer_sees_the_controllers_frames)
{
	struct sono *c = controller("sim:pattern,board=a");
	struct sono *o = observer("sim:@a");
	struct sono_stop stop;

	for (int i = 0; i < 10; i++) {
		struct sono_frame theirs = must_take(c), ours;

		cr_assert_eq(sono_next(o, &ours), 1);
		cr_assert_eq(memcmp(&ours.rec, &theirs.rec, sizeof(ours.rec)),
			     0);
		cr_assert_neq(ours.data, theirs.data);
		cr_assert_eq(memcmp(ours.data, theirs.data, ours.rec.len), 0);
		cr_assert_eq(first_sample(&ours), first_of(&ours));
		cr_assert(sono_intact(o, &ours));
		cr_assert_eq(sono_next(o, &ours), 0);
		sono_release(o, &ours);
		sono_release(c, &theirs);
	}
	cr_assert_eq(sono_stats(o)->missed, 0);
	cr_assert_eq(sono_stop(c, &stop), 0);
	sono_close(c);
	sono_close(o);
}

static void note_passed(void *arg, const struct sono_frame *f)
{
	uint64_t *next = arg;

	cr_assert_eq(f->rec.seq, *next, "passed in their order");
	cr_assert_eq(first_sample(f), first_of(f), "before they are given back");
	++*next;
}

/*
 * Three of four slots are full when somebody comes: the last is taken, the
 * others go back, so that the run goes on for longer than there are slots.
 */
Test(sim, newest_frame_wins)
{
	struct sono *s = controller("sim:pattern");
	struct sono_frame f;
	uint64_t next = 0;

	for (int i = 0; i < 5; i++) {
		cr_assert_geq(sono_wait(s, SLOTS - 1, 0), 0);
		cr_assert_eq(sono_take(s, &f, note_passed, &next), 1);
		cr_assert_eq(f.rec.seq, next);
		cr_assert_geq(f.rec.seq, (SLOTS - 1) * (i + 1) - 1);
		cr_assert_eq(f.rec.dropped, 0);
		cr_assert_eq(sono_rf(s, &f).data, f.data);
		sono_release(s, &f);
		next++;
	}
	sono_close(s);
}

/* Whoever needs all gets all. */
Test(sim, without_pass_no_frame_is_left_out)
{
	struct sono *s = controller("sim:pattern");
	struct sono_frame f;

	for (uint64_t seq = 0; seq < 5; seq++) {
		cr_assert_geq(sono_wait(s, SLOTS - 1, 0), 0);
		cr_assert_eq(sono_take(s, &f, NULL, NULL), 1);
		cr_assert_eq(f.rec.seq, seq);
		sono_release(s, &f);
	}
	sono_close(s);
}

Test(sim, late_observer_is_told)
{
	struct sono *c = controller("sim:pattern,board=a");
	struct sono *o = observer("sim:@a");
	struct sono_frame f = must_take(c), first, newest;

	cr_assert_eq(sono_next(o, &first), 1);
	sono_release(c, &f);
	for (int i = 0; i < 5 * SLOTS; i++) {
		f = must_take(c);
		if (i + 1 < 5 * SLOTS)
			sono_release(c, &f);
	}
	cr_assert_not(sono_intact(o, &first));
	cr_assert_eq(sono_next(o, &newest), 1);
	cr_assert(sono_intact(o, &newest));
	cr_assert_gt(newest.rec.seq, first.rec.seq + SLOTS);
	cr_assert_eq(first_sample(&newest), first_of(&newest));
	cr_assert_gt(sono_stats(o)->missed, 0);
	sono_close(c);
	sono_close(o);
}

/* What the kernel may not write there for us, we may not. */
Test(sim, observer_writes_nothing)
{
	struct sono *c = controller("sim:pattern,board=a");
	struct sono *o = observer("sim:@a");
	struct sono_frame theirs = must_take(c), ours;
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(sono_next(o, &ours), 1);
	cr_assert_eq(read(zero, (void *)theirs.data, 64), 64);
	cr_assert_eq(read(zero, (void *)ours.data, 64), -1);
	cr_assert_eq(errno, EFAULT);
	cr_assert_eq(read(zero, (void *)sono_ctl(o), 64), -1);
	cr_assert_eq(errno, EFAULT);
	close(zero);
	sono_close(c);
	sono_close(o);
}

Test(sim, controller_goes_first)
{
	struct sono *c = controller("sim:pattern,board=a");
	struct sono *o = observer("sim:@a"), *late = must_open("sim:@a");
	struct sono_frame f = must_take(c);

	sono_close(c);
	cr_assert_eq(sono_next(o, &f), 1);
	cr_assert_eq(first_sample(&f), first_of(&f));
	while (sono_next(o, &f) == 1)
		;
	cr_assert_eq(sono_next(o, &f), -ENODATA);
	cr_assert_eq(sono_ctl(o)->state, SONO_STATE_ENDED);
	cr_assert_eq(sono_observe(late), -ENXIO);
	sono_close(late);
	sono_close(o);
	/* the name is free again */
	sono_close(controller("sim:pattern,board=a"));
}

Test(sim, what_an_observer_may_not)
{
	struct sono *c = must_open("sim:pattern,board=a"), *s = NULL;
	struct sono *o = must_open("sim:@a");
	struct sono_config config = { 0 };
	struct sono_start start = { 0 };
	struct sono_stop stop = { 0 };
	struct sono_frame f;
	char why[128] = "";

	cr_assert_eq(sono_observe(o), -ENXIO);
	cr_assert_eq(sono_setup(c, SLOTS, 65536), 0);
	cr_assert_eq(sono_observe(c), -EBUSY);
	cr_assert_eq(sono_setup(o, SLOTS, 65536), -EBUSY);
	cr_assert_eq(sono_observe(o), 0);
	cr_assert_eq(sono_observe(o), -EBUSY);
	cr_assert_eq(sono_config(o, &config), -EPERM);
	cr_assert_eq(sono_start(o, &start), -EPERM);
	cr_assert_eq(sono_stop(o, &stop), -EPERM);
	cr_assert_eq(sono_next(o, &f), 0);
	cr_assert_eq(sono_wait(o, SLOTS + 1, 1), -EINVAL);
	cr_assert_eq(sono_wait(o, 1, 1), 0, "nothing runs");
	cr_assert_eq(sono_open(&s, "sim:pattern,board=a", why, sizeof(why)),
		     -EBUSY);
	cr_assert_str_eq(why, "there is a board a already");
	cr_assert_eq(sono_open(&s, "sim:@b", why, sizeof(why)), -ENOENT);
	cr_assert_str_eq(why, "no board b in this process");
	cr_assert_eq(sono_open(&s, "sim:pattern,board=", why, sizeof(why)),
		     -EINVAL);
	sono_close(o);
	sono_close(c);
	cr_assert_eq(sono_open(&s, "sim:@a", why, sizeof(why)), -ENOENT);
}

struct watch {
	struct sono *sono;
	unsigned int frames, wrong;
};

static void *watch(void *arg)
{
	struct watch *w = arg;
	struct sono_frame f;
	int ret;

	while ((ret = sono_next(w->sono, &f)) >= 0) {
		uint16_t sample;

		if (!ret) {
			sono_wait(w->sono, 1, WAIT_US);
			continue;
		}
		sample = first_sample(&f);
		if (!sono_intact(w->sono, &f))
			continue;
		w->frames++;
		w->wrong += sample != first_of(&f);
	}
	return NULL;
}

/* An observer that waits is woken, and by the end of the run, too. */
static void run_two_threads(const char *source, unsigned int frames)
{
	struct sono *c = controller(source);
	struct watch w = { .sono = observer("sim:@a") };
	struct sono_stop stop;
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, watch, &w), 0);
	for (unsigned int i = 0; i < frames; i++) {
		struct sono_frame f = must_take(c);

		sono_release(c, &f);
	}
	cr_assert_eq(sono_stop(c, &stop), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_gt(w.frames, 0);
	cr_assert_eq(w.wrong, 0);
	sono_close(w.sono);
	sono_close(c);
}

Test(sim, two_threads_in_real_time)
{
	run_two_threads("sim:pattern,board=a,pace=real", 10);
}

Test(sim, two_threads_in_virtual_time)
{
	run_two_threads("sim:pattern,board=a", 300);
}
