// SPDX-License-Identifier: MIT
/* Who is to blame, on runs whose culprit is known. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tools/prof_figures.h"

#define MS 1000000ull

enum { WAKE, DEMOD, BEAMFORM, Y4M, DISK, LOOP };

/* 100 frames a second; 1 ms to demodulate, 5 to beamform, 1 to write. */
static struct prof_figures *begin(void)
{
	struct prof_figures *f = calloc(1, sizeof(*f));

	f->period = 10 * MS;
	f->deadline = 10 * MS;
	f->slots = 8;
	cr_assert_eq(prof_figures_part(f, PROF_WAKE, "wake"), WAKE);
	cr_assert_eq(prof_figures_part(f, PROF_STAGE, "demod"), DEMOD);
	cr_assert_eq(prof_figures_part(f, PROF_STAGE, "beamform"), BEAMFORM);
	cr_assert_eq(prof_figures_part(f, PROF_SINK, "y4m"), Y4M);
	cr_assert_eq(prof_figures_part(f, PROF_DISK, "disk"), DISK);
	cr_assert_eq(prof_figures_part(f, PROF_LOOP, "loop"), LOOP);
	return f;
}

static struct prof_sample usual(uint64_t number)
{
	struct prof_sample s = {
		.hw = number * 10 * MS,
		.host = 1000 * MS + number * 10 * MS,
		.ran = 1u << WAKE | 1u << DEMOD | 1u << BEAMFORM | 1u << Y4M,
		.ns = { [WAKE] = MS / 10, [DEMOD] = MS, [BEAMFORM] = 5 * MS,
			[Y4M] = MS },
		.waited = true,
		.newest = true,
	};

	return s;
}

static void add(struct prof_figures *f, struct prof_sample *s)
{
	uint64_t way = 0;

	for (unsigned int i = DEMOD; i <= Y4M; i++)
		way += s->ns[i];
	s->taken = s->host + s->ns[WAKE];
	s->published = s->taken + way;
	prof_figures_add(f, s);
}

static struct prof_figures *begun(unsigned int frames)
{
	struct prof_figures *f = begin();

	for (unsigned int i = 0; i < frames; i++) {
		struct prof_sample s = usual(i);

		add(f, &s);
	}
	return f;
}

/* A frame in which @part takes @ns more, then one that tells of the loss. */
static void stall(struct prof_figures *f, unsigned int part, uint64_t ns,
		  uint64_t off_cpu, uint32_t skipped, uint32_t dropped)
{
	struct prof_sample s = usual(f->frames);

	s.ns[part] += ns;
	s.off_cpu = off_cpu;
	add(f, &s);
	s = usual(f->frames);
	s.waited = false;
	s.skipped = skipped;
	s.dropped = dropped;
	add(f, &s);
}

static void blames(const struct prof_figures *f, enum prof_loss loss,
		   unsigned int culprit, uint64_t n, const char *name)
{
	char text[48];

	for (unsigned int i = 0; i < PROF_CULPRITS; i++)
		cr_assert_eq(f->blamed[loss][i], i == culprit ? n : 0,
			     "%s: culprit %u has %d", prof_loss_name(loss), i,
			     (int)f->blamed[loss][i]);
	cr_assert_eq(f->loss[loss], n);
	prof_culprit_name(f, culprit, text, sizeof(text));
	cr_assert_str_eq(text, name);
}

Test(figures, nobody_is_blamed_where_nothing_is_lost)
{
	struct prof_figures *f = begun(1000);

	prof_figures_end(f, 0, 0, false);
	for (int i = 0; i < PROF_LOSSES; i++)
		cr_assert_eq(f->loss[i], 0);
	cr_assert_eq(f->frames, 1000);
	cr_assert_eq(f->part[BEAMFORM].time.max, 5 * MS);
	cr_assert_eq(f->frame.max, 7 * MS);
	/* the wake-up and the way */
	cr_assert_eq(f->latency.max, 7 * MS + MS / 10);
	cr_assert_eq(f->record.max, 0, "every record at the same distance");
	free(f);
}

/* A short stage that is late for once, beside a long one that never is. */
Test(figures, a_stall_is_of_the_part_that_was_not_as_usual)
{
	struct prof_figures *f = begun(100);

	stall(f, DEMOD, 45 * MS, 0, 3, 0);
	blames(f, PROF_SKIPPED, DEMOD, 3, "stage demod");
	blames(f, PROF_LATE, DEMOD, 1, "stage demod");
	free(f);
	f = begun(100);
	stall(f, Y4M, 145 * MS, 0, 7, 6);
	blames(f, PROF_SKIPPED, Y4M, 7, "y4m");
	blames(f, PROF_DROPPED, Y4M, 6, "y4m");
	free(f);
}

/* Too slow always: what takes longest is to blame, however even it is. */
Test(figures, a_run_that_is_always_late_is_so_through_the_longest_part)
{
	struct prof_figures *f = begin();

	for (unsigned int i = 0; i < 100; i++) {
		struct prof_sample s = usual(i);

		s.ns[BEAMFORM] = 25 * MS;
		s.ns[DEMOD] = (i % 3) * MS;
		s.waited = false;
		s.skipped = i ? 2 : 0;
		add(f, &s);
	}
	blames(f, PROF_SKIPPED, BEAMFORM, 198, "stage beamform");
	blames(f, PROF_LATE, BEAMFORM, 100, "stage beamform");
	free(f);
}

Test(figures, a_stage_without_a_processor_is_not_slow)
{
	struct prof_figures *f = begun(100);

	stall(f, BEAMFORM, 45 * MS, 45 * MS, 4, 1);
	blames(f, PROF_SKIPPED, PROF_CONSUMER, 4, "consumer");
	blames(f, PROF_DROPPED, PROF_CONSUMER, 1, "consumer");
	free(f);
	/* too slow even with one */
	f = begun(100);
	stall(f, BEAMFORM, 45 * MS, 30 * MS, 4, 0);
	blames(f, PROF_SKIPPED, BEAMFORM, 4, "stage beamform");
	free(f);
}

Test(figures, who_wakes_up_late_is_the_consumer)
{
	struct prof_figures *f = begun(100);
	struct prof_sample s = usual(f->frames);

	/* slots fill while it sleeps; the drop shows in the next record */
	s.ns[WAKE] = 120 * MS;
	s.skipped = 7;
	add(f, &s);
	s = usual(f->frames + 12);
	s.dropped = 4;
	add(f, &s);
	blames(f, PROF_SKIPPED, PROF_CONSUMER, 7, "consumer");
	blames(f, PROF_DROPPED, PROF_CONSUMER, 4, "consumer");
	cr_assert_eq(f->loss[PROF_LATE], 0, "once taken they were in time");
	free(f);
}

/*
 * A stall of 145 ms: 8 frames find slots, 6 do not. The last of the 8 is taken and
 * in time; only the record after it tells of the 6.
 */
Test(figures, a_drop_is_told_one_record_later)
{
	struct prof_figures *f = begun(100);
	struct prof_sample s = usual(100);

	s.ns[DEMOD] += 145 * MS;
	add(f, &s);
	s = usual(108);
	s.waited = false;
	s.skipped = 7;
	s.taken = f->last;
	s.published = f->last + 7 * MS;
	prof_figures_add(f, &s);
	s = usual(116);
	s.dropped = 6;
	add(f, &s);
	blames(f, PROF_SKIPPED, DEMOD, 7, "stage demod");
	blames(f, PROF_DROPPED, DEMOD, 6, "stage demod");
	/* long past: the next ones have another reason */
	s = usual(118);
	s.dropped = 1;
	add(f, &s);
	cr_assert_eq(f->blamed[PROF_DROPPED][PROF_BOARD], 1);
	free(f);
}

Test(figures, the_disk_has_the_slots)
{
	struct prof_figures *f = begun(100);
	struct prof_sample s = usual(f->frames);

	/* the consumer waits for frames, not for the disk */
	s.on_disk = 7;
	s.dropped = 5;
	add(f, &s);
	blames(f, PROF_DROPPED, PROF_RECORDING, 5, "disk");
	free(f);
	/* it waits for the disk */
	f = begun(100);
	s = usual(f->frames);
	s.newest = false;
	add(f, &s);
	s = usual(f->frames);
	s.newest = false;
	s.waited = false;
	s.ran |= 1u << DISK;
	s.ns[DISK] = 90 * MS;
	add(f, &s);
	s = usual(f->frames);
	s.dropped = 2;
	add(f, &s);
	blames(f, PROF_DROPPED, PROF_RECORDING, 2, "disk");
	free(f);
}

/* Where every frame counts, a queue grows out of what many frames took. */
Test(figures, a_queue_is_blamed_on_all_since_the_consumer_was_idle)
{
	struct prof_figures *f = begun(100);

	for (unsigned int i = 0; i < 20; i++) {
		struct prof_sample s = usual(f->frames);

		s.newest = false;
		s.waited = !i;
		s.ns[BEAMFORM] += 6 * MS;
		/* the last but one is dear for another reason */
		s.ns[Y4M] += i == 18 ? 20 * MS : 0;
		s.dropped = i == 19;
		add(f, &s);
	}
	blames(f, PROF_DROPPED, BEAMFORM, 1, "stage beamform");
	free(f);
}

Test(figures, what_the_board_loses_is_the_board_s)
{
	struct prof_figures *f = begun(100);
	struct prof_sample s = usual(f->frames);

	s.lost = 2;
	add(f, &s);
	/* a drop although the consumer was idle all the time */
	s = usual(f->frames);
	s.dropped = 1;
	add(f, &s);
	blames(f, PROF_LOST, PROF_BOARD, 2, "board");
	blames(f, PROF_DROPPED, PROF_BOARD, 1, "board");
	/* four at once, for which the consumer was ready */
	s = usual(f->frames);
	s.skipped = 3;
	add(f, &s);
	s = usual(f->frames);
	s.waited = false;
	s.skipped = 2;
	add(f, &s);
	blames(f, PROF_SKIPPED, PROF_BOARD, 5, "board");
	free(f);
}

Test(figures, the_account_knows_what_no_record_tells)
{
	struct prof_figures *f = begun(100);

	prof_figures_end(f, 3, 2, true);
	blames(f, PROF_DROPPED, PROF_LINK, 3, "link");
	blames(f, PROF_LOST, PROF_LINK, 2, "link");
	free(f);
	f = begun(100);
	stall(f, Y4M, 145 * MS, 0, 0, 6);
	prof_figures_end(f, 6, 1, false);
	blames(f, PROF_DROPPED, Y4M, 6, "y4m");
	blames(f, PROF_LOST, PROF_BOARD, 1, "board");
	free(f);
}

/* However busy the consumer was: it lost nothing of what was not there. */
Test(figures, what_a_recording_lacks_is_its_own)
{
	struct prof_figures *f = begin();
	struct prof_sample s;

	f->played = true;
	for (int i = 0; i < 100; i++) {
		s = usual(i);
		add(f, &s);
	}
	stall(f, Y4M, 145 * MS, 0, 0, 6);
	s = usual(f->frames);
	s.lost = 2;
	add(f, &s);
	prof_figures_end(f, 7, 5, false);
	blames(f, PROF_DROPPED, PROF_PLAYED, 7, "recording");
	blames(f, PROF_LOST, PROF_PLAYED, 5, "recording");
	free(f);
}

/* Records that come 0 to 2 ms after the earliest, by a clock that drifts. */
Test(figures, records_are_measured_from_the_earliest)
{
	struct prof_figures *f = begin();

	for (unsigned int i = 0; i < 5000; i++) {
		struct prof_sample s = usual(i);

		/* 20 us/s: 1 ms in all, but 0.2 ms in 1024 frames */
		s.host += i % 3 * MS + i * 200;
		add(f, &s);
	}
	cr_assert_leq(f->record.max, 2 * MS + MS / 4);
	cr_assert_geq(f->record.max, 2 * MS);
	free(f);
}

Test(figures, blocks_are_medians_and_few)
{
	struct prof_blocks b = { 0 };
	unsigned int i;

	for (i = 0; i < PROF_BLOCK; i++)
		prof_blocks_add(&b, i ? 100 + i : 1000000);
	cr_assert_eq(b.count, 1);
	/* of 101 to 115 and one far off: between the 8th and the 9th */
	cr_assert_float_eq(b.value[0], 108.5, 1e-9);
	b = (struct prof_blocks){ 0 };
	/* a ramp: however often values are merged, they are means of theirs */
	for (i = 0; i < 1000 * PROF_BLOCK; i++)
		prof_blocks_add(&b, i);
	cr_assert_geq(b.count, PROF_BLOCKS_MAX / 4);
	cr_assert_lt(b.count, PROF_BLOCKS_MAX);
	for (i = 0; i < b.count; i++)
		cr_assert_float_eq(b.value[i],
				   (i + 0.5) * b.merged * PROF_BLOCK - 0.5,
				   1e-6);
}

Test(figures, no_more_parts_than_there_is_room_for)
{
	struct prof_figures *f = calloc(1, sizeof(*f));

	for (int i = 0; i < PROF_PARTS_MAX; i++)
		cr_assert_eq(prof_figures_part(f, PROF_STAGE, "x"), i);
	cr_assert_eq(prof_figures_part(f, PROF_STAGE, "x"), -1);
	free(f);
}
