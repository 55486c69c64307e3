// SPDX-License-Identifier: MIT
/* sono diag collect: what support needs to know, in one file. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "diag/collect.h"
#include "diag/sign.h"
#include "diag/store.h"
#include "output.h"
#include "tools.h"

#define WHY_BYTES 256

#define SIGNATURE ".sig" /* behind the archive's name */

enum { OPT_OUTPUT = 256, OPT_SIGN, OPT_STATE, OPT_HELP };

/**
 * struct request - what is wanted
 * @device: argument
 * @dir: folder of baselines and history
 * @output: archive; "-": standard output
 * @sign: file of a private key, NULL: nothing is signed
 */
struct request {
	const char *device;
	char dir[DIAG_STORE_PATH];
	const char *output;
	const char *sign;
};

static const struct option options[] = {
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "sign", required_argument, NULL, OPT_SIGN },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sono diag collect [--output FILE] [--sign KEY] [--state DIR] DEVICE\n"
	     "\n"
	     "Writes what support needs to know of DEVICE and its machine to a tar archive:\n"
	     "versions, registers, counters, configuration and errors of its link, lines of\n"
	     "the kernel's log, earlier results. Nothing of patients is in it.\n"
	     "\n"
	     "  --output FILE    sono-diag.tar, unless said; - is standard output\n"
	     "  --sign KEY       sign it by this Ed25519 key (PEM); FILE.sig is the signature\n"
	     "  --state DIR      baselines and history are here\n"
	     "  --help           this text");
}

static bool is_output(const char *path)
{
	return !strcmp(path, "-");
}

/* To a file, or standard output, of which output_end() judges. */
static int write_file(const char *path, const void *data, size_t n)
{
	FILE *f;
	int ret = 0;

	if (is_output(path)) {
		fwrite(data, 1, n, stdout);
		return 0;
	}
	f = fopen(path, "we");
	if (!f)
		return tool_fail("write", path, NULL, -errno);
	if (fwrite(data, 1, n, f) != n)
		ret = -errno;
	if (fclose(f) && !ret)
		ret = -errno;
	return ret ? tool_fail("write", path, NULL, ret) : 0;
}

static void signature_path(char *path, const char *output)
{
	snprintf(path, PATH_MAX, "%s" SIGNATURE, output);
}

static int write_signature(const struct request *q, const struct diag_key *key,
			   const void *archive, size_t n)
{
	uint8_t signature[DIAG_SIGNATURE_BYTES];
	char path[PATH_MAX];

	if (diag_sign(key, archive, n, signature))
		return tool_fail("sign", q->output, "the library cannot", 0);
	signature_path(path, q->output);
	return write_file(path, signature, sizeof(signature));
}

/* The signature is of the bytes that are written, so they are made before. */
static int write_bundle(const struct request *q, struct diag *d,
			const struct diag_key *key)
{
	char *archive = NULL;
	size_t n;
	FILE *f = open_memstream(&archive, &n);
	int ret = f ? diag_collect(d, q->dir, f) : -errno, failed;

	if (f && fclose(f) && !ret)
		ret = -errno;
	if (ret)
		failed = tool_fail("write", q->output, NULL, ret);
	else
		failed = write_file(q->output, archive, n);
	if (!failed && key)
		failed = write_signature(q, key, archive, n);
	free(archive);
	if (!failed && !is_output(q->output))
		printf("%s\n", q->output);
	return failed;
}

static int collect_signed(const struct request *q, const struct diag_key *key)
{
	char why[WHY_BYTES] = "";
	struct diag *d;
	int ret = diag_open(&d, q->device, why, sizeof(why));

	if (ret)
		return tool_fail("open", q->device, why, ret);
	ret = write_bundle(q, d, key);
	diag_close(d);
	return ret;
}

static int collect(const struct request *q)
{
	char why[WHY_BYTES] = "", path[PATH_MAX];
	struct diag_key *key = NULL;
	int ret;

	signature_path(path, q->output);
	if (output_apart((const char *[]){ q->output, q->sign ? path : NULL },
			 2, (const char *[]){ q->device, q->sign }, 2))
		return DIAG_EXIT_INTERNAL;
	ret = q->sign ? diag_key_open(&key, q->sign, why, sizeof(why)) : 0;
	if (ret)
		return tool_fail("sign by", q->sign, why, ret);
	ret = collect_signed(q, key);
	diag_key_close(key);
	return ret;
}

/* False: it wants a name, and has none. */
static bool read_option(struct request *q, int option)
{
	if (option == OPT_OUTPUT)
		q->output = optarg;
	else if (option == OPT_SIGN)
		q->sign = optarg;
	else
		snprintf(q->dir, sizeof(q->dir), "%s", optarg);
	return *optarg;
}

int diag_collect_main(int argc, char **argv)
{
	struct request q = { .output = "sono-diag.tar" };
	int option, index = 0;

	diag_store_dir(q.dir);
	while ((option = getopt_long(argc, argv, "", options, &index)) >= 0) {
		if (option == OPT_HELP) {
			help();
			return DIAG_EXIT_PASS;
		}
		if (option == '?')
			return DIAG_EXIT_INTERNAL;
		if (read_option(&q, option))
			continue;
		fprintf(stderr, "sono diag collect: --%s: no name of a file\n",
			options[index].name);
		return DIAG_EXIT_INTERNAL;
	}
	if (optind + 1 != argc) {
		fputs("sono diag collect: needs one DEVICE (see sono diag collect --help)\n",
		      stderr);
		return DIAG_EXIT_INTERNAL;
	}
	if (q.sign && is_output(q.output)) {
		fputs("sono diag collect: --sign: an archive that is signed is a file\n",
		      stderr);
		return DIAG_EXIT_INTERNAL;
	}
	q.device = argv[optind];
	return collect(&q);
}
