# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Frames that wait for the R wave, in process and through the driver.

$(eval $(call test-program,tests/trigger/trigger,tests/trigger/trigger.c, \
	userspace/libsono/libsono.a userspace/dsp/libdsp.a fpga-sim/libsim.a \
	-lconfig -ljansson -luring -lz -lm -pthread))

TRIGGER := $(O)/tests/trigger/trigger
$(eval $(call check,trigger,$(TRIGGER),\
	$(TRIGGER) sim:heart$(comma)rate=70 70,60))

# $(call trigger-vm,check or soak,KERNEL)
define trigger-vm
$(call $(1),trigger-$(2),$(TRIGGER) $(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/$(2)/kernel/sono.ko,\
	tests/vm/run -k $(2) -m sono -r 1024 -t 150 -o trigger-$(2) \
	-b '--scene=heart --heart-rate=70' -f $(TRIGGER) -f tests/trigger -- \
	$(TRIGGER) /dev/sono0 70,180)
endef
$(eval $(call trigger-vm,check,6.12))
$(eval $(call trigger-vm,soak,7.3))
