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
$(eval $(call check,prof,$(O)/userspace/tools/sono $(O)/tests/prof/traced,tests/prof/prof,120))
$(eval $(call check,prof-commands,$(O)/userspace/tools/sono,tests/prof/commands,60))
