# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Colour where the scenes say that there is flow, and nowhere else.

$(eval $(call test-program,tests/colour/colour,tests/colour/colour.c tests/scan/scan.c,\
	userspace/present/libpresent.a userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a -lpng -lmd -lwebpmux -lwebp \
	-lconfig -luring -lz))
$(eval $(call check,colour,$(O)/tests/colour/colour,$(O)/tests/colour/colour,600))
$(eval $(call soak,colour-rates,$(O)/tests/colour/colour,$(O)/tests/colour/colour rates,600))
