# SPDX-License-Identifier: MIT
# What the command's files have to themselves.

$(eval $(call unit-test,tests/unit/tools/test_keyboard,\
	tests/unit/tools/test_keyboard.c userspace/tools/keyboard.c))
