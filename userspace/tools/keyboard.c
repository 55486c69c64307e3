// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "keyboard.h"

#define DEVICES_MAX 32

/* Bytes of a terminal that have not made a key yet. */
#define BYTES_MAX 64

#define ESCAPE '\x1b'

/**
 * struct keyboard - where keys come from
 * @text: terminal or file, or -1
 * @terminal: @text is one, whose settings were @before
 * @before: to be restored
 * @gone: @text is at its end
 * @byte: read from @text
 * @bytes: how many
 * @device: of the machine
 * @devices: how many
 * @shift: is held, on the machine's
 */
struct keyboard {
	int text;
	bool terminal;
	struct termios before;
	bool gone;
	char byte[BYTES_MAX];
	size_t bytes;
	int device[DEVICES_MAX];
	unsigned int devices;
	bool shift;
};

/* --- the machine's --- */

/* As much of a US keyboard as somebody has a use for. */
static const struct {
	uint16_t code;
	int plain, shifted;
} codes[] = {
	{ KEY_SPACE, ' ', ' ' },
	{ KEY_TAB, KEYBOARD_TAB, KEYBOARD_TAB },
	{ KEY_ENTER, KEYBOARD_ENTER, KEYBOARD_ENTER },
	{ KEY_KPENTER, KEYBOARD_ENTER, KEYBOARD_ENTER },
	{ KEY_ESC, KEYBOARD_ESCAPE, KEYBOARD_ESCAPE },
	{ KEY_UP, KEYBOARD_UP, KEYBOARD_UP | KEYBOARD_SHIFT },
	{ KEY_DOWN, KEYBOARD_DOWN, KEYBOARD_DOWN | KEYBOARD_SHIFT },
	{ KEY_LEFT, KEYBOARD_LEFT, KEYBOARD_LEFT | KEYBOARD_SHIFT },
	{ KEY_RIGHT, KEYBOARD_RIGHT, KEYBOARD_RIGHT | KEYBOARD_SHIFT },
	{ KEY_HOME, KEYBOARD_HOME, KEYBOARD_HOME },
	{ KEY_END, KEYBOARD_END, KEYBOARD_END },
	{ KEY_EQUAL, '=', '+' },
	{ KEY_KPPLUS, '+', '+' },
	{ KEY_MINUS, '-', '_' },
	{ KEY_KPMINUS, '-', '-' },
	{ KEY_LEFTBRACE, '[', '{' },
	{ KEY_RIGHTBRACE, ']', '}' },
	{ KEY_B, 'b', 'B' },
	{ KEY_C, 'c', 'C' },
	{ KEY_N, 'n', 'N' },
	{ KEY_P, 'p', 'P' },
	{ KEY_Q, 'q', 'Q' },
	{ KEY_X, 'x', 'X' },
};

static int key_of_code(uint16_t code, bool shift)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].code == code)
			return shift ? codes[i].shifted : codes[i].plain;
	return KEYBOARD_NONE;
}

static bool has_key(const uint8_t *bits, unsigned int key)
{
	return bits[key / 8] >> key % 8 & 1;
}

/* Power buttons and the like are no keyboards. */
static bool is_keyboard(int fd)
{
	uint8_t bits[KEY_MAX / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(bits)), bits) > 0 &&
	       has_key(bits, KEY_SPACE) && has_key(bits, KEY_Q);
}

static void open_devices(struct keyboard *k)
{
	char path[32];

	for (int i = 0; i < DEVICES_MAX; i++) {
		int fd;

		snprintf(path, sizeof(path), "/dev/input/event%d", i);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			continue;
		if (is_keyboard(fd) && !ioctl(fd, EVIOCGRAB, 1))
			k->device[k->devices++] = fd;
		else
			close(fd);
	}
}

/* Pulled out: the others stay. */
static void forget_device(struct keyboard *k, unsigned int i)
{
	close(k->device[i]);
	k->device[i] = k->device[--k->devices];
}

static int key_of_event(struct keyboard *k, const struct input_event *e)
{
	if (e->type != EV_KEY)
		return KEYBOARD_NONE;
	if (e->code == KEY_LEFTSHIFT || e->code == KEY_RIGHTSHIFT)
		k->shift = e->value;
	/* 1: pressed, 2: still, and that often */
	return e->value ? key_of_code(e->code, k->shift) : KEYBOARD_NONE;
}

static int next_of_device(struct keyboard *k, unsigned int i)
{
	struct input_event e;
	ssize_t got;

	while ((got = read(k->device[i], &e, sizeof(e))) == sizeof(e)) {
		int key = key_of_event(k, &e);

		if (key)
			return key;
	}
	if (got < 0 && errno == ENODEV)
		forget_device(k, i);
	return KEYBOARD_NONE;
}

/* --- a terminal's --- */

/* What follows ESC, as far as somebody has a use for it. */
static const struct {
	const char *text;
	int key;
} sequences[] = {
	{ "[A", KEYBOARD_UP },
	{ "[B", KEYBOARD_DOWN },
	{ "[C", KEYBOARD_RIGHT },
	{ "[D", KEYBOARD_LEFT },
	{ "[H", KEYBOARD_HOME },
	{ "[F", KEYBOARD_END },
	{ "[1~", KEYBOARD_HOME },
	{ "[4~", KEYBOARD_END },
	{ "[1;2A", KEYBOARD_UP | KEYBOARD_SHIFT },
	{ "[1;2B", KEYBOARD_DOWN | KEYBOARD_SHIFT },
	{ "[1;2C", KEYBOARD_RIGHT | KEYBOARD_SHIFT },
	{ "[1;2D", KEYBOARD_LEFT | KEYBOARD_SHIFT },
};

static void drop_bytes(struct keyboard *k, size_t n)
{
	k->bytes -= n;
	memmove(k->byte, k->byte + n, k->bytes);
}

/* To its last byte, which is a letter or a tilde. */
static size_t sequence_length(const struct keyboard *k)
{
	size_t n = 2;

	while (n < k->bytes && !isalpha((unsigned char)k->byte[n]) &&
	       k->byte[n] != '~')
		n++;
	return n < k->bytes ? n + 1 : k->bytes;
}

/* One without '[' behind it is the key of that name. */
static int take_sequence(struct keyboard *k)
{
	size_t n;
	int key = KEYBOARD_NONE;

	if (k->bytes < 2 || k->byte[1] != '[') {
		drop_bytes(k, 1);
		return KEYBOARD_ESCAPE;
	}
	n = sequence_length(k);
	for (size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++)
		if (strlen(sequences[i].text) == n - 1 &&
		    !memcmp(sequences[i].text, k->byte + 1, n - 1))
			key = sequences[i].key;
	drop_bytes(k, n);
	return key;
}

static int take_byte(struct keyboard *k)
{
	const char letter = k->byte[0];

	drop_bytes(k, 1);
	return letter == '\r' ? KEYBOARD_ENTER : (unsigned char)letter;
}

/* Asked first: standard input is not ours alone to make non-blocking. */
static void read_bytes(struct keyboard *k)
{
	struct pollfd p = { k->text, POLLIN, 0 };
	ssize_t got;

	if (k->gone || k->bytes == BYTES_MAX || poll(&p, 1, 0) <= 0)
		return;
	got = read(k->text, k->byte + k->bytes, BYTES_MAX - k->bytes);
	if (got > 0)
		k->bytes += (size_t)got;
	else if (!got || errno != EINTR)
		k->gone = true;
}

static int next_of_text(struct keyboard *k)
{
	read_bytes(k);
	while (k->bytes) {
		int key = k->byte[0] == ESCAPE ? take_sequence(k) :
						 take_byte(k);

		if (key)
			return key;
	}
	return k->gone ? KEYBOARD_GONE : KEYBOARD_NONE;
}

/* Every key at once, and not shown. Ctrl-C stays what it is. */
static void open_terminal(struct keyboard *k)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &k->before))
		return;
	raw = k->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	k->terminal = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	k->text = k->terminal ? dup(STDIN_FILENO) : -1;
}

static int open_text(struct keyboard *k, const char *path)
{
	const bool standard = !strcmp(path, "-");

	k->text = standard ? dup(STDIN_FILENO) :
			     open(path, O_RDONLY | O_CLOEXEC);
	return k->text < 0 ? -errno : 0;
}

/* --- all --- */

int keyboard_open(struct keyboard **keyboard, bool machine, const char *path)
{
	struct keyboard *k = calloc(1, sizeof(*k));
	int ret = 0;

	*keyboard = NULL;
	if (!k)
		return -ENOMEM;
	k->text = -1;
	if (path)
		ret = open_text(k, path);
	else if (machine)
		open_devices(k);
	if (!path && isatty(STDIN_FILENO))
		open_terminal(k);
	if (ret || (k->text < 0 && !k->devices))
		keyboard_close(k);
	else
		*keyboard = k;
	return ret;
}

void keyboard_wait(struct keyboard *k, int timeout_ms)
{
	struct pollfd p[DEVICES_MAX + 1];
	unsigned int n = 0;

	if (k->bytes)
		return;
	for (; n < k->devices; n++)
		p[n] = (struct pollfd){ k->device[n], POLLIN, 0 };
	if (k->text >= 0 && !k->gone)
		p[n++] = (struct pollfd){ k->text, POLLIN, 0 };
	poll(p, n, timeout_ms);
}

int keyboard_next(struct keyboard *k)
{
	int key = KEYBOARD_NONE;

	for (unsigned int i = k->devices; i-- && !key;)
		key = next_of_device(k, i);
	if (!key && k->text >= 0)
		key = next_of_text(k);
	return key;
}

void keyboard_close(struct keyboard *k)
{
	if (!k)
		return;
	if (k->terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &k->before);
	if (k->text >= 0)
		close(k->text);
	while (k->devices)
		forget_device(k, 0);
	free(k);
}
