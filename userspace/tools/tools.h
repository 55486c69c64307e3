/* SPDX-License-Identifier: MIT */
/* The subcommands of sono, one file each; sono.c has the table. */
#ifndef SONO_TOOLS_H
#define SONO_TOOLS_H

/* Exit statuses of every subcommand. */
#define TOOL_OK 0
#define TOOL_FAILED 1
#define TOOL_USAGE 2

int tool_control(int argc, char **argv);
int tool_import(int argc, char **argv);
int tool_info(int argc, char **argv);
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

#endif /* SONO_TOOLS_H */
