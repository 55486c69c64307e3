// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fixed buffer holds the file, as a mapping does: io_uring has references
 * to neither pages nor module. Devices may read the slots, not write them.
 */
#include <linux/bvec.h>
#include <linux/file.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "sono_compat.h"
#include "sono_limits.h"
#include "sono_regbuf.h"

#ifdef SONO_HAVE_REGISTER_BVEC

static void regbuf_release(void *file)
{
	fput(file);
}

/* One per chunk of @slot, or of all slots. */
static struct bio_vec *bvecs_create(const struct sono_slots *s, u32 slot,
				    unsigned int *count)
{
	bool all = slot == SONO_SLOTS_ALL;
	size_t first = all ? 0 : (size_t)slot * s->chunks;
	unsigned int n = all ? s->slots * s->chunks : s->chunks;
	struct bio_vec *bv = kvmalloc_array(n, sizeof(*bv), GFP_KERNEL);
	unsigned int i;

	if (!bv)
		return NULL;
	for (i = 0; i < n; i++)
		bvec_set_page(&bv[i], s->page[first + i],
			      s->seg[first + i].bytes, 0);
	*count = n;
	return bv;
}

static int register_slots(struct io_uring_cmd *cmd, const struct sono_stream *s,
			  const struct sono_regbuf *rb,
			  unsigned int issue_flags)
{
	struct bio_vec *bv;
	unsigned int n;
	int ret;

	bv = bvecs_create(&s->slots, rb->slot, &n);
	if (!bv)
		return -ENOMEM;
	ret = io_buffer_register_bvec(cmd, bv, n, regbuf_release,
				      get_file(cmd->file), IO_BUF_SOURCE,
				      rb->index, issue_flags);
	if (ret)
		fput(cmd->file);
	kvfree(bv);
	return ret;
}

static int unregister_slots(struct io_uring_cmd *cmd, u32 index,
			    unsigned int issue_flags)
{
	return io_buffer_unregister(cmd, index, issue_flags);
}

#else

static int register_slots(struct io_uring_cmd *cmd, const struct sono_stream *s,
			  const struct sono_regbuf *rb,
			  unsigned int issue_flags)
{
	return -EOPNOTSUPP;
}

static int unregister_slots(struct io_uring_cmd *cmd, u32 index,
			    unsigned int issue_flags)
{
	return -EOPNOTSUPP;
}

#endif

/**
 * sono_regbuf_issue() - SONO_CMD_REGBUF and SONO_CMD_UNREGBUF
 * @sf: the file
 * @cmd: the command; struct sono_regbuf is in its SQE
 * @issue_flags: of io_uring
 *
 * Return: 0; -EPERM if the file has no stream; -EINVAL for what
 * sono_regbuf_check() refuses, an index beyond the ring's table, or one that
 * has no slots to unregister; -EBUSY if the index is in use; -ENOMEM;
 * -EOPNOTSUPP if this kernel has no such buffers.
 */
int sono_regbuf_issue(struct sono_file *sf, struct io_uring_cmd *cmd,
		      unsigned int issue_flags)
{
	const struct sono_regbuf *sqe =
		sono_sqe_cmd(cmd->sqe, struct sono_regbuf);
	struct sono_stream *s = sono_file_stream(sf);
	bool adds = cmd->cmd_op == SONO_CMD_REGBUF;
	struct sono_regbuf rb = {
		.slot = READ_ONCE(sqe->slot),
		.index = READ_ONCE(sqe->index),
		.rsvd = READ_ONCE(sqe->rsvd),
	};
	int ret;

	if (!s)
		return -EPERM;
	ret = sono_regbuf_check(&s->setup, &rb, adds);
	if (ret)
		return ret;
	if (!adds)
		return unregister_slots(cmd, rb.index, issue_flags);
	if (rb.slot != SONO_SLOTS_ALL)
		rb.slot = array_index_nospec(rb.slot, s->setup.slots);
	return register_slots(cmd, s, &rb, issue_flags);
}
