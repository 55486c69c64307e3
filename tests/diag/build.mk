# SPDX-License-Identifier: MIT
# Self tests of the board, tested.

DIAG_TEST_LIBS := userspace/diag/libdiag.a userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a -ljansson -lconfig -luring -lz -lm -pthread

$(eval $(call unit-test,tests/unit/diag/test_limits,tests/unit/diag/test_limits.c, \
	$(DIAG_TEST_LIBS)))

$(foreach t,disk names elements,$(eval $(call unit-test,tests/unit/diag/test_$(t), \
	tests/unit/diag/test_$(t).c,$(DIAG_TEST_LIBS))))

# Every fault is named; boards without one are not accused.
$(eval $(call test-program,tests/diag/faults,tests/diag/faults.c,$(DIAG_TEST_LIBS)))
$(eval $(call check,diag,$(O)/tests/diag/faults,$(O)/tests/diag/faults,600))
$(eval $(call check,diag-every,,tests/diag/every,60))
$(eval $(call check,diag-rare,$(O)/tests/diag/faults,$(O)/tests/diag/faults rare,600))
$(eval $(call check,diag-random,$(O)/tests/diag/faults,$(O)/tests/diag/faults random 24,600))
$(eval $(call check,diag-healthy,$(O)/tests/diag/faults,$(O)/tests/diag/faults healthy 8,600))
$(eval $(call soak,diag-random,$(O)/tests/diag/faults,$(O)/tests/diag/faults random 500,3600))
$(eval $(call soak,diag-healthy,$(O)/tests/diag/faults,$(O)/tests/diag/faults healthy 100,3600))

# Behind the driver: what there is of the link, of interrupts and of the flash.
$(eval $(call test-program,tests/diag/link_error,tests/diag/link_error.c \
	tests/kselftest/sysfs.c tests/kselftest/stream.c,$(DIAG_TEST_LIBS)))
$(eval $(call test-program,tests/diag/clock,tests/diag/clock.c))
ifeq ($(O),build)
vm-diag = $(eval $(call $(1),vm-diag-$(2),$(O)/fpga-sim/sono-sim \
	$(O)/userspace/tools/sono $(O)/tests/diag/link_error $(O)/tests/diag/clock build/tests/vm/init \
	build/$(2)/kernel/sono.ko,tests/diag/vm $(2),400))
$(call vm-diag,check,6.12)
$(call vm-diag,soak,7.3)
endif

# Image quality, baseline, history and report.
$(eval $(call check,diag-keeps,$(O)/userspace/tools/sono,tests/diag/keeps,600))

$(eval $(call check,diag-commands,$(O)/userspace/tools/sono,tests/diag/commands,600))
