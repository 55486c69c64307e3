// SPDX-License-Identifier: MIT
/*
 * Pages and who turns them. The timer decides when: some drivers report a page
 * as shown at once, thousands of times a second, so their events only tell
 * which pages are free.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "kms.h"
#include "kms_console.h"
#include "kms_device.h"
#include "why.h"

/* Of displays that do not say. */
#define REFRESH_DEFAULT 60.0

#define NONE KMS_PAGES

/**
 * struct kms - a display
 * @device: ours
 * @console: put aside
 * @lock: of all below
 * @shown: page on the screen
 * @turning: page on its way there, or NONE
 * @newest: drawn, and to be turned to, or NONE
 * @error: of the last turn
 * @timer: timerfd, at the display's rate
 * @done: eventfd that ends the thread
 * @thread: that turns pages
 */
struct kms {
	struct kms_device device;
	struct kms_console console;
	pthread_mutex_t lock;
	unsigned int shown;
	unsigned int turning;
	unsigned int newest;
	int error;
	int timer;
	int done;
	pthread_t thread;
};

/* --- the thread that turns --- */

static void turn(struct kms *k)
{
	pthread_mutex_lock(&k->lock);
	if (k->newest != NONE && k->turning == NONE) {
		const int ret = kms_device_turn(&k->device, k->newest);

		/* busy: still there at the next tick */
		if (!ret) {
			k->turning = k->newest;
			k->newest = NONE;
		}
		k->error = ret == -EBUSY ? 0 : ret;
	}
	pthread_mutex_unlock(&k->lock);
}

static void turned(struct kms *k)
{
	if (!kms_device_turned(&k->device))
		return;
	pthread_mutex_lock(&k->lock);
	if (k->turning != NONE)
		k->shown = k->turning;
	k->turning = NONE;
	pthread_mutex_unlock(&k->lock);
}

static void *turn_pages(void *arg)
{
	struct kms *k = arg;
	struct pollfd p[3] = {
		{ .fd = k->timer, .events = POLLIN },
		{ .fd = k->device.fd, .events = POLLIN },
		{ .fd = k->done, .events = POLLIN },
	};
	uint64_t ticks;

	while (!p[2].revents) {
		poll(p, 3, -1);
		if (p[1].revents)
			turned(k);
		if (p[0].revents && read(k->timer, &ticks, sizeof(ticks)) > 0)
			turn(k);
	}
	return NULL;
}

static int begin_thread(struct kms *k)
{
	const double refresh = k->device.info.refresh > 1 ?
				       k->device.info.refresh :
				       REFRESH_DEFAULT;
	const long period = (long)(1e9 / refresh);
	const struct itimerspec every = {
		.it_interval = { .tv_nsec = period },
		.it_value = { .tv_nsec = period },
	};

	k->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	k->done = eventfd(0, EFD_CLOEXEC);
	if (k->timer < 0 || k->done < 0 ||
	    timerfd_settime(k->timer, 0, &every, NULL))
		return -errno;
	return -pthread_create(&k->thread, NULL, turn_pages, k);
}

static void end_thread(struct kms *k)
{
	const uint64_t one = 1;

	while (write(k->done, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(k->thread, NULL);
}

/* --- the thread that draws --- */

/* A page that neither is on the screen nor will be; the newest if need be. */
static unsigned int take_page(struct kms *k)
{
	unsigned int page = 0;

	pthread_mutex_lock(&k->lock);
	while (page == k->shown || page == k->turning)
		page++;
	if (page == k->newest)
		k->newest = NONE;
	pthread_mutex_unlock(&k->lock);
	return page;
}

int kms_show(struct kms *k, const struct image *image)
{
	const unsigned int page = take_page(k);
	int ret;

	kms_page_draw(&k->device, &k->device.page[page], image);
	pthread_mutex_lock(&k->lock);
	k->newest = page;
	ret = k->error;
	pthread_mutex_unlock(&k->lock);
	return ret;
}

/* --- all --- */

static void destroy(struct kms *k)
{
	if (k->timer >= 0)
		close(k->timer);
	if (k->done >= 0)
		close(k->done);
	kms_device_finish(&k->device);
	kms_console_show(&k->console);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

int kms_open(struct kms **kms, const char *card, char *why, size_t why_bytes)
{
	struct kms *k = calloc(1, sizeof(*k));
	int ret;

	if (!k)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	pthread_mutex_init(&k->lock, NULL);
	k->timer = -1;
	k->done = -1;
	k->turning = NONE;
	k->newest = NONE;
	/* first, so that the child knows nothing of the device */
	kms_console_hide(&k->console);
	ret = kms_device_init(&k->device, card, why, why_bytes);
	if (!ret) {
		ret = begin_thread(k);
		if (ret)
			sono_why(why, why_bytes, ret, "%s: %s",
				 k->device.info.card, strerror(-ret));
	}
	if (ret) {
		destroy(k);
		return ret;
	}
	*kms = k;
	return 0;
}

const struct kms_info *kms_info(const struct kms *k)
{
	return &k->device.info;
}

void kms_close(struct kms *k)
{
	if (!k)
		return;
	end_thread(k);
	destroy(k);
}
