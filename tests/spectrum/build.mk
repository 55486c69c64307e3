# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Spectra of the emulated board's flow against what the scene says.

$(eval $(call test-program,tests/spectrum/spectrum,tests/spectrum/spectrum.c,\
	userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lconfig -luring -lz))
$(eval $(call check,spectrum,$(O)/tests/spectrum/spectrum,\
	$(O)/tests/spectrum/spectrum,600))
# As many as it takes to judge the estimators.
$(eval $(call soak,spectrum,$(O)/tests/spectrum/spectrum,\
	$(O)/tests/spectrum/spectrum 24 401,3600))
