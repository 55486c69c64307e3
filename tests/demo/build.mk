# SPDX-License-Identifier: MIT
# make demo: frames through the driver in a guest, then the same in process.

demo: $(O)/userspace/tools/sono $(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/$(or $(SONO_KERNEL),6.12)/kernel/sono.ko $(O)/tests/kselftest/sono_drv
	tests/demo/demo
