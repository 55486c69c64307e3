# SPDX-License-Identifier: MIT
# libsono, file by file.

$(eval $(call unit-test,tests/unit/libsono/test_import,\
	tests/unit/libsono/test_import.c userspace/libsono/import.c,\
	userspace/libsono/libsono.a -ljansson))

# The core that libsono shares with the module.
$(eval $(call unit-test,tests/unit/libsono/test_ring,\
	tests/unit/libsono/test_ring.c,userspace/libsono/libsono.a))
$(eval $(call unit-test,tests/unit/libsono/test_queue,\
	tests/unit/libsono/test_queue.c,userspace/libsono/libsono.a -lz))

$(eval $(call unit-test,tests/unit/libsono/test_indices,\
	tests/unit/libsono/test_indices.c,userspace/libsono/libsono.a -lm))

$(eval $(call unit-test,tests/unit/libsono/test_control,\
	tests/unit/libsono/test_control.c,userspace/libsono/libsono.a -ljansson))
