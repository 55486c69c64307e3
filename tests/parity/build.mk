# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Driver and process give the same bytes and pictures.

$(foreach k,6.12 7.3,$(eval $(call check,parity-$(k),\
	$(O)/userspace/tools/sono $(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/$(k)/kernel/sono.ko,tests/parity/parity $(k),240)))
