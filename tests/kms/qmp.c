// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 *	qmp SOCKET dump FILE	what is on the screen, as a PNG
 *	qmp SOCKET key KEY...	presses keys one after the other; KEY is a name of
 *				QEMU's, or several that are held: shift-left
 *
 * Exit 1, with QEMU's own words, where it refuses.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A guest that is emulated has its time to read a key. */
#define HOLD_MS 60

static FILE *open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror(path);
		return NULL;
	}
	return fdopen(fd, "r+");
}

/* Events come in between; the greeting comes first. */
static json_t *next_answer(FILE *qmp)
{
	char line[65536];

	while (fgets(line, sizeof(line), qmp)) {
		json_t *answer = json_loads(line, 0, NULL);

		if (json_object_get(answer, "return") ||
		    json_object_get(answer, "error"))
			return answer;
		json_decref(answer);
	}
	return NULL;
}

/* Takes @arguments over. */
static int command(FILE *qmp, const char *name, json_t *arguments)
{
	json_t *command = json_pack("{s:s s:o*}", "execute", name, "arguments",
				    arguments);
	json_t *answer;
	const char *why = "no answer";
	int status = 1;

	json_dumpf(command, qmp, JSON_COMPACT);
	fputc('\n', qmp);
	fflush(qmp);
	json_decref(command);
	answer = next_answer(qmp);
	if (answer && json_object_get(answer, "return"))
		status = 0;
	else
		json_unpack(answer, "{s:{s:s}}", "error", "desc", &why);
	if (status)
		fprintf(stderr, "%s: %s\n", name, why);
	json_decref(answer);
	return status;
}

static int dump(FILE *qmp, const char *file)
{
	return command(qmp, "screendump",
		       json_pack("{s:s s:s}", "filename", file, "format",
				 "png"));
}

/* "shift-left": both are held. */
static int key(FILE *qmp, const char *name)
{
	json_t *keys = json_array();
	char names[64];

	snprintf(names, sizeof(names), "%s", name);
	for (char *rest = names, *one; (one = strsep(&rest, "-"));)
		json_array_append_new(keys, json_pack("{s:s s:s}", "type",
						      "qcode", "data", one));
	return command(qmp, "send-key",
		       json_pack("{s:o s:i}", "keys", keys, "hold-time",
				 HOLD_MS));
}

int main(int argc, char **argv)
{
	FILE *qmp;
	int status;

	if (argc < 4)
		return 2;
	qmp = open_socket(argv[1]);
	if (!qmp)
		return 1;
	status = command(qmp, "qmp_capabilities", NULL);
	if (!status && !strcmp(argv[2], "dump"))
		status = dump(qmp, argv[3]);
	for (int i = 3; i < argc && !status && !strcmp(argv[2], "key"); i++)
		status = key(qmp, argv[i]);
	fclose(qmp);
	return status;
}
