// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>

#include "why.h"

int sono_why(char *why, size_t why_bytes, int err, const char *format, ...)
{
	va_list args;

	if (!why)
		return err;
	va_start(args, format);
	vsnprintf(why, why_bytes, format, args);
	va_end(args);
	return err;
}
