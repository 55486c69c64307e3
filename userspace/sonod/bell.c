// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bell.h"

int bell_create(struct bell *bell)
{
	int ret;

	bell->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell->event < 0)
		return -errno;
	ret = io_uring_queue_init(1, &bell->ring, 0);
	if (ret)
		goto close_event;
	ret = io_uring_register_eventfd(&bell->ring, bell->event);
	if (ret)
		goto end_ring;
	return 0;

end_ring:
	io_uring_queue_exit(&bell->ring);
close_event:
	close(bell->event);
	return ret;
}

/* One that the kernel had no memory for is still queued: it goes now. */
void bell_ring(struct bell *bell)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&bell->ring);

	if (sqe)
		io_uring_prep_nop(sqe);
	io_uring_submit(&bell->ring);
	io_uring_cq_advance(&bell->ring, io_uring_cq_ready(&bell->ring));
}

void bell_destroy(struct bell *bell)
{
	io_uring_queue_exit(&bell->ring);
	close(bell->event);
}
