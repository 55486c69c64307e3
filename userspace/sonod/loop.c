// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop.h"

int loop_begin(struct loop *loop)
{
	loop->end = false;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct watch *watch)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) ?
		       -errno :
		       0;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

/* One at a time: what is called may free any other that is ready, too. */
void loop_run(struct loop *loop)
{
	struct epoll_event event;

	while (!loop->end) {
		if (epoll_wait(loop->epoll, &event, 1, -1) == 1) {
			struct watch *watch = event.data.ptr;

			watch->ready(watch, event.events);
		}
	}
}

void loop_end(struct loop *loop)
{
	close(loop->epoll);
}
