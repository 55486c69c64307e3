// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "dma.h"

#define WINDOWS_MAX 65535

struct dma_file {
	struct dma_file *next;
	dev_t dev;
	ino_t ino;
	unsigned char *at;
	size_t size;
	bool writable;
	unsigned int users;
};

void dma_init(struct dma *dma)
{
	*dma = (struct dma){ 0 };
}

/* --- files ------------------------------------------------------------------ */

static struct dma_file *find_file(struct dma *dma, const struct stat *st)
{
	struct dma_file *f;

	for (f = dma->files; f; f = f->next)
		if (f->dev == st->st_dev && f->ino == st->st_ino)
			return f;
	return NULL;
}

static int map_file(struct dma_file *f, int fd)
{
	f->writable = true;
	f->at = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (f->at == MAP_FAILED) {
		f->writable = false;
		f->at = mmap(NULL, f->size, PROT_READ, MAP_SHARED, fd, 0);
	}
	return f->at == MAP_FAILED ? -errno : 0;
}

/* A file that can shrink under its mapping would kill us by SIGBUS. */
static bool can_shrink(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals < 0 || !(seals & F_SEAL_SHRINK);
}

static int get_file(struct dma *dma, int fd, struct dma_file **file)
{
	struct dma_file *f;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return -EINVAL;
	if (can_shrink(fd))
		return -EPERM;
	f = find_file(dma, &st);
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			return -ENOMEM;
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		f->size = (size_t)st.st_size;
		err = map_file(f, fd);
		if (err) {
			free(f);
			return err;
		}
		f->next = dma->files;
		dma->files = f;
	}
	f->users++;
	*file = f;
	return 0;
}

static void put_file(struct dma *dma, struct dma_file *file)
{
	struct dma_file **at = &dma->files;

	if (!file || --file->users)
		return;
	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
	munmap(file->at, file->size);
	free(file);
}

/* --- windows ---------------------------------------------------------------- */

/* Index of the first window that ends after @addr. */
static size_t find_window(const struct dma *dma, uint64_t addr)
{
	size_t low = 0, high = dma->windows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct dma_window *w = &dma->window[middle];

		if (w->addr + (w->size - 1) < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make_room(struct dma *dma)
{
	size_t room = dma->room ? 2 * dma->room : 64;
	struct dma_window *w;

	if (dma->windows < dma->room)
		return 0;
	if (dma->windows >= WINDOWS_MAX)
		return -ENOSPC;
	w = realloc(dma->window, room * sizeof(*w));
	if (!w)
		return -ENOMEM;
	dma->window = w;
	dma->room = room;
	return 0;
}

static int back_window(struct dma *dma, struct dma_window *w, int fd,
		       uint64_t offset)
{
	int err = get_file(dma, fd, &w->file);

	if (err)
		return err;
	if (offset > w->file->size || w->size > w->file->size - offset) {
		put_file(dma, w->file);
		return -EINVAL;
	}
	w->at = w->file->at + offset;
	w->writable &= w->file->writable;
	return 0;
}

int dma_map(struct dma *dma, int fd, uint64_t offset,
	    const struct dma_window *window)
{
	struct dma_window w = *window;
	uint64_t last = w.addr + (w.size - 1);
	size_t i;
	int err;

	if (!w.size || last < w.addr)
		return -EINVAL;
	i = find_window(dma, w.addr);
	if (i < dma->windows && dma->window[i].addr <= last)
		return -EEXIST;
	err = make_room(dma);
	if (err)
		return err;
	w.at = NULL;
	w.file = NULL;
	if (fd >= 0)
		err = back_window(dma, &w, fd, offset);
	if (err)
		return err;
	memmove(dma->window + i + 1, dma->window + i,
		(dma->windows - i) * sizeof(w));
	dma->window[i] = w;
	dma->windows++;
	return 0;
}

void dma_unmap(struct dma *dma, uint64_t addr, uint64_t size)
{
	uint64_t last = addr + (size - 1);
	size_t from = find_window(dma, addr), to;

	if (!size || last < addr)
		return;
	if (from < dma->windows && dma->window[from].addr < addr)
		from++;
	for (to = from; to < dma->windows; to++) {
		const struct dma_window *w = &dma->window[to];

		if (w->addr + (w->size - 1) > last)
			break;
		put_file(dma, w->file);
	}
	if (to == from)
		return;
	memmove(dma->window + from, dma->window + to,
		(dma->windows - to) * sizeof(*dma->window));
	dma->windows -= to - from;
}

void dma_finish(struct dma *dma)
{
	for (size_t i = 0; i < dma->windows; i++)
		put_file(dma, dma->window[i].file);
	free(dma->window);
	dma_init(dma);
}

/* --- access ----------------------------------------------------------------- */

static bool allowed(const struct dma *dma, uint64_t addr, size_t n, bool write)
{
	size_t i = find_window(dma, addr);

	if (!n || addr + (n - 1) < addr)
		return false;
	for (; i < dma->windows; i++) {
		const struct dma_window *w = &dma->window[i];
		uint64_t rest = w->size - (addr - w->addr);

		if (addr < w->addr || !w->at ||
		    !(write ? w->writable : w->readable))
			return false;
		if (n <= rest)
			return true;
		addr += rest;
		n -= rest;
	}
	return false;
}

/* The next piece of an access that is allowed: where, and how long. */
static unsigned char *piece(const struct dma *dma, uint64_t addr, size_t *n)
{
	const struct dma_window *w = &dma->window[find_window(dma, addr)];
	uint64_t rest = w->size - (addr - w->addr);

	if (rest < *n)
		*n = rest;
	return w->at + (addr - w->addr);
}

int dma_read(const struct dma *dma, uint64_t addr, void *to, size_t n)
{
	char *p = to;

	if (!allowed(dma, addr, n, false))
		return -EFAULT;
	while (n) {
		size_t part = n;

		memcpy(p, piece(dma, addr, &part), part);
		addr += part;
		p += part;
		n -= part;
	}
	return 0;
}

int dma_write(const struct dma *dma, uint64_t addr, const void *from, size_t n)
{
	const char *p = from;

	if (!allowed(dma, addr, n, true))
		return -EFAULT;
	while (n) {
		size_t part = n;
		unsigned char *at = piece(dma, addr, &part);

		if (part == 4 && (uintptr_t)at % 4 == 0) {
			uint32_t word;

			/* pairs with the driver's dma_rmb() after the phase */
			memcpy(&word, p, sizeof(word));
			__atomic_store_n((uint32_t *)at, word,
					 __ATOMIC_RELEASE);
		} else {
			memcpy(at, p, part);
		}
		addr += part;
		p += part;
		n -= part;
	}
	return 0;
}
