# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Recording: as fast as the disk, and what is left when the machine dies.

$(eval $(call check,record-fast,$(O)/userspace/tools/sono,tests/record/fast,240))

$(foreach k,6.12 7.3,$(eval $(call check,record-killed-$(k),\
	$(O)/userspace/tools/sono $(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/$(k)/kernel/sono.ko,tests/record/killed $(k),240)))
