# SPDX-License-Identifier: MIT
# libdsp, file by file.

$(foreach t,dsp cpu workers palette demod beamform detect doppler wall scanconvert \
	pipeline direction sweep mmode mcolour spectrum traces ecg,$(eval $(call unit-test,tests/unit/dsp/test_$(t),\
	tests/unit/dsp/test_$(t).c,userspace/dsp/libdsp.a \
	userspace/libsono/libsono.a)))

# Counts what libdsp takes from the heap.
$(eval $(call unit-test,tests/unit/dsp/test_between,\
	tests/unit/dsp/test_between.c,userspace/dsp/libdsp.a \
	userspace/libsono/libsono.a $(foreach f,malloc calloc realloc \
	posix_memalign syscall,-Xlinker --wrap=$(f))))
