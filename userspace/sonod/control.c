// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "loop.h"
#include "peers.h"
#include "request.h"

/**
 * struct client - somebody who asks
 * @peer: its connection
 * @control: that it is of
 * @watching: it is told when the state changes
 */
struct client {
	struct peer peer;
	struct control *control;
	bool watching;
};

/**
 * struct control - clients, and what they control
 * @loop: of the thread
 * @peers: clients
 * @changed: eventfd: the state has changed
 * @ending: eventfd: the thread shall end
 * @thread: that serves
 * @begun: it runs
 * @chosen: what was asked of the scanner
 * @controller: who has the control, or NULL
 */
struct control {
	struct loop loop;
	struct peers peers;
	struct watch changed;
	struct watch ending;
	pthread_t thread;
	bool begun;
	struct chosen chosen;
	struct client *controller;
};

static struct client *client_of(struct peer *peer)
{
	return watched(peer, struct client, peer);
}

/* --- sending --- */

/* A client that does not read misses it. */
static void say(int fd, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	if (text)
		send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	free(text);
	json_decref(message);
}

static void say_error(int fd, const char *why)
{
	say(fd, json_pack("{s:b,s:s}", "ok", 0, "error", why));
}

static json_t *state_for(const struct client *c)
{
	json_t *state = state_json(&c->control->chosen);

	json_object_set_new(state, "controlled",
			    json_boolean(c->control->controller));
	json_object_set_new(state, "mine",
			    json_boolean(c->control->controller == c));
	return state;
}

static void tell_all(struct control *control)
{
	for (struct peer *p = control->peers.first; p; p = p->next)
		if (client_of(p)->watching)
			say(p->watch.fd,
			    json_pack("{s:s,s:o}", "event", "state", "state",
				      state_for(client_of(p))));
}

/* --- who has the control --- */

/* Nobody controls: nobody transmits. */
static void give_up(struct control *control)
{
	char why[1];

	control->controller = NULL;
	scanner_freeze(control->chosen.scanner, why, sizeof(why));
	tell_all(control);
}

static int take(struct client *c, char *why, size_t why_bytes)
{
	struct control *control = c->control;

	if (control->controller && control->controller != c) {
		snprintf(why, why_bytes, "another client has the control");
		return -EBUSY;
	}
	control->controller = c;
	tell_all(control);
	return 0;
}

static int release(struct client *c, char *why, size_t why_bytes)
{
	if (c->control->controller != c) {
		snprintf(why, why_bytes, "the control was not taken");
		return -EPERM;
	}
	give_up(c->control);
	return 0;
}

/* --- requests --- */

static int do_request(struct client *c, const char *name, json_t *request,
		      char *why, size_t why_bytes)
{
	struct chosen *chosen = &c->control->chosen;

	if (!strcmp(name, "state"))
		return 0;
	if (!strcmp(name, "watch")) {
		c->watching = true;
		return 0;
	}
	if (!strcmp(name, "take"))
		return take(c, why, why_bytes);
	if (!strcmp(name, "release"))
		return release(c, why, why_bytes);
	/* to make it safe is everybody's */
	if (!strcmp(name, "freeze"))
		return scanner_freeze(chosen->scanner, why, why_bytes);
	if (!request_known(name)) {
		snprintf(why, why_bytes, "%.40s: no such request", name);
		return -EINVAL;
	}
	if (c->control->controller != c) {
		snprintf(why, why_bytes,
			 "%s: take the control first", name);
		return -EPERM;
	}
	return request_do(chosen, name, request, why, why_bytes);
}

static void answer(struct client *c, json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "do"));
	struct scanner_status status;
	char why[256] = "";

	if (!name) {
		say_error(c->peer.watch.fd, "a request is {\"do\": name, ...}");
		return;
	}
	c->peer.greeted = true;
	if (do_request(c, name, request, why, sizeof(why))) {
		say_error(c->peer.watch.fd, why);
		return;
	}
	scanner_status(c->control->chosen.scanner, &status);
	say(c->peer.watch.fd,
	    json_pack("{s:b,s:i,s:o}", "ok", 1, "cfg_gen", status.cfg_gen,
		      "state", state_for(c)));
}

static void on_gone(struct peer *peer)
{
	struct client *c = client_of(peer);

	if (c->control->controller == c)
		give_up(c->control);
	free(c);
}

static void on_client(struct watch *watch, uint32_t events)
{
	struct client *c = watched(watch, struct client, peer.watch);
	char text[REQUEST_MAX];
	ssize_t bytes = recv(watch->fd, text, sizeof(text),
			     MSG_DONTWAIT | MSG_TRUNC);
	json_error_t error;
	json_t *request;

	(void)events;
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (bytes <= 0) {
		peer_drop(&c->peer);
		return;
	}
	if (bytes > (ssize_t)sizeof(text)) {
		say_error(watch->fd, "a request is too long");
		return;
	}
	request = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
	if (request)
		answer(c, request);
	else
		say_error(watch->fd, error.text);
	json_decref(request);
}

static struct peer *create_client(struct peers *peers)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->control = watched(peers, struct control, peers);
	return &c->peer;
}

static void refuse_peer(struct peers *peers, int fd, const char *why)
{
	(void)peers;
	say_error(fd, why);
}

static const struct peers_kind askers = {
	.max = CONTROL_CLIENTS_MAX,
	.create = create_client,
	.ready = on_client,
	.gone = on_gone,
	.refuse = refuse_peer,
};

static void on_changed(struct watch *watch, uint32_t events)
{
	struct control *control = watched(watch, struct control, changed);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) > 0)
		tell_all(control);
}

static void on_ending(struct watch *watch, uint32_t events)
{
	struct control *control = watched(watch, struct control, ending);

	(void)events;
	control->loop.end = true;
}

/* --- from beginning to end --- */

static void *serve(void *arg)
{
	struct control *control = arg;

	loop_run(&control->loop);
	return NULL;
}

void control_changed(void *arg)
{
	struct control *control = arg;
	const uint64_t one = 1;

	if (write(control->changed.fd, &one, sizeof(one)) < 0)
		return; /* full: it is awake */
}

static int watch_event(struct loop *loop, struct watch *watch,
		       void (*ready)(struct watch *watch, uint32_t events))
{
	watch->ready = ready;
	watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return watch->fd < 0 ? -errno : loop_add(loop, watch);
}

int control_create(struct control **control, int listener, const char *presets)
{
	struct control *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return -ENOMEM;
	chosen_init(&c->chosen, presets);
	c->changed.fd = -1;
	c->ending.fd = -1;
	ret = loop_begin(&c->loop);
	if (ret) {
		close(listener);
		free(c);
		return ret;
	}
	ret = peers_begin(&c->peers, &askers, &c->loop, listener);
	if (!ret)
		ret = watch_event(&c->loop, &c->changed, on_changed);
	if (!ret)
		ret = watch_event(&c->loop, &c->ending, on_ending);
	if (ret)
		control_destroy(c);
	else
		*control = c;
	return ret;
}

int control_begin(struct control *control, struct scanner *scanner,
		  const char *preset)
{
	int ret;

	control->chosen.scanner = scanner;
	snprintf(control->chosen.preset, sizeof(control->chosen.preset), "%s",
		 preset);
	ret = -pthread_create(&control->thread, NULL, serve, control);
	control->begun = !ret;
	return ret;
}

void control_destroy(struct control *control)
{
	const uint64_t one = 1;

	if (!control)
		return;
	if (control->begun && write(control->ending.fd, &one, sizeof(one)) > 0)
		pthread_join(control->thread, NULL);
	peers_end(&control->peers);
	if (control->ending.fd >= 0)
		close(control->ending.fd);
	if (control->changed.fd >= 0)
		close(control->changed.fd);
	loop_end(&control->loop);
	free(control);
}
