# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Every preset runs, in process and through the driver.

# Makes a recording of what a board sends.
$(eval $(call test-program,tests/presets/record,tests/presets/record.c,\
	userspace/libsono/libsono.a userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lconfig -luring -lz))

$(eval $(call check,presets,$(O)/userspace/tools/sono $(O)/tests/presets/record,\
	tests/presets/presets process,600))

$(foreach k,6.12 7.3,$(eval $(call check,presets-$(k),\
	$(O)/userspace/tools/sono $(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/$(k)/kernel/sono.ko,tests/presets/presets $(k),400)))
$(foreach k,6.12 7.3,$(eval $(call soak,presets-$(k),\
	$(O)/userspace/tools/sono $(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/$(k)/kernel/sono.ko,env SONO_ALL=1 tests/presets/presets $(k),900)))
