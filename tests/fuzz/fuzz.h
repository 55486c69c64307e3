/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What fuzzers share: an input as a file, an input taken bit by bit. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUZZ_PATH_BYTES 32

/** LLVMFuzzerTestOneInput() - libFuzzer's entry; returns 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * fuzz_file() - a file in memory that holds @data
 * @path: [FUZZ_PATH_BYTES], where it can be opened
 *
 * Return: its descriptor, to be closed.
 */
static inline int fuzz_file(char *path, const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		__builtin_trap();
	snprintf(path, FUZZ_PATH_BYTES, "/proc/self/fd/%d", fd);
	return fd;
}

/** struct fuzz_input - what is left of an input */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/** fuzz_byte() - the next byte, 0 at the end */
static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

/** fuzz_take() - up to @n bytes into @to; how many there were */
static inline size_t fuzz_take(struct fuzz_input *in, void *to, size_t n)
{
	n = n < in->left ? n : in->left;
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
	return n;
}

#endif /* FUZZ_H */
