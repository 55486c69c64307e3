# SPDX-License-Identifier: GPL-2.0-only OR MIT
# What a plan's options do to pictures.

$(eval $(call test-program,tests/options/options,tests/options/options.c \
	tests/scan/scan.c, \
	userspace/libsono/libsono.a userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lconfig -ljansson -luring -lz -lm -pthread))
$(eval $(call check,options,$(O)/tests/options/options,$(O)/tests/options/options,300))
