# SPDX-License-Identifier: MIT
# sono prof: its figures file by file, and the command from outside.

PROF := userspace/tools/prof_

$(eval $(call unit-test,tests/prof/test_histogram,tests/prof/test_histogram.c \
	$(PROF)histogram.c))
$(eval $(call unit-test,tests/prof/test_figures,tests/prof/test_figures.c \
	$(PROF)figures.c $(PROF)histogram.c))

$(eval $(call unit-test,tests/prof/test_prometheus,tests/prof/test_prometheus.c \
	$(PROF)prometheus.c $(PROF)figures.c $(PROF)histogram.c))
$(eval $(call unit-test,tests/prof/test_ratio,tests/prof/test_ratio.c \
	$(PROF)ratio.c))

$(eval $(call check,prof,$(O)/userspace/tools/sono,tests/prof/prof,120))
