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
#include "maker.h"
#include "peers.h"
#include "request.h"
#include "why.h"

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
 * struct question - what a reply is to
 * @name: of the request, constant; NULL: there is no such request
 * @id: that its client gave it, an integer, or NULL
 */
struct question {
	const char *name;
	json_t *id;
};

/**
 * struct control - clients, and what they control
 * @loop: of the thread
 * @peers: clients
 * @changed: eventfd: the state has changed
 * @made: eventfd: a preset is ready, or refused
 * @ending: eventfd: the thread shall end
 * @asked: eventfd: is the thread alive?
 * @answered: it was
 * @thread: that serves
 * @begun: it runs
 * @maker: of presets
 * @chosen: what was asked of the scanner
 * @controller: who has the control, or NULL
 * @waiting: controller's request that is being made ready; its name is NULL
 *           where there is none. Its id is held
 * @wanted: by that request
 */
struct control {
	struct loop loop;
	struct peers peers;
	struct watch changed;
	struct watch made;
	struct watch ending;
	struct watch asked;
	atomic_bool answered;
	pthread_t thread;
	bool begun;
	struct maker *maker;
	struct chosen chosen;
	struct client *controller;
	struct question waiting;
	struct wanted wanted;
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

static uint32_t cfg_gen(const struct control *control)
{
	struct scanner_status status;

	scanner_status(control->chosen.scanner, &status);
	return status.cfg_gen;
}

static void say_error(const struct control *control, int fd,
		      const struct question *question, const char *why)
{
	say(fd, json_pack("{s:b,s:O*,s:s*,s:i,s:o}", "ok", 0, "id",
			  question->id, "do", question->name, "cfg_gen",
			  cfg_gen(control), "error", words_json(why)));
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

static void reply(const struct client *c, const struct question *question,
		  int ret, const char *why)
{
	if (ret)
		say_error(c->control, c->peer.watch.fd, question, why);
	else
		say(c->peer.watch.fd,
		    json_pack("{s:b,s:O*,s:s,s:i,s:o}", "ok", 1, "id",
			      question->id, "do", question->name, "cfg_gen",
			      cfg_gen(c->control), "state", state_for(c)));
}

/* To what is no request. */
static void refuse_message(const struct client *c, int err, const char *why)
{
	const struct question none = { 0 };

	reply(c, &none, err, why);
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

static void wait_no_more(struct control *control)
{
	json_decref(control->waiting.id);
	control->waiting = (struct question){ 0 };
}

/* Nobody controls: nobody transmits, and what was wanted is not. */
static void give_up(struct control *control)
{
	char why[1];

	control->controller = NULL;
	scanner_freeze(control->chosen.scanner, why, sizeof(why));
	if (control->waiting.name)
		maker_forget(control->maker);
	wait_no_more(control);
	tell_all(control);
}

/* --- requests --- */

/* What a request returns whose reply comes later. */
#define LATER 1

/**
 * struct call - a request
 * @client: whose it is
 * @question: it, for its reply
 * @json: all of it
 * @why: reason if it is refused
 */
struct call {
	struct client *client;
	struct question question;
	const json_t *json;
	char why[256];
};

#define refuse(call, err, ...) \
	sono_why((call)->why, sizeof((call)->why), err, __VA_ARGS__)

static int do_state(struct call *call)
{
	(void)call;
	return 0;
}

static int do_watch(struct call *call)
{
	call->client->watching = true;
	return 0;
}

static int do_take(struct call *call)
{
	struct control *control = call->client->control;

	if (control->controller && control->controller != call->client)
		return refuse(call, -EBUSY, "another client has the control");
	control->controller = call->client;
	tell_all(control);
	return 0;
}

static int do_release(struct call *call)
{
	struct control *control = call->client->control;

	if (control->controller != call->client)
		return refuse(call, -EPERM, "the control was not taken");
	if (control->waiting.name)
		reply(call->client, &control->waiting, -ECANCELED,
		      "the control was given back");
	give_up(control);
	return 0;
}

static int do_freeze(struct call *call)
{
	return scanner_freeze(call->client->control->chosen.scanner, call->why,
			      sizeof(call->why));
}

static int do_scan(struct call *call)
{
	return scanner_scan(call->client->control->chosen.scanner, call->why,
			    sizeof(call->why));
}

/* Made ready elsewhere: who wants to freeze meanwhile does not wait for it. */
static int want(struct call *call,
		int (*read)(const struct chosen *chosen, const json_t *request,
			    struct wanted *wanted, char *why, size_t why_bytes))
{
	struct control *control = call->client->control;
	struct setup_params params;
	struct wanted wanted;
	int ret;

	if (control->waiting.name)
		return refuse(call, -EBUSY,
			      "%s: the %s before it is not ready yet",
			      call->question.name, control->waiting.name);
	ret = read(&control->chosen, call->json, &wanted, call->why,
		   sizeof(call->why));
	if (ret)
		return ret;
	params = scanner_setup_params(control->chosen.scanner);
	maker_begin(control->maker, &params, wanted.preset, &wanted.controls);
	control->waiting = call->question;
	json_incref(control->waiting.id);
	control->wanted = wanted;
	return LATER;
}

static int do_preset(struct call *call)
{
	return want(call, request_preset);
}

static int do_set(struct call *call)
{
	return want(call, request_set);
}

/* What is ready: who asked for it still has the control. */
static void on_made(struct watch *watch, uint32_t events)
{
	struct control *control = watched(watch, struct control, made);
	struct setup *setup;
	uint64_t count;
	char why[256];
	int ret;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	ret = maker_take(control->maker, &setup, why, sizeof(why));
	if (!ret)
		return; /* it was forgotten meanwhile */
	if (ret > 0)
		ret = scanner_use(control->chosen.scanner, setup, why,
				  sizeof(why));
	if (!ret)
		control->chosen.now = control->wanted;
	reply(control->controller, &control->waiting, ret, why);
	wait_no_more(control);
}

static const struct {
	const char *name;
	int (*run)(struct call *call);
	bool controls;
} requests[] = {
	{ "state", do_state, false },
	{ "watch", do_watch, false },
	{ "take", do_take, false },
	{ "release", do_release, false },
	/* to make it safe is everybody's */
	{ "freeze", do_freeze, false },
	{ "preset", do_preset, true },
	{ "set", do_set, true },
	{ "scan", do_scan, true },
};

#define REQUESTS (sizeof(requests) / sizeof(*requests))

static int do_request(struct call *call, const char *name)
{
	size_t i = 0;

	while (i < REQUESTS && strcmp(requests[i].name, name))
		i++;
	if (i == REQUESTS)
		return refuse(call, -EINVAL, "%.40s: no such request", name);
	call->question.name = requests[i].name;
	if (requests[i].controls &&
	    call->client->control->controller != call->client)
		return refuse(call, -EPERM, "%s: take the control first", name);
	return requests[i].run(call);
}

static void answer(struct client *c, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "do"));
	json_t *id = json_object_get(request, "id");
	struct call call = {
		.client = c, .question.id = id, .json = request,
	};
	int ret;

	if (!name) {
		refuse_message(c, -EINVAL, "a request is {\"do\": name, ...}");
		return;
	}
	if (id && !json_is_integer(id)) {
		refuse_message(c, -EINVAL, "id: not an integer");
		return;
	}
	c->peer.greeted = true;
	ret = do_request(&call, name);
	if (ret != LATER)
		reply(c, &call.question, ret, call.why);
}

static void on_gone(struct peer *peer)
{
	struct client *c = client_of(peer);

	if (c->control->controller == c)
		give_up(c->control);
	free(c);
}

static void no_json(const struct client *c, const json_error_t *error)
{
	char why[sizeof(error->text) + 64];

	snprintf(why, sizeof(why), "no JSON: %s, at character %d", error->text,
		 error->position);
	refuse_message(c, -EINVAL, why);
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
		refuse_message(c, -EMSGSIZE, "a request is too long");
		return;
	}
	request = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
	if (request)
		answer(c, request);
	else
		no_json(c, &error);
	json_decref(request);
}

static int create_client(struct peers *peers, struct peer **peer)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->control = watched(peers, struct control, peers);
	*peer = &c->peer;
	return 0;
}

static void refuse_peer(struct peers *peers, int fd, const char *why)
{
	const struct question none = { 0 };

	say_error(watched(peers, struct control, peers), fd, &none, why);
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

static void on_asked(struct watch *watch, uint32_t events)
{
	struct control *control = watched(watch, struct control, asked);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) > 0)
		atomic_store(&control->answered, true);
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

	pthread_setname_np(pthread_self(), "control");
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
	c->made.fd = -1;
	c->asked.fd = -1;
	atomic_init(&c->answered, true);
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
		ret = watch_event(&c->loop, &c->made, on_made);
	if (!ret)
		ret = watch_event(&c->loop, &c->ending, on_ending);
	if (!ret)
		ret = watch_event(&c->loop, &c->asked, on_asked);
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
	snprintf(control->chosen.now.preset,
		 sizeof(control->chosen.now.preset), "%s", preset);
	ret = maker_create(&control->maker, control->made.fd);
	if (ret)
		return ret;
	ret = -pthread_create(&control->thread, NULL, serve, control);
	control->begun = !ret;
	return ret;
}

bool control_answers(struct control *control)
{
	const bool answered = atomic_exchange(&control->answered, false);
	const uint64_t one = 1;

	/* full: it has been asked often */
	return write(control->asked.fd, &one, sizeof(one)) > 0 && answered;
}

bool control_destroy(struct control *control)
{
	const uint64_t one = 1;
	bool ended;

	if (!control)
		return true;
	if (control->begun && write(control->ending.fd, &one, sizeof(one)) > 0)
		pthread_join(control->thread, NULL);
	/* first of all: who has the control ends transmit by going */
	peers_end(&control->peers);
	ended = maker_destroy(control->maker);
	if (control->made.fd >= 0)
		close(control->made.fd);
	if (control->asked.fd >= 0)
		close(control->asked.fd);
	if (control->ending.fd >= 0)
		close(control->ending.fd);
	if (control->changed.fd >= 0)
		close(control->changed.fd);
	loop_end(&control->loop);
	free(control);
	return ended;
}
