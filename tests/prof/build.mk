# SPDX-License-Identifier: MIT
# sono prof: its figures file by file, and the command from outside.

PROF := userspace/tools/prof_

$(eval $(call unit-test,tests/prof/test_histogram,tests/prof/test_histogram.c \
	$(PROF)histogram.c))
$(eval $(call unit-test,tests/prof/test_figures,tests/prof/test_figures.c \
	$(PROF)figures.c $(PROF)histogram.c))

$(eval $(call unit-test,tests/prof/test_prometheus,tests/prof/test_prometheus.c \
	$(PROF)prometheus.c $(PROF)figures.c $(PROF)histogram.c))
$(eval $(call unit-test,tests/prof/test_trace,tests/prof/test_trace.c \
	$(PROF)trace.c $(PROF)tracefs.c,-ljansson))
$(eval $(call unit-test,tests/prof/test_ratio,tests/prof/test_ratio.c \
	$(PROF)ratio.c))

$(eval $(call test-program,tests/prof/traced,tests/prof/traced.c,-ljansson))
$(eval $(call check,prof,$(O)/userspace/tools/sono $(O)/userspace/sonod/sonod $(O)/tests/prof/traced,tests/prof/prof,120))
$(eval $(call check,prof-commands,$(O)/userspace/tools/sono,tests/prof/commands,60))

# Has prof.c in it.
$(eval $(call test-program,tests/prof/overhead,tests/prof/overhead.c \
	$(PROF)table.c $(PROF)figures.c $(PROF)histogram.c $(PROF)prometheus.c \
	$(PROF)options.c $(PROF)compare.c $(PROF)ratio.c $(PROF)sonod.c $(PROF)steps.c $(PROF)trace.c \
	$(PROF)tracefs.c userspace/tools/tools.c userspace/tools/output.c userspace/tools/run.c \
	userspace/tools/view_signal.c,userspace/present/libpresent.a userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a -lpng -lmd -lwebpmux -lwebp -lconfig \
	-ljansson -luring -lz -lm -pthread))
$(eval $(call check,prof-overhead,$(O)/tests/prof/overhead,$(O)/tests/prof/overhead userspace/presets/linear-b.plan tests/prof/light.plan,120))
