// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The capture queues: takes a slot's descriptors, writes a frame into the
 * slot, then its completion.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "board.h"

/* Beyond any address that a host of this kind maps. */
#define STRAY_ADDR 0xdeadbeef000ull
#define PAGE_SHIFT 12
#define LATE_NS 3000000u

typedef unsigned long long ull;

/* A place in the slot that is being filled. */
struct cursor {
	uint32_t segment;
	uint32_t offset;
};

static int dma_fault(struct sim_board *b, uint64_t addr, int err)
{
	sim_fault(b, SONO_FAULT_DMA, (uint32_t)(addr >> PAGE_SHIFT));
	return err;
}

static int desc_fault(struct sim_board *b, uint32_t index)
{
	sim_fault(b, SONO_FAULT_DESC, index);
	return -EINVAL;
}

static int read_desc(struct sim_board *b, uint32_t index, struct sono_desc *d)
{
	uint64_t addr = b->post.addr +
			(uint64_t)(index & (b->post.size - 1)) * sizeof(*d);
	int err = sim_dma_read(b, addr, d, sizeof(*d));

	if (err)
		return dma_fault(b, addr, err);
	d->addr = le64toh(d->addr);
	d->bytes = le32toh(d->bytes);
	d->slot = le32toh(d->slot);
	d->gen = le32toh(d->gen);
	d->flags = le32toh(d->flags);
	return 0;
}

static bool desc_valid(const struct sono_desc *d, const struct sono_desc *first)
{
	return d->addr % SONO_ROW_ALIGN == 0 && d->bytes &&
	       d->bytes % SONO_ROW_ALIGN == 0 && !d->rsvd &&
	       !(d->flags & ~SONO_DESC_LAST) && d->slot == first->slot &&
	       d->gen == first->gen;
}

/*
 * Read the segments of the slot at the head of the queue. Return how many
 * there are, 0 while the host has not posted a whole slot, or -errno after
 * a fault.
 */
static int take_slot(struct sim_board *b, uint64_t *bytes)
{
	uint32_t posted = b->post.tail - b->post.head;

	*bytes = 0;
	if (posted > b->post.size)
		return desc_fault(b, b->post.head);
	for (uint32_t i = 0; i < posted; i++) {
		struct sono_desc *d = &b->segments[i];
		int err = read_desc(b, b->post.head + i, d);

		if (err)
			return err;
		if (!desc_valid(d, b->segments))
			return desc_fault(b, b->post.head + i);
		*bytes += d->bytes;
		if (d->flags & SONO_DESC_LAST)
			return (int)i + 1;
	}
	return posted == b->post.size ? desc_fault(b, b->post.head) : 0;
}

static int write_slot(struct sim_board *b, struct cursor *at, const void *from,
		      uint32_t bytes)
{
	const char *p = from;

	while (bytes) {
		const struct sono_desc *d = &b->segments[at->segment];
		uint32_t n = d->bytes - at->offset;
		int err;

		if (n > bytes)
			n = bytes;
		err = sim_dma_write(b, d->addr + at->offset, p, n);
		if (err)
			return dma_fault(b, d->addr + at->offset, err);
		p += n;
		bytes -= n;
		at->offset += n;
		if (at->offset == d->bytes) {
			at->segment++;
			at->offset = 0;
		}
	}
	return 0;
}

/* A bit of the first event's samples, written once more, and wrongly. */
static int corrupt(struct sim_board *b, uint32_t first)
{
	const uint8_t *rows = sim_payload_rows(b, first);
	const uint32_t bytes = b->table->seq->event[first].bytes;
	const uint32_t room = b->segments[0].bytes;
	const uint64_t any = sim_chance(b, b->frames);
	const uint32_t at = (uint32_t)(any >> 8) % (bytes < room ? bytes : room);
	const uint8_t wrong = rows[at] ^ (uint8_t)(1u << any % 8);
	const uint64_t addr = b->segments[0].addr + at;
	int err = sim_dma_write(b, addr, &wrong, sizeof(wrong));

	return err ? dma_fault(b, addr, err) : 0;
}

static int write_payload(struct sim_board *b)
{
	const struct sim_seq *seq = b->table->seq;
	uint32_t last = b->run.last;
	uint32_t first = seq->event[last].first;
	struct cursor at = { 0 };
	int err = 0;

	sim_payload_make(b, first);
	for (uint32_t i = first; i <= last && !err; i++)
		err = write_slot(b, &at, sim_payload_rows(b, i),
				 seq->event[i].bytes);
	if (!err)
		err = write_slot(b, &at, sim_payload_aux(b), seq->aux_bytes);
	if (!err && sim_strikes(b, &b->config.faults.corrupt, b->frames))
		err = corrupt(b, first);
	return err;
}

/* Injected faults that say more than their name in the log. */
static const char torn[] = "torn", torn_end[] = "torn-end", flip[] = "flip";
static const char late[] = "late", swapped[] = "swapped";

static void invert_a_bit(const struct sim_board *b, struct sono_cpl *cpl)
{
	uint64_t bit = sim_chance(b, b->frames) %
		       (8 * offsetof(struct sono_cpl, phase));

	((unsigned char *)cpl)[bit / 8] ^= (unsigned char)(1u << bit % 8);
}

/*
 * All but the phase, then the phase as one store. What happens to it on its way
 * its check tells.
 */
static int write_completion(struct sim_board *b, struct sono_cpl *cpl,
			    const char *injected)
{
	struct sim_queue *q = &b->cpl;
	uint64_t addr =
		q->addr + (uint64_t)(q->tail & (q->size - 1)) * sizeof(*cpl);
	const size_t body = offsetof(struct sono_cpl, phase);
	const size_t from = injected == torn ? sizeof(*cpl) / 2 : 0;
	const size_t until = injected == torn_end ? sizeof(*cpl) / 2 : body;
	int err;

	cpl->phase = htole32(q->tail & q->size ? 0 : SONO_CPL_PHASE);
	cpl->check = htole32(sim_crc(cpl, sizeof(*cpl),
				     offsetof(struct sono_cpl, check)));
	if (injected == flip)
		invert_a_bit(b, cpl);
	err = sim_dma_write(b, addr + from, (char *)cpl + from, until - from);
	if (!err)
		err = sim_dma_write(b, addr + body, &cpl->phase,
				    sizeof(cpl->phase));
	if (err)
		return dma_fault(b, addr, err);
	q->tail++;
	sim_irq_completion(b);
	return 0;
}

/* A completion that was kept back is written now. */
static int write_kept(struct sim_board *b)
{
	b->due[TIMER_LATE] = SIM_NEVER;
	if (!b->keeps)
		return 0;
	b->keeps = false;
	return write_completion(b, &b->kept, NULL);
}

void sim_queue_late(struct sim_board *b)
{
	write_kept(b);
}

/* Injected: the start of the next slot is written after the run. */
void sim_queue_straggler(struct sim_board *b)
{
	uint8_t row[SONO_ROW_ALIGN];
	uint64_t bytes;

	if (take_slot(b, &bytes) <= 0)
		return;
	memset(row, 0x5a, sizeof(row));
	sim_log(b, "ev=straggler run=%u slot=%u addr=0x%llx", b->run_count,
		b->segments[0].slot, (ull)b->segments[0].addr);
	sim_dma_write(b, b->segments[0].addr, row, sizeof(row));
}

static void keep(struct sim_board *b, const struct sono_cpl *cpl,
		 bool in_order)
{
	b->kept = *cpl;
	b->keeps = true;
	b->keeps_order = in_order;
	if (in_order)
		b->due[TIMER_LATE] = b->now + sim_ticks(b, LATE_NS);
}

/* Completions that lie, on request. Return the name of the lie or NULL. */
static const char *falsify(const struct sim_board *b, struct sono_cpl *cpl)
{
	const struct sim_faults *f = &b->config.faults;

	if (sim_strikes(b, &f->slot, b->frames)) {
		cpl->slot ^= htole32(1);
		return "slot";
	}
	if (sim_strikes(b, &f->gen, b->frames)) {
		cpl->gen ^= htole32(1);
		return "gen";
	}
	if (sim_strikes(b, &f->len, b->frames)) {
		cpl->len = htole32(le32toh(cpl->len) + SONO_ROW_ALIGN);
		return "len";
	}
	if (sim_strikes(b, &f->backward, b->frames) && b->run.seq >= 2) {
		cpl->seq = htole64(b->run.seq - 2);
		return "backward";
	}
	if (sim_strikes(b, &f->torn, b->frames))
		return torn;
	if (sim_strikes(b, &f->torn_end, b->frames))
		return torn_end;
	if (sim_strikes(b, &f->flip, b->frames))
		return flip;
	if (sim_strikes(b, &f->late, b->frames))
		return late;
	if (sim_strikes(b, &f->swapped, b->frames))
		return swapped;
	return NULL;
}

static void fill_completion(const struct sim_board *b, struct sono_cpl *cpl)
{
	const struct sim_seq *seq = b->table->seq;
	const struct sim_run *r = &b->run;

	*cpl = (struct sono_cpl){
		.seq = htole64(r->seq),
		.hw_ts = htole64(r->frame_ts),
		.tag = htole64(seq->event[seq->event[r->last].first].tag),
		.slot = htole32(b->segments[0].slot),
		.gen = htole32(b->segments[0].gen),
		.len = htole32(seq->frame_bytes),
		.dropped = htole32(r->dropped_since),
		.cfg_gen = htole32(b->cfg_gen),
		.flags = htole32(r->tx ? 0 : SONO_CPL_TX_OFF),
	};
}

/* In its turn: a completion kept back goes before this one, or after it. */
static int write_in_turn(struct sim_board *b, struct sono_cpl *cpl,
			 const char *injected)
{
	const bool waits = injected == late || injected == swapped;
	int err = 0;

	if (b->keeps && (b->keeps_order || waits))
		err = write_kept(b);
	if (err)
		return err;
	if (waits) {
		keep(b, cpl, injected == late);
		return 0;
	}
	err = write_completion(b, cpl, injected);
	return err ? err : write_kept(b);
}

/* Write the completion, or what an injected fault makes of it. */
static int complete(struct sim_board *b, const char **injected)
{
	const struct sim_faults *f = &b->config.faults;
	struct sono_cpl cpl;
	int err;

	*injected = NULL;
	if (sim_strikes(b, &f->lost, b->frames)) {
		*injected = "lost";
		return 0;
	}
	fill_completion(b, &cpl);
	*injected = falsify(b, &cpl);
	err = write_in_turn(b, &cpl, *injected);
	if (!err && sim_strikes(b, &f->duplicate, b->frames)) {
		*injected = "duplicate";
		err = write_completion(b, &cpl, NULL);
	}
	if (!err)
		b->run.dropped_since = 0;
	return err;
}

static void log_frame(struct sim_board *b, const char *injected,
		      uint32_t dropped)
{
	const struct sim_run *r = &b->run;
	const struct sono_desc *d = b->segments;

	sim_log(b,
		"ev=frame run=%u seq=%llu slot=%u gen=%u addr=0x%llx bytes=%u cfg_gen=%u ts=%llu tx=%u first=%llu last=%llu dropped=%u%s%s",
		b->run_count, (ull)r->seq, d->slot, d->gen, (ull)d->addr,
		b->table->seq->frame_bytes, b->cfg_gen, (ull)r->frame_ts, r->tx,
		(ull)r->tx_first, (ull)r->tx_last, dropped,
		injected ? " injected=" : "", injected ? injected : "");
}

/* No slot: the newest frame is the one that goes. */
static void drop_frame(struct sim_board *b)
{
	struct sim_run *r = &b->run;

	r->dropped++;
	r->dropped_since++;
	sim_log(b, "ev=drop run=%u seq=%llu tx=%u first=%llu last=%llu",
		b->run_count, (ull)r->seq, r->tx, (ull)r->tx_first,
		(ull)r->tx_last);
	sim_irq_flush(b);
}

static uint64_t stray_addr(const struct sim_faults *f)
{
	return f->stray_page ? (uint64_t)f->stray_page << PAGE_SHIFT :
			       STRAY_ADDR;
}

static int fill_slot(struct sim_board *b, int segments, uint64_t bytes)
{
	const struct sim_faults *f = &b->config.faults;
	uint32_t dropped = b->run.dropped_since;
	const char *injected;
	int err;

	if (b->cpl.tail + b->keeps - b->cpl.head >= b->cpl.size) {
		sim_fault(b, SONO_FAULT_CPL_OVERRUN, b->cpl.tail);
		return -ENOSPC;
	}
	if (bytes < b->table->seq->frame_bytes) {
		sim_fault(b, SONO_FAULT_SLOT_SHORT, b->segments[0].slot);
		return -ENOSPC;
	}
	b->frames++;
	if (sim_strikes(b, &f->stray, b->frames))
		b->segments[0].addr = stray_addr(f);
	err = write_payload(b);
	if (err)
		return err;
	b->post.head += (uint32_t)segments;
	err = complete(b, &injected);
	if (err)
		return err;
	b->run.completed++;
	log_frame(b, injected, dropped);
	return 0;
}

/*
 * Hand the frame in flight to the host, or drop it. Return -errno where the
 * run ended in a fault and the frame with it.
 */
int sim_queue_frame(struct sim_board *b)
{
	uint64_t bytes;
	int segments = take_slot(b, &bytes);

	if (segments < 0)
		return segments;
	if (segments)
		return fill_slot(b, segments, bytes);
	drop_frame(b);
	return 0;
}
