# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Debian packages: built, judged by lintian, installed, used and purged.

$(eval $(call check,package,$(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/userspace/tools/sono,tests/package/package,900))

# And by dpkg in a guest, with DKMS at work there: emulated, it takes minutes.
ifeq ($(O),build)
$(foreach k,$(KERNELS),$(eval $(call soak,vm-package-$(k),$(O)/fpga-sim/sono-sim \
	$(O)/tests/vm/init $(O)/tests/diag/clock $(O)/userspace/tools/sono,tests/package/vm $(k),1800)))
endif
