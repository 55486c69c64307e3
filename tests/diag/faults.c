// SPDX-License-Identifier: MIT
/*
 * faults: one diagnosis for each fault that the board in process can inject.
 * That fault is named, once, by the check it is for, and nothing else is. TAP.
 *
 * faults rare: what strikes seldom is named by a long diagnosis.
 *
 * faults random N: N sets of bad elements and channels, each of another seed, up
 * to half of the probe: every one is named, and nobody else.
 *
 * faults healthy N: N diagnoses of boards without a fault, each with another
 * seed; nothing may be named. A last write that comes late is none.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag/diag.h"

/* What "pattern" has not got is an element's echo; all else is there sooner. */
static const struct {
	const char *source;
	const char *check;
	enum diag_status status;
	const char *names;
} cases[] = {
	{ "pattern,fault=dead-channel=17", "channels", DIAG_FAIL,
	  "channel 17 is dead" },
	{ "air,dead-channel=17", "channels", DIAG_FAIL, "channel 17 is dead" },
	{ "air,noisy-channel=5", "channels", DIAG_FAIL, "channel 5 is noisy" },
	{ "air,weak-element=40", "elements", DIAG_FAIL, "element 40 is weak" },
	{ "air,dead-element=17", "elements", DIAG_FAIL, "element 17 is dead" },
	{ "air,dead-element=0", "elements", DIAG_FAIL, "element 0 is dead" },
	{ "air,probe=phased,dead-element=63", "elements", DIAG_FAIL,
	  "element 63 is dead" },
	{ "pattern,fault=gain-stuck=1", "gain", DIAG_FAIL,
	  "dB instead of +24.0" },
	{ "air,fault=gain-stuck=1", "gain", DIAG_FAIL,
	  "receive gain does not follow: " },
	{ "pattern,fault=hv-low=7", "voltage", DIAG_WARN,
	  "transmit voltage is not what was asked for: 18.6 V instead of 20.0" },
	{ "pattern,fault=hv-low=30", "voltage", DIAG_FAIL,
	  "transmit voltage is not what was asked for: 14.0 V instead of 20.0" },
	{ "pattern,fault=hv-slow=40", "voltage", DIAG_WARN,
	  "transmit voltage comes slowly: after " },
	{ "pattern,fault=hv-slow=1000", "voltage", DIAG_FAIL,
	  "transmit voltage is not what was asked for: " },
	{ "pattern,fault=hv-stays=50", "voltage", DIAG_WARN,
	  "transmit voltage goes slowly: after 2" },
	{ "pattern,fault=hv-stays=2000", "voltage", DIAG_FAIL,
	  "transmit voltage stays: after 200" },
	{ "pattern,fault=scratch=7", "scratch", DIAG_FAIL,
	  "registers do not hold what is written: 64 of 128 patterns, bits 0x00000040" },
	{ "pattern,fault=reg-flip=20", "scratch", DIAG_FAIL,
	  "registers do not hold what is written" },
	{ "pattern,fault=reg-wild=50", "scratch", DIAG_FAIL,
	  "registers do not hold what is written" },
	{ "pattern,fault=irq-lost=5", "interrupt", DIAG_FAIL,
	  "interrupts get lost: 14 of 72" },
	{ "pattern,fault=irq-lost=50", "interrupt", DIAG_FAIL,
	  "interrupts get lost: 1 of 72" },
	{ "pattern,fault=irq-lost=140", "voltage", DIAG_WARN,
	  "interrupts get lost, or come late: 1 of 30 frames were told only" },
	{ "pattern,fault=irq-lost=300", "ring", DIAG_WARN,
	  "interrupts get lost, or come late: 1 of 200 frames were told only" },
	{ "pattern,fault=irq-double=5", "interrupt", DIAG_FAIL,
	  "interrupts come more than once: 14 besides 72" },
	{ "pattern,fault=irq-late=5", "interrupt", DIAG_WARN,
	  "interrupts come late: after 3.0 ms" },
	{ "pattern,fault=hot=80", "sensors", DIAG_WARN,
	  "the board is hot: 80.0 deg C" },
	{ "pattern,fault=hot=83", "sensors", DIAG_FAIL,
	  "the board is hot: 83.0 deg C" },
	{ "pattern,fault=leak=30", "sensors", DIAG_FAIL,
	  "transmit voltage is not off: 30.0 V" },
	{ "pattern,fault=crc=10", "dma", DIAG_FAIL,
	  "a table arrives at the board damaged" },
	{ "pattern,fault=forget=10", "dma", DIAG_FAIL,
	  "a table cannot be loaded: the board resets itself" },
	{ "pattern,fault=stuck=3", "dma", DIAG_TIMEOUT,
	  "a table cannot be loaded: the board does not answer" },
	{ "pattern,fault=corrupt=20", "dma", DIAG_FAIL,
	  "DMA delivers wrong bits: 15 of" },
	{ "pattern,fault=lost=20", "dma", DIAG_FAIL,
	  "DMA loses frames: 15 without a completion" },
	{ "pattern,fault=lost=2", "dma", DIAG_FAIL,
	  "DMA loses frames: most are without a completion" },
	{ "pattern,fault=lost=1", "dma", DIAG_FAIL,
	  "DMA loses frames: most are without a completion" },
	{ "pattern,fault=len=30", "dma", DIAG_FAIL,
	  "completions say a wrong length: 12 frames" },
	{ "pattern,fault=slot=30", "dma", DIAG_FAIL, "completion with a wrong generation" },
	{ "pattern,fault=gen=30", "dma", DIAG_FAIL, "completion with a wrong generation" },
	{ "pattern,fault=backward=30", "dma", DIAG_FAIL,
	  "completion with a wrong sequence number" },
	{ "pattern,fault=duplicate=30", "dma", DIAG_FAIL,
	  "completion of a slot that was not posted" },
	{ "pattern,fault=swapped=30", "dma", DIAG_FAIL,
	  "completion of a slot that was not posted" },
	{ "pattern,fault=torn=30", "dma", DIAG_FAIL, "completion that is torn" },
	{ "pattern,fault=torn-end=30", "dma", DIAG_FAIL, "completion that is torn" },
	{ "pattern,fault=flip=30", "dma", DIAG_FAIL, "completion that is torn" },
	{ "pattern,fault=stray=30", "dma", DIAG_FAIL, "the host refused an address" },
	{ "pattern,fault=dead=200", "dma", DIAG_FAIL, "device removed" },
	{ "pattern,fault=overtemp=200", "dma", DIAG_FAIL, "over-temperature" },
	{ "pattern,fault=overvolt=200", "dma", DIAG_FAIL, "over-voltage" },
	{ "pattern,fault=reboot=200", "dma", DIAG_FAIL, "it has restarted" },
	/* the account of every frame counts, whatever takes it */
	{ "air,fault=lost=400", "elements", DIAG_FAIL,
	  "DMA loses frames: 1 of 5 without a completion" },
	{ "pattern,fault=lost=640", "ring", DIAG_FAIL,
	  "DMA loses frames: 1 of" },
	{ "pattern,fault=len=640", "ring", DIAG_FAIL,
	  "DMA: completions say a wrong length: 1 of 200" },
	{ "pattern,fault=corrupt=640", "ring", DIAG_FAIL,
	  "DMA delivers wrong bits: 1 of" },
	{ "pattern,fault=late=30", "ring", DIAG_WARN,
	  "completions come late: 1 % of them by 3.0 ms" },
	{ "pattern,fault=deaf=1", "watchdog", DIAG_FAIL,
	  "the watchdog does not trip" },
	{ "pattern,fault=heedless=1", "interlock", DIAG_FAIL,
	  "the board transmits while it captures noise" },
};

#define CASES (sizeof(cases) / sizeof(*cases))

/* What strikes so seldom that a minute of soak may be needed. */
static const struct {
	const char *source;
	const char *names;
} rare[] = {
	{ "pattern,fault=lost=1500", "DMA loses frames: 1 of" },
	{ "pattern,fault=corrupt=950", "DMA delivers wrong bits: 2 of" },
	{ "pattern,fault=torn=1500", "completion that is torn" },
	{ "pattern,fault=crc=150", "a table arrives at the board damaged" },
	{ "pattern,fault=forget=150", "the board resets itself" },
	{ "pattern,fault=stuck=30", "the board does not answer" },
	{ "pattern,fault=irq-lost=1000", "interrupts get lost: 1 of 24" },
	{ "pattern,fault=hot=73", "the board gets hot: 78" },
	{ "pattern,fault=reg-flip=1000",
	  "registers do not always hold what is written" },
	{ "pattern,fault=reg-wild=1000",
	  "registers do not always hold what is written" },
};

#define RARE (sizeof(rare) / sizeof(*rare))
#define RARE_SOAK_S 60

/* Of a diagnosis. */
struct findings {
	unsigned int passed, named;
	enum diag_status status;
	char check[32];
	char text[DIAG_TEXT];
};

static void note(struct findings *f, const struct diag_result *r)
{
	f->passed += r->status == DIAG_PASS;
	if (r->status <= DIAG_PASS)
		return;
	if (!f->named) {
		f->status = r->status;
		snprintf(f->check, sizeof(f->check), "%s", r->check->id);
		snprintf(f->text, sizeof(f->text), "%s", r->fault[0]);
	}
	f->named += r->faults;
	for (size_t i = 0; i < r->faults; i++)
		printf("# %s: %s\n", r->check->id, r->fault[i]);
}

static int diagnose(const char *source, enum diag_level level,
		    struct findings *f)
{
	struct diag_result r;
	char why[256];
	struct diag *d;
	int ret = diag_open(&d, source, why, sizeof(why));

	if (ret) {
		printf("# %s: %s\n", source, why);
		return ret;
	}
	diag_soak(d, RARE_SOAK_S);
	for (size_t i = 0; i < diag_checks(); i++) {
		if (diag_check(i)->level > level)
			continue;
		diag_run(d, diag_check(i), &r);
		note(f, &r);
		diag_result_finish(&r);
	}
	diag_close(d);
	return 0;
}

static int faults(void)
{
	unsigned int failed = 0;

	printf("1..%zu\n", CASES);
	for (size_t i = 0; i < CASES; i++) {
		struct findings f = { 0 };
		char source[128];
		bool good;

		snprintf(source, sizeof(source), "sim:%s", cases[i].source);
		good = !diagnose(source, DIAG_MEDIUM, &f) && f.named == 1 &&
		       f.status == cases[i].status &&
		       !strcmp(f.check, cases[i].check) &&
		       strstr(f.text, cases[i].names);
		printf("%sok %zu %s: %s\n", good ? "" : "not ", i + 1, source,
		       cases[i].names);
		fflush(stdout);
		failed += !good;
	}
	return failed != 0;
}

static int rarely(void)
{
	unsigned int failed = 0;

	printf("1..%zu\n", RARE);
	for (size_t i = 0; i < RARE; i++) {
		struct findings f = { 0 };
		char source[128];
		bool good;

		snprintf(source, sizeof(source), "sim:%s", rare[i].source);
		good = !diagnose(source, DIAG_LONG, &f) &&
		       f.status > DIAG_PASS && strstr(f.text, rare[i].names);
		printf("%sok %zu %s: %s\n", good ? "" : "not ", i + 1, source,
		       rare[i].names);
		fflush(stdout);
		failed += !good;
	}
	return failed != 0;
}

/* --- random sets ------------------------------------------------------------ */

#define ELEMENTS_MAX 128

/* Of who cannot be judged nothing is wanted, if its own channel is bad. */
enum part {
	DEAD_ELEMENT,
	WEAK_ELEMENT,
	DEAD_CHANNEL,
	NOISY_CHANNEL,
	UNJUDGED,
	PARTS
};

static const struct {
	const char *key;
	const char *noun, *one, *many;
} parts[PARTS] = {
	{ "dead-element", "element", " is dead", " are dead" },
	{ "weak-element", "element", " is weak", " are weak" },
	{ "dead-channel", "channel", " is dead", " are dead" },
	{ "noisy-channel", "channel", " is noisy", " are noisy" },
	{ "", "element", " cannot be judged", " cannot be judged" },
};

struct sets {
	bool in[PARTS][ELEMENTS_MAX];
};

static uint32_t some(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33) % below;
}

/* A block, or as many by themselves; nobody is twice of one noun. */
static void spoil(struct sets *s, uint64_t *state, uint32_t n, enum part p,
		  uint32_t count)
{
	const enum part other = p ^ 1;
	const bool block = some(state, 2);
	uint32_t at = some(state, n);

	for (uint32_t i = 0; i < count; i++) {
		at = block ? (at + 1) % n : some(state, n);
		if (!s->in[other][at])
			s->in[p][at] = true;
	}
}

/* Numbers of "elements 3, 7 and 12 to 15 are dead"; false: of somebody else. */
static bool read_names(struct sets *s, const char *line)
{
	uint32_t from = 0;
	bool to = false, known = false;

	for (int p = 0; p < PARTS; p++) {
		if (strncmp(line, parts[p].noun, strlen(parts[p].noun)) ||
		    (!strstr(line, parts[p].one) && !strstr(line, parts[p].many)))
			continue;
		known = true;
		for (const char *c = line; *c && *c != ':'; c++) {
			uint32_t n;

			if (!strncmp(c, " to ", 4))
				to = true;
			if (!isdigit((unsigned char)*c))
				continue;
			n = (uint32_t)strtoul(c, (char **)&c, 10);
			for (from = to ? from : n; from <= n; from++)
				if (from < ELEMENTS_MAX)
					s->in[p][from] = true;
			from = n;
			to = false;
			c--;
		}
	}
	return known;
}

#define IN_A_ROW "bad elements in a row: %u"

/* Bad ones that follow each other; fewer than two are not worth a word. */
static unsigned int longest(const struct sets *s)
{
	unsigned int run = 0, most = 1;

	for (uint32_t k = 0; k < ELEMENTS_MAX; k++) {
		run = s->in[DEAD_ELEMENT][k] || s->in[WEAK_ELEMENT][k] ?
			      run + 1 : 0;
		most = run > most ? run : most;
	}
	return most;
}

static bool names_all(const char *source, const struct sets *want)
{
	struct sets got = { 0 };
	struct diag_result r;
	struct diag *d;
	unsigned int in_a_row = 1;
	char why[256];
	bool known = true;

	if (diag_open(&d, source, why, sizeof(why))) {
		printf("# %s\n", why);
		return false;
	}
	for (size_t i = 0; i < diag_checks(); i++) {
		const char *id = diag_check(i)->id;

		if (strcmp(id, "channels") && strcmp(id, "elements"))
			continue;
		diag_run(d, diag_check(i), &r);
		for (size_t k = 0; k < r.faults; k++)
			known &= (sscanf(r.fault[k], IN_A_ROW, &in_a_row) ||
				  read_names(&got, r.fault[k])) &&
				 !strstr(r.fault[k], "nan");
		for (size_t k = 0; k < r.faults; k++)
			printf("# %s\n", r.fault[k]);
		diag_result_finish(&r);
	}
	diag_close(d);
	known &= in_a_row == longest(&got);
	for (uint32_t k = 0; k < ELEMENTS_MAX; k++) {
		if (!got.in[UNJUDGED][k])
			continue;
		known &= want->in[DEAD_CHANNEL][k] || want->in[NOISY_CHANNEL][k];
		got.in[DEAD_ELEMENT][k] = want->in[DEAD_ELEMENT][k];
		got.in[WEAK_ELEMENT][k] = want->in[WEAK_ELEMENT][k];
		got.in[UNJUDGED][k] = false;
	}
	return known && !memcmp(&got, want, sizeof(got));
}

static int random_sets(unsigned int runs)
{
	static const char *const probes[] = { "linear", "phased" };
	unsigned int failed = 0;

	printf("1..%u\n", runs);
	for (unsigned int i = 0; i < runs; i++) {
		const uint32_t n = i % 2 ? 64 : 128;
		uint64_t state = i + 1;
		char source[16384];
		struct sets s = { 0 };
		int at = snprintf(source, sizeof(source), "sim:air,probe=%s",
				  probes[i % 2]);
		bool good;

		/* two sets of at most a quarter of the probe are a half */
		for (int p = 0; p < UNJUDGED; p++)
			spoil(&s, &state, n, p, some(&state, n / 4));
		for (int p = 0; p < PARTS; p++)
			for (uint32_t k = 0; k < n; k++)
				if (s.in[p][k])
					at += snprintf(source + at,
						       sizeof(source) - at,
						       ",%s=%u", parts[p].key, k);
		good = names_all(source, &s);
		printf("%sok %u %s probe, seed %u: all are named, and nobody else\n",
		       good ? "" : "not ", i + 1, probes[i % 2], i + 1);
		if (!good)
			printf("# %s\n", source);
		fflush(stdout);
		failed += !good;
	}
	return failed != 0;
}

/* All that is there passes: what there is not is said by nobody. */
static int healthy(unsigned int runs)
{
	static const struct {
		const char *source;
		unsigned int checks;
	} boards[] = {
		{ "sim:air,seed=%u", 13 },
		{ "sim:pattern,seed=%u", 12 },
		{ "sim:air,probe=phased,seed=%u,fault=linger=2", 13 },
		{ "sim:heart,seed=%u", 13 },
	};
	unsigned int failed = 0;

	printf("1..%u\n", runs);
	for (unsigned int i = 0; i < runs; i++) {
		struct findings f = { 0 };
		char source[64];
		bool good;

		snprintf(source, sizeof(source), boards[i % 4].source, i + 1);
		good = !diagnose(source, DIAG_MEDIUM, &f) && !f.named &&
		       f.passed == boards[i % 4].checks;
		printf("%sok %u %s: nothing is named, %u checks pass\n",
		       good ? "" : "not ", i + 1, source, f.passed);
		fflush(stdout);
		failed += !good;
	}
	return failed != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "healthy"))
		return healthy((unsigned int)strtoul(argv[2], NULL, 10));
	if (argc == 3 && !strcmp(argv[1], "random"))
		return random_sets((unsigned int)strtoul(argv[2], NULL, 10));
	if (argc == 2 && !strcmp(argv[1], "rare"))
		return rarely();
	return faults();
}
