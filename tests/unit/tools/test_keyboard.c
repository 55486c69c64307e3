// SPDX-License-Identifier: MIT
/* Keys as a terminal sends them, through a pipe in place of standard input. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/keyboard.h"

static int writer;

static struct keyboard *open_pipe(void)
{
	struct keyboard *k;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	writer = ends[1];
	cr_assert_eq(keyboard_open(&k, false, "-"), 0);
	cr_assert_not_null(k);
	return k;
}

static void type(const char *text)
{
	const ssize_t bytes = (ssize_t)strlen(text);

	cr_assert_eq(write(writer, text, bytes), bytes);
}

Test(keyboard, letters_and_sequences)
{
	static const int keys[] = {
		'q',
		KEYBOARD_UP,
		KEYBOARD_DOWN | KEYBOARD_SHIFT,
		KEYBOARD_HOME,
		'+',
		KEYBOARD_ENTER,
		KEYBOARD_ENTER,
		KEYBOARD_TAB,
		KEYBOARD_END,
		' ',
	};
	struct keyboard *k = open_pipe();

	/* of one that nobody has a use for nothing is left */
	type("q\033[A\033[1;2B\033[1~+\n\r\t\033[15~\033[F ");
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		cr_assert_eq(keyboard_next(k), keys[i], "key %zu", i);
	cr_assert_eq(keyboard_next(k), KEYBOARD_NONE);
	type("c");
	keyboard_wait(k, -1);
	cr_assert_eq(keyboard_next(k), 'c');
	keyboard_close(k);
	keyboard_close(NULL);
}

Test(keyboard, escape_is_a_key_of_its_own)
{
	struct keyboard *k = open_pipe();

	type("\033");
	cr_assert_eq(keyboard_next(k), KEYBOARD_ESCAPE);
	type("\033x");
	cr_assert_eq(keyboard_next(k), KEYBOARD_ESCAPE);
	cr_assert_eq(keyboard_next(k), 'x');
	keyboard_close(k);
}

/* More at once than the buffer holds. */
Test(keyboard, none_is_lost)
{
	struct keyboard *k = open_pipe();

	for (int i = 0; i < 100; i++)
		type("\033[C-");
	close(writer);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(keyboard_next(k), KEYBOARD_RIGHT, "%d", i);
		cr_assert_eq(keyboard_next(k), '-', "%d", i);
	}
	cr_assert_eq(keyboard_next(k), KEYBOARD_GONE);
	cr_assert_eq(keyboard_next(k), KEYBOARD_GONE);
	keyboard_close(k);
}

Test(keyboard, no_such_file)
{
	struct keyboard *k;

	cr_assert_eq(keyboard_open(&k, false, "/none/keys"), -ENOENT);
	cr_assert_null(k);
}
