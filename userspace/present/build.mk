# SPDX-License-Identifier: MIT
# libpresent: where pictures go. Its users link -lpng, -lmd, -lwebpmux and
# -lwebp; those of kms -ldrm, whose headers include each other by their names alone.

PRESENT_SOURCES := $(addprefix userspace/present/,present.c png.c y4m.c webp.c \
	md5.c null.c share.c udmabuf.c annotate.c canvas.c font.c calliper.c cine.c screen.c \
	kms.c kms_device.c kms_page.c kms_console.c)

$(eval $(call static-library,userspace/present/libpresent.a,\
	$(PRESENT_SOURCES)))

$(O)/userspace/present/kms_device.o $(O)/userspace/present/kms_page.o: \
	CPPFLAGS += -I/usr/include/libdrm
