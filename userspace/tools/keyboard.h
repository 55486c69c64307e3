/* SPDX-License-Identifier: MIT */
/*
 * Keys that are pressed: on the machine's keyboards, in a terminal, or written in
 * a file as a terminal would send them.
 */
#ifndef SONO_KEYBOARD_H
#define SONO_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>

/* A key is its letter, or one of these; letters are those of a US keyboard. */
enum key {
	KEYBOARD_NONE = 0,
	KEYBOARD_TAB = '\t',
	KEYBOARD_ENTER = '\n',
	KEYBOARD_ESCAPE = 27,
	KEYBOARD_UP = 256,
	KEYBOARD_DOWN,
	KEYBOARD_LEFT,
	KEYBOARD_RIGHT,
	KEYBOARD_HOME,
	KEYBOARD_END,
	/* no key will come any more */
	KEYBOARD_GONE,
};

/* Beside a key: shift was held. */
#define KEYBOARD_SHIFT 0x1000

struct keyboard;

/**
 * keyboard_open() - listen to whoever sits there
 * @keyboard: written; NULL where there is nobody to listen to
 * @machine: also listen to the machine's own keyboards, which nobody else hears
 *           then
 * @path: NULL: the terminal of standard input if that is one; else a file to read
 *        instead of any keyboard, "-": standard input
 *
 * Return: 0 or -errno of opening @path.
 */
int keyboard_open(struct keyboard **keyboard, bool machine, const char *path);

/** keyboard_wait() - for a key; so long at most [ms], or -1 */
void keyboard_wait(struct keyboard *keyboard, int timeout_ms);

/**
 * keyboard_next() - the next key that was pressed
 *
 * Return: a letter or enum key, perhaps with KEYBOARD_SHIFT; KEYBOARD_NONE: none
 * was.
 */
int keyboard_next(struct keyboard *keyboard);

/** keyboard_close() - the terminal as it was; NULL is fine */
void keyboard_close(struct keyboard *keyboard);

#endif /* SONO_KEYBOARD_H */
