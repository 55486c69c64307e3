// SPDX-License-Identifier: MIT
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "client_socket.h"
#include "why.h"

#define REPLY_MAX 65536
#define REPLY_MS 10000

/**
 * struct sono_control - see client.h
 * @fd: the socket
 * @asked: requests so far: the "id" of the newest
 * @event: newest one that came before a reply, or NULL
 * @text: room for a message
 */
struct sono_control {
	int fd;
	json_int_t asked;
	char *event;
	char text[REPLY_MAX];
};

int client_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

int sono_control_fd(const struct sono_control *c)
{
	return c->fd;
}

/* One message, as a string of its own; @timeout_ms 0: if there is one. */
static int receive(struct sono_control *c, int timeout_ms, char **text)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int ret = poll(&p, 1, timeout_ms);
	ssize_t bytes;

	if (ret <= 0)
		return ret ? -errno : -ETIMEDOUT;
	bytes = recv(c->fd, c->text, sizeof(c->text) - 1, MSG_DONTWAIT);
	/* said once, of something of ours that was not read; messages follow */
	if (bytes < 0 && errno == ECONNRESET)
		bytes = recv(c->fd, c->text, sizeof(c->text) - 1, MSG_DONTWAIT);
	if (bytes <= 0)
		return bytes ? -errno : -EPIPE;
	c->text[bytes] = '\0';
	*text = strdup(c->text);
	return *text ? 0 : -ENOMEM;
}

/* What came later says more. */
static void keep_event(struct sono_control *c, char *text)
{
	free(c->event);
	c->event = text;
}

/* What a message is. */
enum kind {
	EVENT,
	REPLY,	/* to the request with its id */
	OTHER,	/* to what is no request, or to nothing: why we are thrown out */
};

/**
 * struct message - what sonod says
 * @kind: of it
 * @ret: that sono_control_ask() returns for it
 * @id: REPLY: of the request
 */
struct message {
	enum kind kind;
	int64_t ret;
	json_int_t id;
};

static struct message judge(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	const json_t *id = json_object_get(json, "id");
	struct message m = { OTHER, -EPROTO, json_integer_value(id) };

	if (json_object_get(json, "event"))
		m.kind = EVENT;
	else if (id)
		m.kind = REPLY;
	if (json_is_true(json_object_get(json, "ok")))
		m.ret = json_integer_value(json_object_get(json, "cfg_gen"));
	else if (json_is_false(json_object_get(json, "ok")))
		m.ret = -EREMOTEIO;
	json_decref(json);
	return m;
}

/* With its number; what is no JSON object is sonod's to refuse, as it is. */
static char *number(struct sono_control *c, const char *request)
{
	json_t *json = json_loads(request, JSON_REJECT_DUPLICATES, NULL);
	char *text;

	c->asked++;
	if (json_object_set_new(json, "id", json_integer(c->asked)))
		text = strdup(request);
	else
		text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

/* 0; so it is, too, when we are thrown out: the next message says why. */
static int ask(struct sono_control *c, const char *request)
{
	char *text = number(c, request);
	int ret = 0;

	if (!text)
		return -ENOMEM;
	if (send(c->fd, text, strlen(text), MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE && errno != ECONNRESET)
		ret = -errno;
	free(text);
	return ret;
}

/*
 * A reply to a request before is late: who asked has given up, and who asks now
 * must not take it for theirs.
 */
static int next_reply(struct sono_control *c, char **text, struct message *m)
{
	int ret;

	while (!(ret = receive(c, REPLY_MS, text))) {
		*m = judge(*text);
		if (m->kind == EVENT)
			keep_event(c, *text);
		else if (m->kind == REPLY && m->id != c->asked)
			free(*text);
		else
			break;
	}
	return ret;
}

int64_t sono_control_ask(struct sono_control *c, const char *request,
			 char **reply)
{
	struct message m;
	char *text;
	int ret;

	if (reply)
		*reply = NULL;
	ret = ask(c, request);
	if (!ret)
		ret = next_reply(c, &text, &m);
	if (ret)
		return ret;
	if (reply)
		*reply = text;
	else
		free(text);
	return m.ret;
}

char *sono_control_event(struct sono_control *c)
{
	char *text = c->event;

	c->event = NULL;
	if (!text && receive(c, 0, &text))
		return NULL;
	return text;
}

void sono_control_close(struct sono_control *c)
{
	if (!c)
		return;
	free(c->event);
	close(c->fd);
	free(c);
}

/* Who says nothing is thrown out; and here is told that there is no room. */
static int greet(struct sono_control *c, const char *path, char *why,
		 size_t why_bytes)
{
	char *reply;
	const int64_t ret = sono_control_ask(c, "{\"do\":\"state\"}", &reply);
	const char *text = NULL;
	json_t *json;

	if (ret >= 0) {
		free(reply);
		return 0;
	}
	json = reply ? json_loads(reply, 0, NULL) : NULL;
	text = json_string_value(json_object_get(json, "error"));
	sono_why(why, why_bytes, 0, "%s: %s", path,
		 text ? text : strerror(-ret));
	json_decref(json);
	free(reply);
	return text ? -ECONNREFUSED : (int)ret;
}

int sono_control_open(struct sono_control **control, const char *path,
		      char *why, size_t why_bytes)
{
	struct sono_control *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	path = path ? path : SONO_CONTROL_SOCKET;
	c->fd = client_connect(path);
	if (c->fd < 0) {
		ret = c->fd;
		free(c);
		return sono_why(why, why_bytes, ret, "%s: %s", path,
				strerror(-ret));
	}
	ret = greet(c, path, why, why_bytes);
	if (ret)
		sono_control_close(c);
	else
		*control = c;
	return ret;
}
