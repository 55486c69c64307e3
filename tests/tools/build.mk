# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The commands from outside.

$(eval $(call check,tools,$(O)/userspace/tools/sono $(O)/fpga-sim/sono-image,tests/tools/sono,120))
