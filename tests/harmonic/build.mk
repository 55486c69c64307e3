# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Harmonic imaging: beams, voltages and cancellation as they must be.

$(eval $(call test-program,tests/harmonic/harmonic,tests/harmonic/harmonic.c \
	tests/scan/scan.c, \
	userspace/libsono/libsono.a userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lconfig -ljansson -luring -lz -lm -pthread))
$(eval $(call check,harmonic,$(O)/tests/harmonic/harmonic,\
	$(O)/tests/harmonic/harmonic,120))
