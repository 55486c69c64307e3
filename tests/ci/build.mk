# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The page for those whose CI has an emulated board.

$(eval $(call check,ci-commands,$(O)/userspace/tools/sono $(O)/fpga-sim/sono-sim \
	$(O)/tests/vm/init $(O)/7.3/kernel/sono.ko,tests/ci/commands,120))
