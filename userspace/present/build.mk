# SPDX-License-Identifier: MIT
# libpresent: where pictures go. Its users link -lpng and -lmd.

PRESENT_SOURCES := $(addprefix userspace/present/,present.c png.c md5.c \
	null.c annotate.c font.c)

$(eval $(call static-library,userspace/present/libpresent.a,\
	$(PRESENT_SOURCES)))
