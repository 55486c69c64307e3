# SPDX-License-Identifier: MIT
# libpresent, file by file.

$(foreach t,present png annotate calliper canvas cine film font screen,\
	$(eval $(call unit-test,tests/unit/present/test_$(t),\
	tests/unit/present/test_$(t).c,userspace/present/libpresent.a \
	userspace/dsp/libdsp.a -lpng -lmd -lwebpmux -lwebpdemux -lwebp)))

# With a device of its own.
$(eval $(call unit-test,tests/unit/present/test_kms,\
	tests/unit/present/test_kms.c userspace/present/kms.c \
	userspace/libsono/why.c))
