/* SPDX-License-Identifier: MIT */
/*
 * Makes presets ready in a thread of its own: whoever asks has its hands free
 * meanwhile. One at a time; who asks again has forgotten what it asked before.
 */
#ifndef SONOD_MAKER_H
#define SONOD_MAKER_H

#include <stdbool.h>

#include "setup.h"

struct maker;

/**
 * maker_create() - start the thread
 * @maker: written
 * @made: eventfd, written when something is made or refused; must outlive it
 *
 * The other functions are for one thread.
 *
 * Return: 0 or -errno.
 */
int maker_create(struct maker **maker, int made);

/**
 * maker_begin() - make a preset ready
 * @maker: of maker_create()
 * @params: copied
 * @preset: name of setup_check_name()
 * @controls: to turn
 */
void maker_begin(struct maker *maker, const struct setup_params *params,
		 const char *preset, const struct sono_controls *controls);

/** maker_forget() - what was begun is wanted no more */
void maker_forget(struct maker *maker);

/**
 * maker_take() - what has been made
 * @maker: of maker_create()
 * @setup: set to it, the caller's; NULL: refused
 * @why: reason if it was refused
 * @why_bytes: its size
 *
 * Return: 1 with a setup; 0: nothing is ready; -errno of setup_create().
 */
int maker_take(struct maker *maker, struct setup **setup, char *why,
	       size_t why_bytes);

/**
 * maker_destroy() - make no more; NULL is fine
 *
 * What is being made is not waited for.
 *
 * Return: whether its thread has ended. It may live as long as the process
 * otherwise, so must @presets of its params.
 */
bool maker_destroy(struct maker *maker);

#endif /* SONOD_MAKER_H */
