# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Recording: as fast as the disk, and what is left when the machine dies.

$(eval $(call check,record-fast,$(O)/userspace/tools/sono,tests/record/fast,240))

# $(call record-killed,check or soak,KERNEL)
define record-killed
$(call $(1),record-killed-$(2),$(O)/userspace/tools/sono $(O)/fpga-sim/sono-sim \
	$(O)/tests/vm/init $(O)/$(2)/kernel/sono.ko,tests/record/killed $(2),240)
endef
$(eval $(call record-killed,check,7.3))
$(eval $(call record-killed,soak,6.12))
