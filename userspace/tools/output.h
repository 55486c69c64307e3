/* SPDX-License-Identifier: MIT */
/* Where subcommands write: files, and standard output. */
#ifndef SONO_OUTPUT_H
#define SONO_OUTPUT_H

#include <stddef.h>

/**
 * output_apart() - refuse to write over what is read, or written
 * @out: paths, some perhaps NULL or "-"
 * @outs: how many
 * @in: paths, or sources: the recording that they play; some perhaps NULL
 * @ins: how many
 *
 * The same file by another name is the same. What is no regular file cannot be
 * written over.
 *
 * Return: TOOL_OK; TOOL_FAILED, after a message.
 */
int output_apart(const char *const *out, size_t outs, const char *const *in,
		 size_t ins);

/**
 * output_whole() - refuse to put a file in the place of something else
 * @out: path of a file that is replaced once it is whole, or NULL
 *
 * A device or a pipe would be gone. Nor where there is no folder for it: better
 * now than at the end of a long run.
 *
 * Return: TOOL_OK; TOOL_FAILED, after a message.
 */
int output_whole(const char *out);

/**
 * output_possible() - refuse what cannot be written, before there is anything to write
 * @out: path of a file, a device or a pipe, "-", or NULL
 *
 * Return: TOOL_OK; TOOL_FAILED, after a message.
 */
int output_possible(const char *out);

/**
 * output_begin() - before anything is opened
 *
 * A standard stream that is closed is taken by something that cannot be written
 * to: or the first file that is opened would be in its place.
 */
void output_begin(void);

/**
 * output_end() - standard output has arrived, or the command has failed
 * @status: of the command so far
 *
 * Of a reader that had enough nothing is said.
 *
 * Return: @status; TOOL_FAILED where that was TOOL_OK and something was lost.
 */
int output_end(int status);

#endif /* SONO_OUTPUT_H */
