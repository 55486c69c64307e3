# SPDX-License-Identifier: MIT
# How fast. "make bench REF=revision" runs that revision in turn with this one
# and compares; it starts outside the reference root (see the Makefile).

$(eval $(call test-program,tests/bench/bench,$(addprefix tests/bench/,\
	bench.c cycles.c demod.c beamform.c judge.c detect.c pipeline.c prepared.c doppler.c \
	scanconvert.c spectrum.c) userspace/libsono/import.c,\
	userspace/libsono/libsono.a userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lconfig -ljansson -luring -lz))
$(eval $(call check,bench,$(O)/tests/bench/bench,\
	$(O)/tests/bench/bench -s -o $(O)/bench-smoke.json,120))

bench: $(O)/tests/bench/bench
	$(Q)$(O)/tests/bench/bench -o $(O)/bench.json $(CASES)
