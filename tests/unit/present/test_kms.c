// SPDX-License-Identifier: MIT
/*
 * Who turns pages, and when, on a device of the test's own: it reports a page as
 * shown at once, as some drivers do, or never, or is busy.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "present/kms.h"
#include "present/kms_console.h"
#include "present/kms_device.h"

#define REFRESH 50.0

enum behaviour { AT_ONCE, NEVER, BUSY, REFUSES };

/* Drawn by one thread, turned by another. */
static struct {
	_Atomic enum behaviour behaviour;
	int fd;
	atomic_uint shown;
	atomic_uint turning;
	atomic_uint turns;
	atomic_uint torn;
	atomic_ullong seq[KMS_PAGES];
} fake;

int kms_device_init(struct kms_device *d, const char *card, char *why,
		    size_t why_bytes)
{
	(void)card;
	(void)why;
	(void)why_bytes;
	fake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fake.turning = KMS_PAGES;
	d->fd = fake.fd;
	d->info.refresh = REFRESH;
	return 0;
}

int kms_device_turn(struct kms_device *d, unsigned int page)
{
	const uint64_t one = 1;

	fake.turns++;
	if (fake.behaviour == BUSY || fake.behaviour == REFUSES)
		return fake.behaviour == BUSY ? -EBUSY : -EACCES;
	fake.turning = page;
	if (fake.behaviour == AT_ONCE)
		cr_assert_eq(write(d->fd, &one, sizeof(one)), sizeof(one));
	return 0;
}

bool kms_device_turned(struct kms_device *d)
{
	uint64_t events;

	if (read(d->fd, &events, sizeof(events)) < 0)
		return false;
	fake.shown = fake.turning;
	fake.turning = KMS_PAGES;
	return true;
}

void kms_device_finish(struct kms_device *d)
{
	close(d->fd);
}

/* The index of a page is its place in the device. */
void kms_page_draw(const struct kms_device *d, struct kms_page *page,
		   const struct image *image)
{
	const unsigned int i = page - d->page;

	fake.torn += i == fake.shown || i == fake.turning;
	fake.seq[i] = image->seq;
}

void kms_console_hide(struct kms_console *c)
{
	c->guard = 0;
}

void kms_console_show(struct kms_console *c)
{
	(void)c;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct kms *open_fake(enum behaviour behaviour)
{
	char why[64];
	struct kms *k;

	fake.behaviour = behaviour;
	cr_assert_eq(kms_open(&k, NULL, why, sizeof(why)), 0);
	return k;
}

static int show(struct kms *k, uint64_t seq)
{
	const struct image image = { .seq = seq };

	return kms_show(k, &image);
}

static void until(atomic_uint *count, unsigned int least)
{
	const double end = now() + 10;

	while (*count < least && now() < end)
		usleep(1000);
	cr_assert_geq(*count, least);
}

/* Pictures by the thousand, each shown at once: no more turns than refreshes. */
Test(kms, the_timer_says_when)
{
	struct kms *k = open_fake(AT_ONCE);
	const double begin = now();
	uint64_t seq = 0;

	while (fake.turns < 10 && now() < begin + 10) {
		cr_assert_eq(show(k, ++seq), 0);
		usleep(100);
	}
	kms_close(k);
	/* the one more is that of the first tick */
	cr_assert_geq(fake.turns, 10);
	cr_assert_leq(fake.turns, (now() - begin) * REFRESH + 1);
	cr_assert_eq(fake.torn, 0);
}

Test(kms, the_newest_picture_wins)
{
	struct kms *k = open_fake(AT_ONCE);

	for (uint64_t seq = 1; seq <= 1000; seq++)
		cr_assert_eq(show(k, seq), 0);
	for (double end = now() + 10; now() < end;)
		if (fake.turning == KMS_PAGES && fake.seq[fake.shown] == 1000)
			break;
	cr_assert_eq(fake.seq[fake.shown], 1000);
	cr_assert_eq(fake.torn, 0);
	kms_close(k);
}

/* Nothing is ever shown: one page is on its way, the others are drawn in turn. */
Test(kms, drawing_never_waits_for_the_display)
{
	struct kms *k = open_fake(NEVER);

	show(k, 0);
	until(&fake.turns, 1);
	for (uint64_t seq = 1; seq <= 1000; seq++)
		cr_assert_eq(show(k, seq), 0);
	usleep(100000);
	cr_assert_eq(fake.turns, 1);
	cr_assert_eq(fake.torn, 0);
	kms_close(k);
}

Test(kms, a_busy_display_is_tried_again)
{
	struct kms *k = open_fake(BUSY);

	cr_assert_eq(show(k, 7), 0);
	until(&fake.turns, 3);
	cr_assert_eq(show(k, 8), 0);
	fake.behaviour = AT_ONCE;
	for (double end = now() + 10; fake.seq[fake.shown] != 8 && now() < end;)
		usleep(1000);
	cr_assert_eq(fake.seq[fake.shown], 8);
	kms_close(k);
}

Test(kms, a_display_that_is_gone_is_told)
{
	struct kms *k = open_fake(REFUSES);

	show(k, 1);
	until(&fake.turns, 2);
	cr_assert_eq(show(k, 2), -EACCES);
	kms_close(k);
	kms_close(NULL);
}
