# SPDX-License-Identifier: MIT
# libdiag: self tests of a board, for sono diag and any other program.

DIAG_SOURCES := $(addprefix userspace/diag/,diag.c limits.c capture.c place.c json.c tap.c junit.c names.c words.c \
	check_link.c check_host.c disk.c check_away.c absent.c check_registers.c check_sensors.c check_dma.c check_channels.c check_elements.c \
	elements.c check_gain.c check_voltage.c check_transmit.c check_ring.c \
	check_image.c phantom.c quality.c store.c report.c svg.c \
	collect.c sign.c)

$(eval $(call static-library,userspace/diag/libdiag.a,$(DIAG_SOURCES),-larchive -lcrypto -lpng))

# Built in.
$(O)/userspace/diag/limits.o: userspace/diag/limits.tsv
$(O)/userspace/diag/phantom.o: userspace/diag/phantom.tsv userspace/diag/phantom.plan
