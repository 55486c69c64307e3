// SPDX-License-Identifier: MIT
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "sockets.h"
#include "why.h"

#define BACKLOG 8
#define MODE 0660

static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	bool served;

	if (fd < 0)
		return false;
	served = !connect(fd, (const struct sockaddr *)address,
			  sizeof(*address));
	close(fd);
	return served;
}

/* umask decides what bind() makes: nobody comes in before the mode is set. */
static int bind_at(int fd, const struct sockaddr_un *address)
{
	const mode_t mask = umask(0777);
	int ret = bind(fd, (const struct sockaddr *)address,
		       sizeof(*address)) ?
			  -errno :
			  0;

	umask(mask);
	if (!ret && chmod(address->sun_path, MODE))
		ret = -errno;
	return ret;
}

static int make(int *to, const char *folder, const char *name, char *why,
		size_t why_bytes)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int ret;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		     folder, name) >= (int)sizeof(address.sun_path))
		return sono_why(why, why_bytes, -ENAMETOOLONG, "%s: %s",
				folder, strerror(ENAMETOOLONG));
	if (is_served(&address))
		return sono_why(why, why_bytes, -EADDRINUSE,
				"%s: another sonod serves it",
				address.sun_path);
	if (!lstat(address.sun_path, &st) && !S_ISSOCK(st.st_mode))
		return sono_why(why, why_bytes, -EEXIST,
				"%s: it is there, and no socket",
				address.sun_path);
	unlink(address.sun_path);
	*to = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		     0);
	ret = *to < 0 ? -errno : bind_at(*to, &address);
	if (!ret && listen(*to, BACKLOG))
		ret = -errno;
	return ret ? sono_why(why, why_bytes, ret, "%s: %s", address.sun_path,
			      strerror(-ret)) :
		     0;
}

/* Which of the two it is, its path says. */
static int adopt(struct sockets *s, int fd, char *why, size_t why_bytes)
{
	struct sockaddr_un address = { 0 };
	socklen_t bytes = sizeof(address) - 1;
	const char *name;

	if (sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 1) <= 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &bytes))
		return sono_why(why, why_bytes, -EINVAL,
				"descriptor %d: no listening SOCK_SEQPACKET",
				fd);
	name = basename(address.sun_path);
	if (!strcmp(name, "stream"))
		s->stream = fd;
	else if (!strcmp(name, "control"))
		s->control = fd;
	else
		return sono_why(why, why_bytes, -EINVAL,
				"descriptor %d: \"%s\" is neither stream nor control",
				fd, name);
	return 0;
}

int sockets_open(struct sockets *s, const char *folder, char *why,
		 size_t why_bytes)
{
	const int handed = sd_listen_fds(1);
	int ret = 0;

	s->stream = -1;
	s->control = -1;
	for (int i = 0; i < handed && !ret; i++)
		ret = adopt(s, SD_LISTEN_FDS_START + i, why, why_bytes);
	if (!ret && s->stream < 0)
		ret = make(&s->stream, folder, "stream", why, why_bytes);
	if (!ret && s->control < 0)
		ret = make(&s->control, folder, "control", why, why_bytes);
	return ret;
}
