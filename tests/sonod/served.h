/* SPDX-License-Identifier: MIT */
/*
 * A sonod for each test of the suite "sonod", with a client that may ask it. What
 * does not hold ends the test.
 */
#ifndef TEST_SERVED_H
#define TEST_SERVED_H

#include <jansson.h>
#include <stdint.h>

#include "client.h"
#include "daemon.h"

#define SOURCE "sim:points,pace=real"
#define PATIENCE_MS 20000
/* Other tests may have the processors for longer than a heartbeat. */
#define PATIENT "--heartbeat", "2000"

/* The process, with the preset "fast" and frozen; and a connection to it. */
extern struct daemon d;
extern struct sono_control *control;

/* Before and after each test. */
void start(void);
void finish(void);

/* The reply to what must be granted; the caller's. */
json_t *granted(struct sono_control *c, const char *request);

/* The same by @control. Return: the table that the board has from now on. */
int64_t do_it(const char *request);

void is_state(struct sono_control *c, const char *state);

/* Takes the control. */
void scan(void);

/* A connection that says nothing by itself. */
int raw(const char *path);

struct sono_client *look(uint32_t layers, uint32_t flags);
void next(struct sono_client *c, struct sono_picture *p);

/* Every frame of the board so far is counted once. */
void is_accounted(const struct sono_stream_frame *f);

#endif /* TEST_SERVED_H */
