# SPDX-License-Identifier: MIT
# Every variant of every kernel against the C form.

$(eval $(call test-program,tests/checkdsp/checkdsp,$(addprefix tests/checkdsp/,\
	checkdsp.c demod.c aperture.c beamform.c detect.c doppler.c scanconvert.c \
	sharpen.c tissue.c)\
	tests/bench/cycles.c,userspace/dsp/libdsp.a))
$(O)/tests/checkdsp/checkdsp.o: CFLAGS += -Itests
$(eval $(call check,checkdsp,$(O)/tests/checkdsp/checkdsp,\
	$(O)/tests/checkdsp/checkdsp,120))
