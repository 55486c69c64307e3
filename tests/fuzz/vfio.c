// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The vfio-user server with a hostile client: messages of any kind with bodies
 * of any length and descriptors of any kind, with the board at work in between.
 * It answers each or ends the connection; it keeps nothing of a client's.
 *
 * Of an input: one byte says how the board is and whether the client begins as
 * it should, then messages: command, flags, length, descriptor, body.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "server.h"

#define BODY_MAX 255
#define MESSAGES_MAX 64
#define RAM_BYTES (1u << 20)

#define GREETING "\0\0\1\0{\"capabilities\":{}}"

/* What comes along with a message. */
enum descriptor { NONE, RAM, SHRINKS, EVENT, SOCKET, DESCRIPTORS };

static struct server server;
static int client;

static int make_ram(unsigned int seals)
{
	int fd = memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (ftruncate(fd, RAM_BYTES))
		abort();
	fcntl(fd, F_ADD_SEALS, seals);
	return fd;
}

static int make_descriptor(enum descriptor kind)
{
	switch (kind) {
	case RAM:
		return make_ram(F_SEAL_SHRINK);
	case SHRINKS:
		return make_ram(0);
	case EVENT:
		return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	case SOCKET:
		return dup(client);
	default:
		return -1;
	}
}

static void send_message(const struct wire_header *h, const void *body,
			 size_t n, int fd)
{
	struct iovec iov[] = { { (void *)h, sizeof(*h) }, { (void *)body, n } };
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	sendmsg(client, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Who does not read would make the server wait. */
static void drain(void)
{
	static char replies[1 << 16];

	while (recv(client, replies, sizeof(replies), MSG_DONTWAIT) > 0)
		;
}

static int message(struct fuzz_input *in)
{
	uint8_t body[BODY_MAX];
	struct wire_header h = { .id = 1 };
	uint8_t flags, length;
	int fd, ret;
	size_t n;

	h.command = fuzz_byte(in) % 18;
	flags = fuzz_byte(in);
	length = fuzz_byte(in);
	fd = make_descriptor(flags >> 4 & 7);
	h.flags = flags & 1 ? WIRE_NO_REPLY : flags & 2 ? fuzz_byte(in) : 0;
	n = fuzz_take(in, body, length);
	/* Sometimes it lies about the length: what follows is read as one. */
	h.size = (uint32_t)(sizeof(h) + n + (flags & 4 ? fuzz_byte(in) : 0));
	send_message(&h, body, n, fd);
	if (fd >= 0)
		close(fd);
	ret = server_serve(&server);
	if (flags & 8)
		server_run(&server);
	drain();
	return ret;
}

static void greet(void)
{
	const struct wire_header h = { 1, 1, sizeof(h) + sizeof(GREETING), 0,
				       0 };

	send_message(&h, GREETING, sizeof(GREETING), -1);
	server_serve(&server);
	drain();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct sim_config config;
	int pair[2], ret = 0;
	uint8_t how;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	client = pair[1];
	sim_config_init(&config);
	how = fuzz_byte(&in);
	config.faults.dead = how & 2;
	config.faults.hang = how & 4;
	config.faults.reg_flip = how & 8;
	if (server_init(&server, &config, NULL, pair[0]))
		abort();
	if (!(how & 1))
		greet();
	for (int i = 0; i < MESSAGES_MAX && in.left && !ret; i++)
		ret = message(&in);
	server_finish(&server);
	close(client);
	return 0;
}
