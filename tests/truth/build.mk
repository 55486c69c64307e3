# SPDX-License-Identifier: MIT
# The pipeline against known answers.

$(eval $(call test-program,tests/truth/truth,$(addprefix tests/truth/,truth.c \
	dataset.c points.c cysts.c cardiac.c disk.c vessel.c convex.c)\
	userspace/libsono/import.c,\
	userspace/dsp/libdsp.a userspace/libsono/libsono.a -ljansson -lz))
$(eval $(call check,truth,$(O)/tests/truth/truth,$(O)/tests/truth/truth,300))
