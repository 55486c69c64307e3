// SPDX-License-Identifier: MIT
/* sono control: requests to sonod from a shell. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "tools.h"

enum { OPT_SOCKET = 256, OPT_HELP };

static const struct option options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sono control [--socket PATH] REQUEST...\n"
	     "\n"
	     "Asks a running sonod, one request after the other:\n"
	     "\n"
	     "  state            how it is, as JSON\n"
	     "  watch            the same whenever it changes, until Ctrl-C\n"
	     "  take             take the control\n"
	     "  release          give it back; transmit ends\n"
	     "  preset=NAME      another plan\n"
	     "  set:KEY=N,...    turn controls: depth_mm, gain_db, power_db, focus_mm,\n"
	     "                   box.left_deg ..., volume.depth_mm ...\n"
	     "  scan             transmit, until Ctrl-C or until somebody freezes\n"
	     "  freeze           end transmit\n"
	     "\n"
	     "  --socket PATH    of the control socket (" SONO_CONTROL_SOCKET ")\n"
	     "  --help           this text");
}

/* --- requests --- */

static int usage(const char *word, const char *why)
{
	fprintf(stderr, "sono control: %s: %s\n", word, why);
	return TOOL_USAGE;
}

static int usage_key(const char *word, const char *key, const char *why)
{
	fprintf(stderr, "sono control: %s: %s: %s\n", word, key, why);
	return TOOL_USAGE;
}

/*
 * "box.near_mm" is near_mm in the object box. Return: false where there is such
 * a key, or its group is no object.
 */
static bool put(json_t *request, const char *key, double number)
{
	const char *dot = strchr(key, '.');
	const char *name = dot ? dot + 1 : key;
	json_t *in = request;

	if (dot) {
		const size_t bytes = dot - key;

		in = json_object_getn(request, key, bytes);
		if (!in) {
			in = json_object();
			json_object_setn_new(request, key, bytes, in);
		}
	}
	return json_is_object(in) && !json_object_get(in, name) &&
	       !json_object_set_new(in, name, json_real(number));
}

/* As a person writes one: no names, no other bases, no spaces. */
static bool read_number(const char *text, double *number)
{
	char *end;

	if (!*text || text[strspn(text, "+-.0123456789eE")])
		return false;
	*number = strtod(text, &end);
	return !*end && isfinite(*number);
}

static int read_set(const char *word, char *text, json_t *request)
{
	char *pair;

	while ((pair = strsep(&text, ","))) {
		char *value = strchr(pair, '=');
		double number;

		if (!value || value == pair)
			return usage(word, "wants set:KEY=NUMBER,...");
		*value++ = '\0';
		if (!read_number(value, &number))
			return usage_key(word, pair, "wants a number");
		if (!put(request, pair, number))
			return usage_key(word, pair, "is there twice");
	}
	return TOOL_OK;
}

/* The JSON of a word; *request is the caller's. */
static int read_word(const char *word, json_t **request)
{
	char *copy = strdup(word);
	int status = TOOL_OK;

	if (!strncmp(word, "preset=", 7)) {
		*request = json_pack("{s:s,s:s}", "do", "preset", "name",
				     word + 7);
	} else if (!strncmp(word, "set:", 4)) {
		*request = json_pack("{s:s}", "do", "set");
		status = copy ? read_set(word, copy + 4, *request) :
				TOOL_FAILED;
	} else {
		*request = json_pack("{s:s}", "do", word);
	}
	free(copy);
	return status;
}

/* --- asking --- */

static void print_state(const char *text, const char *of)
{
	json_t *json = json_loads(text, 0, NULL);
	json_t *state = json_object_get(json, of);

	json_dumpf(state ? state : json, stdout,
		   JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
	fflush(stdout);
	json_decref(json);
}

static int say_refusal(const char *word, const char *reply)
{
	json_t *json = json_loads(reply, 0, NULL);
	const char *why = json_string_value(json_object_get(json, "error"));
	int status = tool_fail("do", word, why ? why : reply, 0);

	json_decref(json);
	return status;
}

/* *reply is the caller's. */
static int ask(struct sono_control *c, const char *path, const char *word,
	       char **reply)
{
	json_t *request = NULL;
	char *text = NULL;
	int status = read_word(word, &request);
	int64_t ret;

	*reply = NULL;
	if (!status) {
		text = json_dumps(request, JSON_COMPACT);
		ret = sono_control_ask(c, text, reply);
		if (ret == -EREMOTEIO)
			status = say_refusal(word, *reply);
		else if (ret < 0)
			status = tool_fail("ask", path, NULL, ret);
		else if (!strcmp(word, "state"))
			print_state(*reply, "state");
	}
	free(text);
	json_decref(request);
	return status;
}

/* NULL: sonod has gone, and it has been said. */
static char *next_event(struct sono_control *c, const char *path)
{
	struct pollfd p = { .fd = sono_control_fd(c), .events = POLLIN };
	char *event = sono_control_event(c);

	if (event)
		return event;
	poll(&p, 1, -1);
	event = sono_control_event(c);
	if (!event)
		tool_fail("go on with", path, "sonod has gone", 0);
	return event;
}

static int print_events(struct sono_control *c, const char *path)
{
	char *event;

	while ((event = next_event(c, path))) {
		print_state(event, "state");
		free(event);
		if (ferror(stdout))
			return TOOL_OK;	/* output_end() says it */
	}
	return TOOL_FAILED;
}

/* By a reply or an event; *status: how it ended, if it no longer does. */
static bool still_scanning(const char *text, const char *path, int *status)
{
	json_t *json = json_loads(text, 0, NULL);
	const json_t *now = json_object_get(json, "state");
	const char *state = json_string_value(json_object_get(now, "state"));
	const char *fault = json_string_value(json_object_get(now, "fault"));
	const bool scanning = state && !strcmp(state, "scanning");

	*status = fault ? tool_fail("go on with", path, fault, 0) : TOOL_OK;
	json_decref(json);
	return scanning;
}

/* It may have ended since it was asked for: the reply to "watch" says so. */
static int stay_while_scanning(struct sono_control *c, const char *path)
{
	char *text;
	int status = ask(c, path, "watch", &text);

	while (!status && still_scanning(text, path, &status)) {
		free(text);
		text = next_event(c, path);
		if (!text)
			status = TOOL_FAILED;
	}
	free(text);
	return status;
}

static int ask_all(struct sono_control *c, const char *path, char **words)
{
	bool watch = false, scan = false;
	int status = TOOL_OK;
	char *reply;

	for (; *words && !status; words++) {
		watch |= !strcmp(*words, "watch");
		scan |= !strcmp(*words, "scan");
		status = ask(c, path, *words, &reply);
		free(reply);
	}
	if (!status && watch)
		return print_events(c, path);
	return !status && scan ? stay_while_scanning(c, path) : status;
}

/* Before anything is asked. */
static int check_words(char **words)
{
	json_t *request;
	int status = TOOL_OK;

	for (; *words && !status; words++) {
		status = read_word(*words, &request);
		json_decref(request);
	}
	return status;
}

int tool_control(int argc, char **argv)
{
	const char *path = SONO_CONTROL_SOCKET;
	struct sono_control *c;
	char why[256];
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == OPT_HELP) {
			help();
			return TOOL_OK;
		}
		if (option != OPT_SOCKET)
			return TOOL_USAGE;
		path = optarg;
	}
	if (optind == argc) {
		fputs("sono control: wants a REQUEST (see sono control --help)\n",
		      stderr);
		return TOOL_USAGE;
	}
	ret = check_words(argv + optind);
	if (ret)
		return ret;
	ret = sono_control_open(&c, path, why, sizeof(why));
	if (ret)
		return tool_fail("ask", path, why, ret);
	ret = ask_all(c, path, argv + optind);
	sono_control_close(c);
	return ret;
}
