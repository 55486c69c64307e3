# SPDX-License-Identifier: MIT
# libpresent: where pictures go. Its users link -lpng, -lmd, -lwebpmux and
# -lwebp.

PRESENT_SOURCES := $(addprefix userspace/present/,present.c png.c y4m.c webp.c \
	md5.c null.c share.c annotate.c canvas.c font.c cine.c screen.c)

$(eval $(call static-library,userspace/present/libpresent.a,\
	$(PRESENT_SOURCES)))
