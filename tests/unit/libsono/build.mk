# SPDX-License-Identifier: MIT
# libsono, file by file.

$(eval $(call unit-test,tests/unit/libsono/test_import,\
	tests/unit/libsono/test_import.c userspace/libsono/import.c,\
	userspace/libsono/libsono.a -ljansson))
