/* SPDX-License-Identifier: MIT */
/* The subcommands of sono, one file each; sono.c has the table. */
#ifndef SONO_TOOLS_H
#define SONO_TOOLS_H

#include <stdint.h>

/* Exit statuses of every subcommand. */
#define TOOL_OK 0
#define TOOL_FAILED 1
#define TOOL_USAGE 2

int tool_control(int argc, char **argv);
int tool_diag(int argc, char **argv);
int tool_export(int argc, char **argv);
int tool_import(int argc, char **argv);
int tool_info(int argc, char **argv);
int tool_prof(int argc, char **argv);
int tool_record(int argc, char **argv);
int tool_view(int argc, char **argv);

/**
 * tool_fail() - the one message of a subcommand that could not do its work
 * @what: could not be done
 * @to: to what
 * @why: in words; where empty, @err is said
 * @err: -errno
 *
 * Return: TOOL_FAILED.
 */
int tool_fail(const char *what, const char *to, const char *why, int err);

/**
 * tool_count() - the number that an option was given
 * @tool: subcommand
 * @option: its name
 * @text: what was given
 * @least: that makes sense, 1 or more
 * @most: that makes sense
 * @value: written
 *
 * Return: TOOL_OK; TOOL_USAGE, after a message, where it is not @least to @most.
 */
int tool_count(const char *tool, const char *option, const char *text,
	       uint64_t least, uint64_t most, uint64_t *value);

struct sono;

/**
 * tool_setup() - slots of a stream
 * @s: source
 * @source: its name
 * @slots: how many
 * @slot_bytes: of each
 *
 * Return: TOOL_OK; TOOL_FAILED, after a message.
 */
int tool_setup(struct sono *s, const char *source, uint32_t slots,
	       uint32_t slot_bytes);

/* Slots of a stream: one is the board's while the other is read. */
#define TOOL_SLOTS_MIN 2
#define TOOL_SLOTS_MAX 1024

#endif /* SONO_TOOLS_H */
