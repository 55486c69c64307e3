// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "maker.h"

/**
 * struct order - what is wanted
 * @params: of the setup
 * @preset: its name
 * @controls: to turn
 */
struct order {
	struct setup_params params;
	char preset[PRESET_NAME_MAX];
	struct sono_controls controls;
};

/**
 * struct maker - see maker.h
 * @made: eventfd
 * @thread: that makes
 * @lock: of what is below it
 * @wake: there is an order, or the end
 * @order: newest one
 * @number: of the newest order; it also counts those that were forgotten
 * @ordered: @order has not been begun
 * @end: the thread shall end
 * @making: it makes: who ends does not wait for it
 * @left: it was not waited for: what there is is the thread's to free
 * @ready: an order is done; what it came to has not been taken
 * @result: 1, or -errno of it
 * @setup: made, or NULL
 * @why: it was refused
 */
struct maker {
	int made;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct order order;
	unsigned int number;
	bool ordered;
	bool end;
	bool making;
	bool left;
	bool ready;
	int result;
	struct setup *setup;
	char why[256];
};

/* Under the lock. What nobody wants any more is the caller's to destroy. */
static struct setup *forget(struct maker *m)
{
	struct setup *setup = m->setup;

	m->number++;
	m->ordered = false;
	m->ready = false;
	m->setup = NULL;
	return setup;
}

/* Return: @setup where it came too late, else NULL: it is there to be taken. */
static struct setup *put(struct maker *m, unsigned int number, int ret,
			 struct setup *setup, const char *why)
{
	const uint64_t one = 1;

	if (m->number != number)
		return setup;
	m->ready = true;
	m->result = ret ? ret : 1;
	m->setup = setup;
	snprintf(m->why, sizeof(m->why), "%s", why);
	if (write(m->made, &one, sizeof(one)) < 0)
		return NULL; /* full: it is awake */
	return NULL;
}

/* Under the lock, but for the making itself. */
static void make(struct maker *m)
{
	const struct order order = m->order;
	const unsigned int number = m->number;
	struct setup *setup = NULL;
	char why[sizeof(m->why)] = "";
	int ret;

	m->ordered = false;
	m->making = true;
	pthread_mutex_unlock(&m->lock);
	ret = setup_create(&setup, &order.params, order.preset,
			   &order.controls, why, sizeof(why));
	pthread_mutex_lock(&m->lock);
	setup = put(m, number, ret, setup, why);
	pthread_mutex_unlock(&m->lock);
	setup_destroy(setup);
	pthread_mutex_lock(&m->lock);
	m->making = false;
}

static void free_maker(struct maker *m)
{
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void *serve(void *arg)
{
	struct maker *m = arg;
	bool left;

	pthread_setname_np(pthread_self(), "maker");
	pthread_mutex_lock(&m->lock);
	while (!m->end) {
		if (m->ordered)
			make(m);
		else
			pthread_cond_wait(&m->wake, &m->lock);
	}
	left = m->left;
	pthread_mutex_unlock(&m->lock);
	if (left)
		free_maker(m);
	return NULL;
}

/* At no time more urgent than what runs: not even where all of that is. */
static int start(struct maker *m)
{
	const struct sched_param param = { 0 };
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &param);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	ret = -pthread_create(&m->thread, &attr, serve, m);
	pthread_attr_destroy(&attr);
	return ret;
}

int maker_create(struct maker **maker, int made)
{
	struct maker *m = calloc(1, sizeof(*m));
	int ret;

	if (!m)
		return -ENOMEM;
	m->made = made;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	ret = start(m);
	if (ret) {
		free_maker(m);
		return ret;
	}
	*maker = m;
	return 0;
}

void maker_begin(struct maker *m, const struct setup_params *params,
		 const char *preset, const struct sono_controls *controls)
{
	struct setup *late;

	pthread_mutex_lock(&m->lock);
	late = forget(m);
	m->order.params = *params;
	snprintf(m->order.preset, sizeof(m->order.preset), "%s", preset);
	m->order.controls = *controls;
	m->ordered = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	setup_destroy(late);
}

void maker_forget(struct maker *m)
{
	struct setup *late;

	pthread_mutex_lock(&m->lock);
	late = forget(m);
	pthread_mutex_unlock(&m->lock);
	setup_destroy(late);
}

int maker_take(struct maker *m, struct setup **setup, char *why,
	       size_t why_bytes)
{
	int ret = 0;

	pthread_mutex_lock(&m->lock);
	*setup = NULL;
	if (m->ready) {
		ret = m->result;
		*setup = m->setup;
		snprintf(why, why_bytes, "%s", m->why);
		m->setup = NULL;
		m->ready = false;
	}
	pthread_mutex_unlock(&m->lock);
	return ret;
}

bool maker_destroy(struct maker *m)
{
	struct setup *late;
	bool left;

	if (!m)
		return true;
	pthread_mutex_lock(&m->lock);
	late = forget(m);
	m->end = true;
	left = m->left = m->making;
	if (left)
		pthread_detach(m->thread);
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	setup_destroy(late);
	if (left)
		return false;
	pthread_join(m->thread, NULL);
	free_maker(m);
	return true;
}
