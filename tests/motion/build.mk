# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Known motion, measured back from pictures.

$(eval $(call test-program,tests/motion/motion,tests/motion/motion.c \
	tests/scan/scan.c, \
	userspace/libsono/libsono.a userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lconfig -ljansson -luring -lz -lm -pthread))
$(eval $(call check,motion,$(O)/tests/motion/motion,$(O)/tests/motion/motion,600))
