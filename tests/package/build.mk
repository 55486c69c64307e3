# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Debian packages: built, judged by lintian, installed, used and purged.

$(eval $(call check,package,$(O)/fpga-sim/sono-sim $(O)/tests/vm/init \
	$(O)/userspace/tools/sono,tests/package/package,900))
