# SPDX-License-Identifier: MIT
# sono: the one command; its subcommands a file each, view a few.

$(eval $(call program,userspace/tools/sono,$(addprefix userspace/tools/, \
	sono.c tools.c output.c info.c run.c view.c view_options.c view_report.c view_signal.c \
	view_screen.c view_keys.c view_turn.c keyboard.c \
	import.c export.c control.c record.c diag.c diag_collect.c \
	prof.c prof_options.c prof_table.c prof_figures.c prof_histogram.c \
	prof_prometheus.c prof_compare.c prof_ratio.c prof_sonod.c prof_steps.c prof_trace.c prof_tracefs.c), \
	userspace/diag/libdiag.a \
	userspace/present/libpresent.a userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a \
	$(HDF5_LIBS) -ldrm -larchive -lcrypto -lpng -lmd -lwebpmux -lwebp -lconfig -ljansson -luring -lz -lm -pthread))

# The version is the packages'.
SONO_VERSION := $(shell sed '1s/.*(\(.*\)).*/\1/;q' debian/changelog)
$(O)/userspace/tools/sono.o: CFLAGS += -DSONO_VERSION='"$(SONO_VERSION)"'
$(O)/userspace/tools/sono.o: debian/changelog
