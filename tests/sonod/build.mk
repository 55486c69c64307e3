# SPDX-License-Identifier: MIT
# sonod and its clients.

SONOD_TEST_LIBS := userspace/libsono/libsono.a userspace/dsp/libdsp.a \
	fpga-sim/libsim.a -ljansson -lconfig -luring -lz -lm -pthread

$(eval $(call test-program,tests/sonod/test_sonod,$(addprefix tests/sonod/, \
	test_sonod.c test_pictures.c test_control.c served.c daemon.c),$(SONOD_TEST_LIBS) -lcriterion))
$(eval $(call check,sonod,$(O)/tests/sonod/test_sonod $(O)/userspace/sonod/sonod, \
	env SONOD=$(O)/userspace/sonod/sonod $(O)/tests/sonod/test_sonod --tap --jobs 2,120))

SONOD_ENDURE := $(O)/tests/sonod/endure
$(eval $(call test-program,tests/sonod/endure,tests/sonod/endure.c \
	tests/sonod/daemon.c,$(SONOD_TEST_LIBS)))
$(eval $(call check,sonod-endure,$(SONOD_ENDURE) $(O)/userspace/sonod/sonod, \
	$(SONOD_ENDURE) 60,120))
$(eval $(call soak,sonod-endure,$(SONOD_ENDURE) $(O)/userspace/sonod/sonod, \
	$(SONOD_ENDURE) 600,700))

# In a guest (tests/kselftest/build.mk).
$(eval $(call test-program,tests/sonod/board,tests/sonod/board.c \
	tests/sonod/daemon.c,$(SONOD_TEST_LIBS)))

$(eval $(call check,sonod-commands,$(O)/userspace/sonod/sonod $(O)/userspace/tools/sono \
	$(O)/userspace/examples/look,tests/sonod/commands,60))
