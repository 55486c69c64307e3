# SPDX-License-Identifier: MIT
# sonod: a board's owner, which serves pictures and control.

$(eval $(call program,userspace/sonod/sonod,$(addprefix userspace/sonod/, \
	main.c options.c sockets.c loop.c peers.c bell.c stream.c control.c \
	request.c maker.c scanner.c setup.c), \
	userspace/present/libpresent.a userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lsystemd -lconfig -ljansson -luring -lz -lm -pthread))

# How a client is written.
$(eval $(call program,userspace/examples/look,userspace/examples/look.c, \
	userspace/present/libpresent.a userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lpng -lmd -lwebpmux -lwebp -lconfig -ljansson -luring -lz -lm -pthread))
