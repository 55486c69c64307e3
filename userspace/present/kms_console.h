/* SPDX-License-Identifier: MIT */
/* The machine's text console, which makes room for pictures. */
#ifndef PRESENT_KMS_CONSOLE_H
#define PRESENT_KMS_CONSOLE_H

#include <sys/types.h>

/**
 * struct kms_console - what was put aside
 * @guard: the child that brings it back; 0: nothing was put aside
 * @alive: open as long as we have the display
 */
struct kms_console {
	pid_t guard;
	int alive;
};

/**
 * kms_console_hide() - nothing draws or switches consoles any more
 * @console: written
 *
 * A machine without one, or that does not let us, is fine.
 */
void kms_console_hide(struct kms_console *console);

/** kms_console_show() - back; after the display was given back */
void kms_console_show(struct kms_console *console);

#endif /* PRESENT_KMS_CONSOLE_H */
